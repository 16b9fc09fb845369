import type { SignalName, SignalState } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { Decision, RoundDecision, VerdictSummary } from '../../operator/failover/decision.ts';
import { aSettings } from '../../operator/failover/testing/a-settings.ts';
import { aHistoryEntry, NOW_MILLISECONDS } from './a-watched-policy.ts';

/** As {@link aHistoryEntry} has it: the first failing round. */
export const LOST_AT = NOW_MILLISECONDS - 120_000;
const DECIDED_AT = NOW_MILLISECONDS - 80_000;

const HEAD = { v: 1, policy: 'payments/orders', uid: 'uid-1', generation: 1, by: 'operator_a' } as const;

interface RoundProps {
  readonly n: number;
  readonly now: number;
  readonly states: Readonly<Partial<Record<SignalName, SignalState>>>;
  readonly verdict: VerdictSummary;
}

export function aRoundDecision({ n, now, states, verdict }: RoundProps): RoundDecision {
  return {
    ...HEAD,
    kind: 'Round',
    n,
    now,
    settings: aSettings(),
    round: { sequence: n, startedAt: now - 90, completedAt: now, regions: {}, endpoints: {}, lag: {} },
    recorded: {},
    result: {
      primaryRegion: 'us-east-1',
      signals: (Object.entries(states) as [SignalName, SignalState][]).map(([name, state]) => ({
        name,
        vantage: 'direct',
        state,
        reason: state === 'Passing' ? 'Available' : 'NoAnswer',
        message: `${name} is ${state}`,
        since: now,
        hasVote: true,
      })),
      regions: [],
      isQuorumFailing: verdict.kind !== 'Calm',
      quorumRounds: 0,
    },
    verdict,
  };
}

/** The decision log of the failover of {@link aHistoryEntry}: calm, three failing rounds, the call. */
export function aRecordedLoss(): readonly Decision[] {
  const confirming: VerdictSummary = { kind: 'Held', obstacles: [{ reason: 'Confirming', message: '1 of 3' }] };
  const well = { controlPlane: 'Passing', http: 'Passing' } as const;
  const lost = { controlPlane: 'Failing', http: 'Failing' } as const;
  const { id } = aHistoryEntry();
  return [
    aRoundDecision({ n: 1, now: LOST_AT - 10_000, states: well, verdict: { kind: 'Calm' } }),
    aRoundDecision({ n: 2, now: LOST_AT + 90, states: lost, verdict: confirming }),
    aRoundDecision({ n: 3, now: LOST_AT + 10_000, states: lost, verdict: confirming }),
    aRoundDecision({
      n: 4,
      now: DECIDED_AT - 10,
      states: lost,
      verdict: { kind: 'FailOver', target: 'us-west-2' },
    }),
    {
      ...HEAD,
      kind: 'Note',
      n: 5,
      now: DECIDED_AT + 30,
      what: 'Called',
      message: 'Accepted',
      operation: {
        id,
        type: 'Failover',
        trigger: 'Automatic',
        from: 'us-east-1',
        to: 'us-west-2',
        step: 'Accepted',
        isDataLossAllowed: true,
        detectedAt: LOST_AT,
        startedAt: DECIDED_AT,
        calledAt: DECIDED_AT + 20,
        attempts: 1,
        fence: 'Unknown',
      },
    },
  ];
}
