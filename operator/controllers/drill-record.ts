import type { DrillMode, HistoryEntry } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { boundedText } from '../api/v1alpha1/bounded-text.ts';
import { defined } from '../failover/defined.ts';
import type { Drill, DrillAction, EndedOperation, LastDrill, Simulation } from '../failover/drill.ts';
import type { Instant } from '../failover/observation.ts';
import type { PolicyRecord } from './policy-record.ts';
import type { RecordChanges } from './policy-turn.ts';
import { historyEntry, wholeMilliseconds } from './status-codec.ts';
import { withHistory } from './finish-operation.ts';

/** What a drill is counted from: the last success stays known through failures. */
function withSuccess(record: PolicyRecord, drill: Omit<LastDrill, 'lastSucceededAt'>): LastDrill {
  const lastSucceededAt = drill.result === 'Succeeded' ? drill.completedAt : record.lastDrill?.lastSucceededAt;
  return defined({ ...drill, lastSucceededAt });
}

export interface SimulatedDrill {
  readonly id: string;
  readonly simulation: Simulation;
  readonly from: string;
  readonly scheduledFor?: Instant;
  readonly now: Instant;
}

/** What a simulation found, in words. */
export function simulationMessage({ checks, target, ...loss }: Simulation): string {
  const failed = checks.filter(({ passed }) => !passed);
  if (failed.length > 0) {
    return `a failover would not work now: ${failed.map(({ message }) => message).join('; ')}`;
  }
  const { estimatedDataLossMilliseconds: estimated = '?', worstCaseDataLossMilliseconds: worst = '?' } = loss;
  const note = checks.find(({ name }) => name === 'Automation')?.message ?? '';
  return `a failover would go to ${target ?? ''}, with an estimated loss of ${estimated} ms, at worst ${worst} ms; ${note}`;
}

function simulationEntry(drill: LastDrill, { simulation, now }: SimulatedDrill): HistoryEntry {
  return historyEntry(
    defined({
      id: drill.id,
      type: 'Simulation' as const,
      trigger: 'Drill' as const,
      from: drill.from ?? '',
      to: drill.to ?? '',
      outcome: drill.result === 'Succeeded' ? ('Succeeded' as const) : ('Failed' as const),
      reason: drill.reason,
      startedAt: now,
      completedAt: now,
      automatic: drill.scheduledFor === undefined ? undefined : true,
      estimatedDataLossMilliseconds: wholeMilliseconds(simulation.estimatedDataLossMilliseconds),
      worstCaseDataLossMilliseconds: wholeMilliseconds(simulation.worstCaseDataLossMilliseconds),
      message: boundedText(drill.message),
    }),
  );
}

/** What changes in the record when a simulation has been made. */
export function simulationChanges(
  record: PolicyRecord,
  simulated: SimulatedDrill,
): RecordChanges & { readonly lastDrill: LastDrill } {
  const { id, simulation, from, scheduledFor, now } = simulated;
  const hasPassed = simulation.checks.every(({ passed }) => passed);
  const lastDrill = withSuccess(
    record,
    defined({
      id,
      mode: 'Simulate' as const,
      result: hasPassed ? ('Succeeded' as const) : ('Failed' as const),
      reason: hasPassed ? 'Succeeded' : 'NotReady',
      scheduledFor,
      startedAt: now,
      completedAt: now,
      from,
      to: simulation.target,
      message: simulationMessage(simulation),
      checks: simulation.checks,
    }),
  );
  // Rehearsals that come every day must not push what really happened out of the history: the newest stands for all.
  const roleChanges = record.history.filter(({ type }) => type !== 'Simulation');
  const entry = simulationEntry(lastDrill, simulated);
  return { lastDrill, history: withHistory({ ...record, history: roleChanges }, entry) };
}

/** What changes in the record when a drill by switchover has ended. */
export function drillEndChanges(
  record: PolicyRecord,
  drill: Drill,
  { result, reason, message, backMilliseconds }: Extract<DrillAction, { readonly kind: 'Finish' }>,
  now: Instant,
): RecordChanges & { readonly lastDrill: LastDrill } {
  const { id, home, away, startedAt, scheduledFor, thereMilliseconds } = drill;
  const lastDrill = withSuccess(
    record,
    defined({
      id,
      mode: 'Switchover' as const,
      result,
      reason,
      message,
      scheduledFor,
      startedAt,
      completedAt: now,
      from: home,
      to: away,
      thereMilliseconds,
      backMilliseconds,
    }),
  );
  return { drill: undefined, lastDrill };
}

export interface MissedDrill {
  readonly id: string;
  readonly mode: DrillMode;
  readonly scheduledFor: Instant;
  readonly why: string;
  readonly now: Instant;
}

/** What changes in the record when a scheduled drill could not start in time. */
export function missedChanges(
  record: PolicyRecord,
  missed: MissedDrill,
): RecordChanges & { readonly lastDrill: LastDrill } {
  const { id, mode, scheduledFor, why, now } = missed;
  const message = `it was due at ${new Date(scheduledFor).toISOString()} and could not start in time: ${why}`;
  return {
    lastDrill: withSuccess(record, {
      id,
      mode,
      result: 'Missed',
      reason: 'Missed',
      scheduledFor,
      completedAt: now,
      message,
    }),
  };
}

/** How the newest operation of a drill ended; undefined when the record has it no more. */
export function endedOperation(record: PolicyRecord, { operationId }: Drill): EndedOperation | undefined {
  const entry = record.history.find(({ id }) => id === operationId);
  return entry === undefined
    ? undefined
    : defined({
        outcome: entry.outcome,
        milliseconds: entry.recoveryTimeMilliseconds,
        message: entry.message,
      });
}
