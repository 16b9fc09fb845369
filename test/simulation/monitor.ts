import type { DisasterRecoveryPolicy, OperationStatus } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import type { Round } from '../../operator/failover/observation.ts';
import { dataLoss } from '../aws/world/data-loss.ts';
import type { World } from '../aws/world/world.ts';
import type { Evidence } from './call-hooks.ts';
import { checkAutomatic } from './check-automatic.ts';
import { checkTruth } from './check-ending.ts';
import { checkLiveness, type Loss } from './check-liveness.ts';
import { OperationChecks, removedRequests } from './check-operations.ts';
import { PublicationChecks } from './check-publication.ts';
import { Ledger } from './ledger.ts';
import { ACCOUNT, GLOBAL_CLUSTER, POLICY } from './policy-of.ts';
import type { Replicas } from './replicas.ts';
import { isIncident, troubleEnd, type Scenario, type ScenarioEvent } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedApiServer, Write } from './simulated-api-server.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { Tally } from './statistics.ts';
import { describeWrite } from './story.ts';
import type { Invariant, Violation } from './violation.ts';

/** What an automatic failover lost in truth, and what was said of it before; milliseconds. */
export interface LossFigure {
  readonly trueLoss: number;
  readonly estimate: number;
  readonly worstCase: number;
  /** False: the primary was missed while it lived, and may have gone on writing; no figure of before can cover that. */
  readonly isRegionLost: boolean;
}

/** What one run of one scenario came to. */
export interface Report {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly isIncident: boolean;
  readonly steps: number;
  readonly simulatedMilliseconds: number;
  /** Faults that were injected, by kind. */
  readonly faults: Tally;
  /** Verdicts, answers and ends, by what status said. */
  readonly branches: Tally;
  readonly losses: readonly LossFigure[];
}

export interface MonitorProps {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly world: World;
  readonly server: SimulatedApiServer;
  readonly process: (name: string) => SimulatedProcess | undefined;
  readonly onLine: ((line: string) => void) | undefined;
}

const PERSON = 'person';
/** Between a process's clock and the true time, twice, milliseconds. */
const CLOCK_SKEW = 1_000;

/** Watches everything from outside, after every step: holds it against the invariants, counts, and tells the story. */
export class Monitor {
  readonly #props: MonitorProps;
  readonly #ledger: Ledger;
  readonly #operations: OperationChecks;
  readonly #publication: PublicationChecks;
  readonly #faults = new Tally();
  readonly #branches = new Tally();
  readonly #active = new Set<ScenarioEvent>();
  #violation: Violation | undefined;
  #loss: Loss | undefined;
  #createdAt = 0;
  /** When the policy first had a primary on record. */
  #observedAt = 0;
  #call: { readonly operation: OperationStatus; readonly known: number } | undefined;

  constructor(props: MonitorProps) {
    this.#props = props;
    this.#ledger = new Ledger(props.scheduler);
    this.#operations = new OperationChecks(props.world, this.#accuse);
    this.#publication = new PublicationChecks(this.#accuse);
  }

  tell(who: string, what: string): void {
    const { onLine, scheduler } = this.#props;
    onLine?.(`${(scheduler.time / 1000).toFixed(3).padStart(9)} s  ${who.padEnd(18)} ${what}`);
  }

  onWrite(write: Write): void {
    const { type, by, before, after } = write;
    if (type.kind === 'DisasterRecoveryPolicy') {
      this.#onPolicy(by, before as DisasterRecoveryPolicy | undefined, after as DisasterRecoveryPolicy | undefined);
    } else if ((type.kind === 'Service' || type.kind === 'ConfigMap') && after !== undefined && by !== PERSON) {
      this.#publication.onPublished(after);
    }
    if (this.#props.onLine !== undefined) {
      const line = describeWrite(write);
      if (line !== undefined) this.tell(by, line);
    }
  }

