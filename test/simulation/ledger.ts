import type { DBCluster, GlobalCluster } from '@aws-sdk/client-rds';
import type { Round } from '../../operator/failover/observation.ts';
import type { Evidence } from './call-hooks.ts';
import { EPOCH, type Scheduler } from './scheduler.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** However rarely policies look, the operator takes no walk of RDS older than this for a round that starts, milliseconds. */
export const OLDEST_WALK = 5_000;

/** One answer that reached a process. Times in milliseconds since the simulation began. */
export interface Receipt {
  readonly sentAt: number;
  readonly at: number;
  readonly evidence: Evidence;
}

/** One figure of a secondary's lag; times in milliseconds since the Unix epoch. */
export interface LagFigure {
  /** Of when it tells, by the clock of the process that asked: a reader says how old it is, and not when it was computed. */
  readonly end: number;
  readonly lag: number;
  readonly heardAt: number;
  readonly heardBy: string;
}

/** One round that a process completed. */
export interface RoundSpan {
  readonly from: number;
  readonly to: number;
}

/** What a process has of a policy since it began to look after it. */
interface Watch {
  readonly from: number;
  /** The number of its newest round. */
  sequence: number;
}

interface Account {
  readonly receipts: Receipt[];
  /** By policy. */
  readonly rounds: Map<string, RoundSpan[]>;
  /** By policy. */
  readonly watches: Map<string, Watch>;
  /** By policy: when the newest round ended that was complete as the process wrote status last. */
  readonly written: Map<string, number>;
  /** Of the process's wall clock, at the end of the last round. */
  wallOffset: number;
}

const KEPT = 600;

/**
 * What each process was told by the outside, noted at the network and not by the operator's own observers: what an
 * automatic decision is held against.
 */
export class Ledger {
  readonly #scheduler: Scheduler;
  readonly #accounts = new Map<string, Account>();
  /** By Kubernetes cluster, which persists it, and ARN: the engine versions that its RDS answered, newest last. */
  readonly #engineVersions = new Map<number, Map<string, { readonly at: number; readonly version: string }[]>>();
  /** By Kubernetes cluster and secondary: what its reader told of its lag, newest last. */
  readonly #lag = new Map<string, LagFigure[]>();
  readonly #siteOf: (process: SimulatedProcess) => number;

  constructor(scheduler: Scheduler, site: (process: SimulatedProcess) => number) {
    this.#scheduler = scheduler;
    this.#siteOf = site;
  }

  /** What the operators of the process's Kubernetes cluster were told of a cluster's engine, as it was at a time or later. */
  engineVersions(process: SimulatedProcess, arn: string | undefined, since = Infinity): readonly string[] {
    const told = this.#engineVersions.get(this.#siteOf(process))?.get(arn ?? '') ?? [];
    const present = told.findLastIndex(({ at }) => at <= since);
    return told.slice(Math.max(0, present)).map(({ version }) => version);
  }

