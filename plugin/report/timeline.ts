import { describeDecision, describeVerdict } from '../../operator/decision-story.ts';
import type { LastRequest } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { verdictKey, type Decision } from '../../operator/failover/decision.ts';
import type { PolicyEvent } from '../views/policy-event.ts';
import { roundsOf } from './decision-lanes.ts';
import type { ReportedOperation } from './incident.ts';
import type { Milestone } from './milestones.ts';

/** Where an entry is from. */
export type TimelineSource = 'status' | 'event' | 'decision log';

/** One thing that happened. */
export interface TimelineEntry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly source: TimelineSource;
  readonly what: string;
  readonly isMilestone: boolean;
}

export interface TimelineProps {
  readonly operation: ReportedOperation;
  readonly milestones: readonly Milestone[];
  readonly decisions: readonly Decision[];
  readonly events: readonly PolicyEvent[];
  readonly lastRequest: LastRequest | undefined;
  readonly span: { readonly from: number; readonly to: number };
}

const entry = (at: number, source: TimelineSource, what: string, isMilestone = false): TimelineEntry => ({
  at,
  source,
  what,
  isMilestone,
});

/** Changes of a signal's state from one round of the log to the next. */
function signalChanges(decisions: readonly Decision[]): TimelineEntry[] {
  const rounds = roundsOf(decisions);
  return rounds.slice(1).flatMap(({ now, result }, index) => {
    const before = rounds[index]?.result.signals ?? [];
    return result.signals.flatMap(({ name, state, message }) => {
      const known = before.find((signal) => signal.name === name)?.state;
      return known === undefined || known === state
        ? []
        : [entry(now, 'decision log', `signal ${name}: ${known} → ${state}: ${message}`)];
    });
  });
}

/** Verdicts that say something else than the one before, answers to people, and what was done. */
function decided(decisions: readonly Decision[]): TimelineEntry[] {
  let verdict = 'Calm';
  return decisions.flatMap((decision) => {
    switch (decision.kind) {
      case 'Round':
      case 'Verdict': {
        const key = verdictKey(decision.verdict);
        const isNews = key !== verdict;
        verdict = key;
        return isNews ? [entry(decision.now, 'decision log', `verdict: ${describeVerdict(decision.verdict)}`)] : [];
      }
      case 'Force':
      case 'Failback':
      case 'DrillStart':
      case 'DrillStep':
      case 'Note':
        return [entry(decision.now, 'decision log', describeDecision(decision))];
      case 'Follow':
        return decision.action.kind === 'Wait' || decision.action.kind === 'Call'
          ? []
          : [entry(decision.now, 'decision log', describeDecision(decision))];
    }
  });
}

/** What the milestones tell already. */
const TOLD: readonly RegExp[] = [/^(Failover|Switchover)(Started|Completed)$/];

function recorded({ events, span }: TimelineProps): TimelineEntry[] {
  return events
    .filter(({ reason }) => !TOLD.some((pattern) => pattern.test(reason)))
    .map(({ firstAt, reason, note, count }) =>
      entry(Date.parse(firstAt), 'event', `${reason}: ${note}${count > 1 ? ` (${count} times)` : ''}`),
    )
    .filter(({ at }) => at >= span.from && at <= span.to);
}

function requested({ operation, lastRequest }: TimelineProps): TimelineEntry[] {
  if (lastRequest?.operationId !== operation.id) {
    return [];
  }
  const { observedAt, action, value = '', acceptDataLoss } = lastRequest;
  const loss = acceptDataLoss === true ? ', the loss of data accepted' : '';
  return [entry(Date.parse(observedAt), 'status', `a person asks: ${action}=${value}${loss}`)];
}

/** Everything that is known to have happened, in order. */
export function timelineOf(props: TimelineProps): readonly TimelineEntry[] {
  const { milestones, decisions } = props;
  return [
    ...milestones.map(({ at, text }) => entry(at, 'status', text, true)),
    ...requested(props),
    ...signalChanges(decisions),
    ...decided(decisions),
    ...recorded(props),
  ].toSorted((one, other) => one.at - other.at);
}