  onEvent(event: ScenarioEvent, phase: 'begin' | 'end'): void {
    const { kind } = event.action;
    if (phase === 'end') {
      this.#active.delete(event);
      if (kind === 'loseRegion' && this.#loss !== undefined) this.#loss.endedAt ??= this.#props.scheduler.time;
    } else {
      this.#faults.add(kind);
      if (kind === 'loseRegion') this.#noteLoss(event);
      if (event.until !== undefined) this.#active.add(event);
    }
    this.tell('—', `${phase === 'begin' ? '▶' : '■'} ${JSON.stringify(event.action)}`);
  }

  onEvidence(process: SimulatedProcess, evidence: Evidence, sentAt: number): void {
    this.#ledger.note(process, evidence, sentAt);
  }

  onRoleChange(process: SimulatedProcess, action: string, region: string, targetArn: string): void {
    this.tell(process.name, `AWS in ${region} takes up ${action} to ${targetArn.split(':')[3] ?? ''}`);
    const operation = this.#operations.onCall(action, targetArn, this.#policy());
    this.#call = operation && { operation, known: this.#props.world.operations.length };
  }

  /** AWS has carried out, or refused, what it took up. */
  onServed(): void {
    const call = this.#call;
    if (call === undefined) return;
    this.#call = undefined;
    const roleChange = this.#props.world.operations[call.known];
    this.#branches.add(`AWS ${roleChange === undefined ? 'refuses' : 'begins'} ${call.operation.type}`);
    if (roleChange !== undefined) this.#operations.noteEffect(call.operation, roleChange);
  }

  onRound(process: SimulatedProcess, round: Round): void {
    this.#ledger.noteRound(process, round);
    this.#branches.add('rounds');
  }

  onLog(process: SimulatedProcess, level: string, fields: unknown, message: string): void {
    if (level === 'error') this.#branches.add(`log: ${message.slice(0, 60).replaceAll(/[\d-]{3,}\w*/g, '#')}`);
    if (this.#props.onLine !== undefined && level !== 'debug') this.tell(process.name, `${level}: ${message}`);
    if (level === 'fatal') this.#accuse('truth', `${message}: ${JSON.stringify(fields)}`);
  }

  finish(replicas: Replicas): Report {
    const { scenario, scheduler } = this.#props;
    if (this.#violation === undefined) this.#checkEnding(replicas);
    return {
      seed: scenario.seed,
      violation: this.#violation,
      isIncident: scenario.events.some(({ action }) => isIncident(action)),
      steps: scheduler.steps,
      simulatedMilliseconds: scheduler.time,
      faults: this.#faults,
      branches: this.#branches,
      losses: this.#losses(),
    };
  }

  readonly #accuse = (invariant: Invariant, message: string): void => {
    this.tell('VIOLATION', `${invariant}: ${message}`);
    this.#violation ??= { invariant, message, at: this.#props.scheduler.time };
    this.#props.scheduler.stop();
  };

  #policy(): DisasterRecoveryPolicy | undefined {
    return this.#props.server.find(DISASTER_RECOVERY_POLICY, POLICY) as DisasterRecoveryPolicy | undefined;
  }

  #onPolicy(by: string, before: DisasterRecoveryPolicy | undefined, after: DisasterRecoveryPolicy | undefined): void {
    if (before?.status?.primaryRegion === undefined) this.#observedAt = this.#props.scheduler.time;
    if (before === undefined) this.#createdAt = this.#props.scheduler.time;
    if (after === undefined) this.#operations.forget();
    if (after === undefined || before === undefined) return;
    if (by === PERSON) {
      if (after.metadata.annotations !== before.metadata.annotations) this.#operations.onRequest(before, after);
      return;
    }
    const removed = removedRequests(before, after);
    if (removed.length > 0) this.#operations.onAnnotationsRemoved(before, removed);
    if (before.status === after.status) return;
    this.#countBranches(before, after);
    this.#operations.onStatus(before, after);
    this.#publication.onStatus(before.status, after.status);
    if (this.#props.scenario.seed % 16 === 0) this.#operations.checkSchema(after);
    const operation = after.status?.operation;
    if (operation?.trigger === 'Automatic' && operation.id !== before.status?.operation?.id) {
      checkAutomatic({
        operation,
        policy: before,
        processName: by,
        wallOffset: this.#props.process(by)?.wallOffset ?? 0,
        ledger: this.#ledger,
        world: this.#props.world,
        accuse: this.#accuse,
      });
    }
  }

  #countBranches({ status: was }: DisasterRecoveryPolicy, { status: is }: DisasterRecoveryPolicy): void {
    for (const { type, status, reason } of is?.conditions ?? []) {
      this.#loss?.reasons.add(reason);
      const known = was?.conditions?.find((condition) => condition.type === type);
      if (known?.reason !== reason || known.status !== status) this.#branches.add(`${type}=${status} ${reason}`);
    }
    const [operation, newest, request] = [is?.operation, is?.history?.[0], is?.lastRequest];
    if (operation !== undefined && operation.step !== was?.operation?.step)
      this.#branches.add(`step ${operation.step}`);
    if (newest !== undefined && newest.id !== was?.history?.[0]?.id) {
      this.#branches.add(`${newest.trigger} ${newest.type} ${newest.outcome} ${newest.reason ?? ''}`);
    }
    if (request !== undefined && request.observedAt !== was?.lastRequest?.observedAt) {
      this.#branches.add(`request ${request.action} ${request.result} ${request.reason ?? ''}`);
    }
  }