  /**
   * What a process knows of what a secondary's reader told, oldest first: what it was told itself since it looks after the
   * policy, and what was told before that, or to another process of its Kubernetes cluster, which wrote status since.
   */
  lagFigures(process: SimulatedProcess, key: string, region: string, cluster: string): readonly LagFigure[] {
    const figures = this.#lag.get(`${this.#siteOf(process)} ${region} ${cluster}`) ?? [];
    const from = EPOCH + (this.#accounts.get(process.name)?.watches.get(key)?.from ?? Infinity);
    return figures.filter(({ heardAt, heardBy }) => {
      const written = this.#accounts.get(heardBy)?.written.get(key) ?? -Infinity;
      return heardAt <= EPOCH + written || (heardBy === process.name && heardAt >= from);
    });
  }

  note(process: SimulatedProcess, evidence: Evidence, sentAt: number): void {
    if (evidence.kind === 'lag') this.#noteLag(process, evidence);
    const { receipts } = this.#accountOf(process.name, process.wallOffset);
    receipts.push({ sentAt, at: this.#scheduler.time, evidence });
    if (receipts.length > KEPT) receipts.splice(0, KEPT / 2);
    const clusters = clustersIn(evidence);
    if (clusters.length === 0) return;
    const site = this.#siteOf(process);
    for (const { DBClusterArn: arn, EngineVersion: version } of clusters) {
      if (arn !== undefined && version !== undefined) this.#noteVersion(site, arn, version);
    }
  }

  #noteLag(process: SimulatedProcess, evidence: Extract<Evidence, { kind: 'lag' }>): void {
    const key = `${this.#siteOf(process)} ${evidence.region} ${evidence.cluster}`;
    const figures = this.#lag.get(key) ?? [];
    this.#lag.set(key, figures);
    figures.push({
      end: evidence.at + process.wallOffset,
      lag: evidence.lagMilliseconds,
      heardAt: this.#scheduler.now(),
      heardBy: process.name,
    });
  }

  #noteVersion(site: number, arn: string, version: string): void {
    let own = this.#engineVersions.get(site);
    if (own === undefined) {
      own = new Map();
      this.#engineVersions.set(site, own);
    }
    let told = own.get(arn);
    if (told === undefined) {
      told = [];
      own.set(arn, told);
    }
    if (told.at(-1)?.version !== version) told.push({ at: this.#scheduler.time, version });
  }

  noteRound(process: SimulatedProcess, key: string, { startedAt, completedAt, sequence }: Round): void {
    const to = this.#scheduler.time;
    const account = this.#accountOf(process.name, process.wallOffset);
    const rounds = account.rounds.get(key) ?? [];
    account.rounds.set(key, rounds);
    // A clock that has jumped meanwhile does not tell how long a round took: it began after the one before, at least.
    const hasJumped = account.wallOffset !== process.wallOffset;
    account.wallOffset = process.wallOffset;
    const from = hasJumped ? (rounds.at(-1)?.to ?? 0) : to - Math.max(0, completedAt - startedAt);
    rounds.push({ from, to });
    if (rounds.length > KEPT) rounds.splice(0, KEPT / 2);
    const watch = account.watches.get(key);
    // Who begins anew has nothing of what it saw before, and numbers its rounds from one again.
    if (watch === undefined || sequence <= watch.sequence) account.watches.set(key, { from, sequence });
    else watch.sequence = sequence;
  }

  /** A process has written a policy's status, which tells what its rounds showed. */
  noteStatus(processName: string, key: string): void {
    const account = this.#accounts.get(processName);
    const newest = account?.rounds.get(key)?.at(-1);
    if (newest !== undefined) account?.written.set(key, newest.to);
  }

  /** The newest rounds of a policy in a process, oldest first. */
  rounds(processName: string, key: string, count: number): readonly RoundSpan[] {
    return this.#accountOf(processName).rounds.get(key)?.slice(-count) ?? [];
  }

  /** Answers that were asked for within the span and came before its end, newest last. */
  receipts(processName: string, { from, to }: RoundSpan): readonly Receipt[] {
    return this.#accountOf(processName).receipts.filter((receipt) => receipt.sentAt >= from && receipt.at <= to);
  }

  #accountOf(name: string, wallOffset = 0): Account {
    const known = this.#accounts.get(name);
    if (known !== undefined) return known;
    const account: Account = { receipts: [], rounds: new Map(), watches: new Map(), written: new Map(), wallOffset };
    this.#accounts.set(name, account);
    return account;
  }
}

function clustersIn(evidence: Evidence): readonly DBCluster[] {
  if (evidence.kind !== 'aws' || evidence.action !== 'DescribeDBClusters') return [];
  return (evidence.output?.['DBClusters'] as DBCluster[] | undefined) ?? [];
}

/** The DB cluster of this name in an answer, if it describes it. */
export function clusterIn(evidence: Evidence, identifier: string): DBCluster | undefined {
  return clustersIn(evidence).find((cluster) => cluster.DBClusterIdentifier === identifier);
}

/** The global cluster of this name in an answer, if it describes it. */
export function globalClusterIn(evidence: Evidence, identifier: string): GlobalCluster | undefined {
  if (evidence.kind !== 'aws' || evidence.action !== 'DescribeGlobalClusters') return undefined;
  const found = evidence.output?.['GlobalClusters'] as GlobalCluster[] | undefined;
  return found?.find((globalCluster) => globalCluster.GlobalClusterIdentifier === identifier);
}
