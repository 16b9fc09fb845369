import { defined } from '../failover/defined.ts';
import {
  judgeDrillStart,
  nextDrillAction,
  simulateFailover,
  type Drill,
  type DrillAction,
  type LastDrill,
} from '../failover/drill.ts';
import { dueDrill, type ScheduleAction } from '../failover/drill-schedule.ts';
import { isTooOld } from '../failover/automatic.ts';
import { judgeFailback } from '../failover/failback.ts';
import type { Instant } from '../failover/observation.ts';
import { leadObstacle } from '../failover/planned-switchover.ts';
import { drillEndChanges, endedOperation, missedChanges, simulationChanges } from './drill-record.ts';
import { operationId } from './operation-id.ts';
import type { NewOperation, OperationRunner } from './operation-runner.ts';
import { drillFacts, failbackFacts } from './planned-facts.ts';
import type { PolicyTurn, RecordChanges } from './policy-turn.ts';

type Due = Extract<ScheduleAction, { readonly kind: 'Due' | 'Missed' }>;

/** What a drill by switchover is started with besides its operation. */
export interface DrillWish {
  readonly target: string;
  readonly scheduledFor?: Instant;
  readonly request?: NewOperation['request'];
  readonly changes?: RecordChanges;
}

/** A drill has ended: it is counted once, after its record is safe. */
async function conclude(turn: PolicyTurn, changes: RecordChanges & { readonly lastDrill: LastDrill }): Promise<void> {
  await turn.save(changes);
  turn.dependencies.metrics.countDrill(changes.lastDrill);
}

/** What the operator does by itself while nothing is lost: scheduled drills, the return of a drill, automatic failback. */
export class PlannedOperations {
  readonly #operations: OperationRunner;

  constructor(operations: OperationRunner) {
    this.#operations = operations;
  }