  /** Called before the region is gone. */
  #noteLoss({ action }: ScenarioEvent): void {
    const { world, scheduler } = this.#props;
    const globalCluster = world.globalClusters.get(`${ACCOUNT}/${GLOBAL_CLUSTER}`);
    const writer = globalCluster && world.writerOf(globalCluster);
    if (action.kind !== 'loseRegion' || writer === undefined || !world.isAlive(writer.region)) return;
    this.#loss = {
      region: writer.region,
      at: scheduler.time,
      policy: this.#policy(),
      endedAt: undefined,
      reasons: new Set(),
      isDisturbed: this.#active.size > 0 || globalCluster?.operation !== undefined,
    };
  }

  #checkEnding(replicas: Replicas): void {
    const { scenario, world, server, scheduler } = this.#props;
    const policy = this.#policy();
    if (policy === undefined) return;
    const quietSince = scenario.warmUp + troubleEnd(scenario);
    const shared = { scenario, world, policy, now: scheduler.time, accuse: this.#accuse };
    checkTruth({
      ...shared,
      server,
      createdAt: this.#createdAt,
      observedAt: this.#observedAt,
      quietSince,
      crashes: replicas.crashes,
    });
    this.#operations.checkSchema(policy);
    this.#checkLosses();
    if (this.#loss !== undefined) {
      checkLiveness({ ...shared, loss: this.#loss, count: (name) => this.#branches.add(name) });
    }
  }

  /** What is lost with a region is never more than was said to be the worst case. */
  #checkLosses(): void {
    const isClockRight = this.#props.scenario.events.every(({ action }) => action.kind !== 'clockJump');
    for (const { trueLoss, worstCase, isRegionLost } of isClockRight ? this.#losses() : []) {
      if (isRegionLost && trueLoss > worstCase + CLOCK_SKEW) {
        this.#accuse('known-loss', `${trueLoss} ms were lost, ${worstCase} ms were said to be the worst case`);
      }
    }
  }

  #losses(): LossFigure[] {
    return this.#operations.effects.flatMap(({ operation, roleChange, lostAt }) => {
      if (operation.trigger !== 'Automatic' || roleChange.replicatedTo === undefined) return [];
      const { milliseconds } = dataLoss(roleChange);
      const { estimatedDataLossMilliseconds: estimate, worstCaseDataLossMilliseconds: worstCase } = operation;
      return milliseconds === undefined || estimate === undefined || worstCase === undefined
        ? []
        : [{ trueLoss: milliseconds, estimate, worstCase, isRegionLost: lostAt === roleChange.lastWriteAt }];
    });
  }
}
