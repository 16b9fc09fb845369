import type { DBCluster, GlobalCluster } from '@aws-sdk/client-rds';
import type { Round } from '../../operator/failover/observation.ts';
import type { Evidence } from './call-hooks.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** One answer that reached a process. Times in milliseconds since the simulation began. */
export interface Receipt {
  readonly sentAt: number;
  readonly at: number;
  readonly evidence: Evidence;
}

/** One round that a process completed. */
export interface RoundSpan {
  readonly from: number;
  readonly to: number;
}

interface Account {
  readonly receipts: Receipt[];
  readonly rounds: RoundSpan[];
}

const KEPT = 600;

/**
 * What each process was told by the outside, noted at the network and not by the operator's own observers: what an
 * automatic decision is held against.
 */
export class Ledger {
  readonly #scheduler: Scheduler;
  readonly #accounts = new Map<string, Account>();
  /** By region: the engine version that its RDS answered last, to anybody. */
  readonly engineVersions = new Map<string, string>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  note(process: SimulatedProcess, evidence: Evidence, sentAt: number): void {
    const { receipts } = this.#accountOf(process.name);
    receipts.push({ sentAt, at: this.#scheduler.time, evidence });
    if (receipts.length > KEPT) receipts.splice(0, KEPT / 2);
    const version = clusterIn(evidence)?.EngineVersion;
    if (evidence.kind === 'aws' && version !== undefined) this.engineVersions.set(evidence.region, version);
  }

  noteRound(process: SimulatedProcess, { startedAt, completedAt }: Round): void {
    const to = this.#scheduler.time;
    const { rounds } = this.#accountOf(process.name);
    rounds.push({ from: to - Math.max(0, completedAt - startedAt), to });
    if (rounds.length > KEPT) rounds.splice(0, KEPT / 2);
  }

  /** The newest rounds of a process, oldest first. */
  rounds(processName: string, count: number): readonly RoundSpan[] {
    return this.#accountOf(processName).rounds.slice(-count);
  }

  /** Answers that were asked for within the span and came before its end, newest last. */
  receipts(processName: string, { from, to }: RoundSpan): readonly Receipt[] {
    return this.#accountOf(processName).receipts.filter((receipt) => receipt.sentAt >= from && receipt.at <= to);
  }

  #accountOf(name: string): Account {
    const account = this.#accounts.get(name) ?? { receipts: [], rounds: [] };
    this.#accounts.set(name, account);
    return account;
  }
}

/** The DB cluster in an answer, if it describes one. */
export function clusterIn(evidence: Evidence): DBCluster | undefined {
  if (evidence.kind !== 'aws' || evidence.action !== 'DescribeDBClusters') return undefined;
  return (evidence.output?.['DBClusters'] as DBCluster[] | undefined)?.[0];
}

/** The global cluster in an answer, if it describes one. */
export function globalClusterIn(evidence: Evidence): GlobalCluster | undefined {
  if (evidence.kind !== 'aws' || evidence.action !== 'DescribeGlobalClusters') return undefined;
  return (evidence.output?.['GlobalClusters'] as GlobalCluster[] | undefined)?.[0];
}
