import type { DisasterRecoveryPolicy, HistoryEntry } from './api/v1alpha1/disaster-recovery-policy.ts';
import type { FinishedSpan } from './observability/tracing.ts';
import { keyOf } from './runtime/resource.ts';

/** An operation that ended, as spans: the whole, and what it was made of. */
export interface OperationTrace {
  readonly span: FinishedSpan;
  readonly parts: readonly FinishedSpan[];
}

/** The trace of the operation whose end the newer object records first; undefined when none ended in between. */
export function endedOperation(
  before: DisasterRecoveryPolicy | undefined,
  now: DisasterRecoveryPolicy | undefined,
): OperationTrace | undefined {
  // What was there when this process began was told by the one that was there.
  if (before?.status === undefined || now === undefined) {
    return undefined;
  }
  const newest = newestOf(now);
  return newest === undefined || newest.type === 'Simulation' || isSame(newest, newestOf(before))
    ? undefined
    : traceOf(keyOf(now), newest);
}

const newestOf = ({ status }: DisasterRecoveryPolicy): HistoryEntry | undefined => status?.history?.[0];

/** A late success of what timed out is news. */
const isSame = (one: HistoryEntry, other: HistoryEntry | undefined): boolean =>
  one.id === other?.id && one.outcome === other.outcome;

const instant = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(time));

function traceOf(policy: string, entry: HistoryEntry): OperationTrace {
  const { id, type, trigger, from, to, outcome, reason, message } = entry;
  const started = Date.parse(entry.startedAt);
  const completed = Date.parse(entry.completedAt);
  const attributes = {
    'aurora_dr.policy': policy,
    'aurora_dr.operation.id': id,
    'aurora_dr.operation.type': type,
    'aurora_dr.operation.trigger': trigger,
    'aurora_dr.operation.from': from,
    'aurora_dr.operation.to': to,
    'aurora_dr.operation.outcome': outcome,
    'aurora_dr.operation.reason': reason,
    'aurora_dr.operation.estimated_data_loss_ms': entry.estimatedDataLossMilliseconds,
    'aurora_dr.operation.worst_case_data_loss_ms': entry.worstCaseDataLossMilliseconds,
  };
  const failure = outcome === 'Succeeded' ? {} : { failure: message ?? outcome };
  const start = Math.min(instant(entry.detectedAt) ?? started, started);
  return {
    span: { name: type.toLowerCase(), start, end: completed, attributes, ...failure },
    parts: partsOf([
      ['detect', instant(entry.detectedAt), started],
      ['promote', started, instant(entry.promotedAt)],
      ['publish', instant(entry.promotedAt), instant(entry.publishedAt)],
      ['confirm', instant(entry.publishedAt), completed],
    ]),
  };
}

/** Those of which both ends are known. */
function partsOf(
  parts: readonly (readonly [name: string, start: number | undefined, end: number | undefined])[],
): FinishedSpan[] {
  return parts.flatMap(([name, start, end]) =>
    start === undefined || end === undefined || end < start ? [] : [{ name, start, end, attributes: {} }],
  );
}
