import type { SignalName, SignalState } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { Decision, RoundDecision } from '../../operator/failover/decision.ts';

/** A time during which something was the same. */
export interface Span<T> {
  readonly from: number;
  readonly to: number;
  readonly value: T;
}

/** What one signal said over time. */
export interface SignalLane {
  readonly name: SignalName;
  readonly spans: readonly Span<SignalState>[];
}

interface Window {
  readonly from: number;
  readonly to: number;
}

/** The records of this object within a time, in order of time: a log may hold those of several processes. */
export function decisionsAround(
  decisions: readonly Decision[],
  uid: string,
  { from, to }: Window,
): readonly Decision[] {
  return decisions
    .filter((decision) => decision.uid === uid && decision.now >= from && decision.now <= to)
    .toSorted((one, other) => one.now - other.now);
}

export const roundsOf = (decisions: readonly Decision[]): readonly RoundDecision[] =>
  decisions.filter((decision) => decision.kind === 'Round');

function spansOf(
  points: readonly { readonly at: number; readonly value: SignalState }[],
  end: number,
): Span<SignalState>[] {
  const spans: Span<SignalState>[] = [];
  for (const [index, { at, value }] of points.entries()) {
    const to = points[index + 1]?.at ?? end;
    const last = spans.at(-1);
    if (last?.value === value) {
      spans[spans.length - 1] = { ...last, to };
    } else {
      spans.push({ from: at, to, value });
    }
  }
  return spans;
}

/** What each signal said within the window, by the rounds of the log; cut to the window. */
export function signalLanes(decisions: readonly Decision[], { from, to }: Window): readonly SignalLane[] {
  const rounds = roundsOf(decisions).filter(({ now }) => now <= to);
  const names = [...new Set(rounds.flatMap(({ result }) => result.signals.map(({ name }) => name)))];
  return names.map((name) => {
    const points = rounds.flatMap(({ now, result }) => {
      const signal = result.signals.find((candidate) => candidate.name === name);
      return signal === undefined ? [] : [{ at: now, value: signal.state }];
    });
    const spans = spansOf(points, to)
      .filter((span) => span.to > from)
      .map((span) => ({ ...span, from: Math.max(span.from, from) }));
    return { name, spans };
  });
}