  /** Does the next thing that is due, if there is one. Only for a turn whose roles are settled and without operation. */
  async run(turn: PolicyTurn): Promise<void> {
    const { drill } = turn.record;
    if (drill !== undefined) {
      await this.#step(turn, drill);
    } else if (!(await this.#followSchedule(turn))) {
      await this.#failBack(turn);
    }
  }

  /** Starts a drill by switchover: the drill and its first operation go on record in one write, before AWS is called. */
  async startDrill(turn: PolicyTurn, { target, scheduledFor, request, changes }: DrillWish): Promise<void> {
    const { now } = turn;
    const id = operationId('drill', now, turn.dependencies.random);
    await this.#switchOver(turn, target, {
      trigger: 'Drill',
      isAutomatic: scheduledFor !== undefined,
      ...(request === undefined ? {} : { request }),
      alongside: (operation) => ({
        ...changes,
        drill: defined({
          id,
          home: turn.record.primaryRegion ?? '',
          away: target,
          leg: 'There' as const,
          startedAt: now,
          scheduledFor,
          operationId: operation,
        }),
      }),
    });
  }

  /** Makes a simulation and records it. */
  async simulate(turn: PolicyTurn, scheduledFor?: Instant, changes: RecordChanges = {}): Promise<LastDrill> {
    const found = this.simulated(turn, scheduledFor);
    await conclude(turn, { ...changes, ...found });
    return found.lastDrill;
  }

  /** What a simulation at this moment puts on record. */
  simulated(turn: PolicyTurn, scheduledFor?: Instant): ReturnType<typeof simulationChanges> {
    const { assessment, settings, record, now } = turn;
    const simulation = simulateFailover({ assessment, settings, facts: drillFacts(turn), now });
    const id = operationId('drill', now, turn.dependencies.random);
    const from = record.primaryRegion ?? assessment.topology.primaryRegion ?? '';
    return simulationChanges(record, defined({ id, simulation, from, scheduledFor, now }));
  }

  async #switchOver(turn: PolicyTurn, region: string, wish: Omit<NewOperation, 'type' | 'target'>): Promise<void> {
    const target = turn.assessment.regions.find((candidate) => candidate.region === region);
    if (target !== undefined) {
      await this.#operations.start(turn, { ...wish, type: 'Switchover', target });
    }
  }

  async #failBack(turn: PolicyTurn): Promise<void> {
    const { assessment, settings, session, now } = turn;
    if (settings.failback === undefined) {
      return;
    }
    const facts = failbackFacts(turn);
    const { stability } = session.memory;
    const verdict = judgeFailback(defined({ assessment, settings, facts, stability, now }));
    const decision = { kind: 'Failback' as const, facts, verdict };
    turn.dependencies.decisions?.planned(turn.policy, { assessment, settings, now }, decision);
    if (verdict.kind === 'SwitchBack') {
      await this.#switchOver(turn, verdict.target, { trigger: 'Failback', isAutomatic: true });
    }
  }

  async #step(turn: PolicyTurn, drill: Drill): Promise<void> {
    const { assessment, settings, record, now } = turn;
    const facts = drillFacts(turn);
    const judged = defined({ facts, drill, ended: endedOperation(record, drill) });
    const action = nextDrillAction({ ...judged, assessment, settings, now });
    const context = { assessment, settings, now };
    turn.dependencies.decisions?.planned(turn.policy, context, { kind: 'DrillStep', ...judged, action });
    await this.#take(turn, drill, action);
  }

  async #take(turn: PolicyTurn, drill: Drill, action: DrillAction): Promise<void> {
    const { now } = turn;
    switch (action.kind) {
      case 'Wait':
        return;
      case 'Arrive': {
        const { milliseconds: thereMilliseconds } = action;
        await turn.save({ drill: defined({ ...drill, leg: 'Away' as const, arrivedAt: now, thereMilliseconds }) });
        return;
      }
      case 'Retry':
        await turn.save({ drill: { ...drill, leg: 'Away', notBefore: action.notBefore } });
        return;
      case 'Return':
        await this.#return(turn, drill);
        return;
      case 'Finish':
        await conclude(turn, drillEndChanges(turn.record, drill, action, now));
    }
  }

  async #return(turn: PolicyTurn, drill: Drill): Promise<void> {
    await this.#switchOver(turn, drill.home, {
      trigger: 'Drill',
      isAutomatic: drill.scheduledFor !== undefined,
      alongside: (operation) => ({
        drill: defined({
          ...drill,
          leg: 'Back' as const,
          operationId: operation,
          returnAttempts: (drill.returnAttempts ?? 0) + 1,
          notBefore: undefined,
        }),
      }),
    });
  }

  /** @returns whether something was written */
  async #followSchedule(turn: PolicyTurn): Promise<boolean> {
    const { settings, record, now } = turn;
    const action = dueDrill(settings.drill?.schedule, record.nextDrill, now);
    switch (action.kind) {
      case 'None':
        return false;
      case 'Plan':
        await turn.save({ nextDrill: action.next });
        return true;
      case 'Due':
      case 'Missed':
        return this.#scheduled(turn, action);
    }
  }

  async #scheduled(turn: PolicyTurn, due: Due): Promise<boolean> {
    const { assessment, settings } = turn;
    const isSwitchover = settings.drill?.mode === 'Switchover';
    if (isSwitchover && leadObstacle(settings, assessment.topology.primaryRegion) !== undefined) {
      // Not this operator's drill: it is the other one's to make, or to miss.
      await turn.save({ nextDrill: due.next });
      return true;
    }
    const obstacle = this.#obstacle(turn);
    if (due.kind === 'Missed') {
      await this.#miss(turn, due, obstacle);
      return true;
    }
    if (obstacle !== undefined) {
      return false;
    }
    const { scheduledFor, next: nextDrill } = due;
    if (isSwitchover) {
      const target = assessment.target?.region ?? '';
      await this.startDrill(turn, { target, scheduledFor, changes: { nextDrill } });
    } else {
      await this.simulate(turn, scheduledFor, { nextDrill });
    }
    return true;
  }

  async #miss(turn: PolicyTurn, { scheduledFor, next: nextDrill }: Due, obstacle: string | undefined): Promise<void> {
    const { settings, record, now } = turn;
    const id = operationId('drill', now, turn.dependencies.random);
    // What was in the way is over by now, or nobody was there to see it.
    const why = obstacle ?? 'no operator led, or a loss or another role change was in the way until now';
    const mode = settings.drill?.mode ?? 'Simulate';
    await conclude(turn, { ...missedChanges(record, { id, mode, scheduledFor, why, now }), nextDrill });
  }

  /** Why a drill that is due does not start now; undefined when it may. */
  #obstacle(turn: PolicyTurn): string | undefined {
    const { assessment, settings, now } = turn;
    const question = { assessment, settings, facts: drillFacts(turn), now };
    if (settings.drill?.mode === 'Switchover') {
      const verdict = judgeDrillStart({ ...question, isScheduled: true });
      const { facts } = question;
      const decision = { kind: 'DrillStart' as const, facts, isScheduled: true, verdict };
      turn.dependencies.decisions?.planned(turn.policy, { assessment, settings, now }, decision);
      return verdict.kind === 'Start' ? undefined : verdict.obstacles.map(({ message }) => message).join('; ');
    }
    if (settings.isSuspended) {
      return 'spec.suspend is true';
    }
    if (isTooOld(assessment.round, settings, now)) {
      return 'the last round is too old';
    }
    // A simulation in the middle of something says nothing about calm times: it waits until they are back.
    const early = ['Roles', 'AtRest'];
    const unsettled = simulateFailover(question).checks.filter(({ name, passed }) => !passed && early.includes(name));
    return unsettled.length === 0 ? undefined : unsettled.map(({ message }) => message).join('; ');
  }
}
