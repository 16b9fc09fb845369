import { describe, expect, it } from '@jest/globals';
import {
  aCondition,
  after,
  aHistoryEntry,
  anOperation,
  aWatchedPolicy,
  before,
  conditions,
  NOW_MILLISECONDS,
  type WatchedPolicyProps,
} from '../testing/a-watched-policy.ts';
import { PLAIN, type Paint } from './paint.ts';
import type { PolicyEvent } from './policy-event.ts';
import { statusLines, statusTable, type StatusView } from './status-view.ts';

function aView(props: WatchedPolicyProps = {}, overrides: Partial<StatusView> = {}): StatusView {
  return { policy: aWatchedPolicy(props), writtenAt: before(3_000), now: NOW_MILLISECONDS, events: [], ...overrides };
}

const shown = (view: StatusView, width = 120): string => statusLines(view, { paint: PLAIN, width }).join('\n');

const anEvent = (overrides: Partial<PolicyEvent> = {}): PolicyEvent => ({
  firstAt: before(9_000),
  lastAt: before(9_000),
  count: 1,
  isWarning: false,
  reason: 'Ready',
  note: 'Observed: all is well',
  ...overrides,
});

describe('statusLines', () => {
  it('given a protected policy, answers what is asked at night before anything else', () => {
    expect(shown(aView()).split('\n').slice(0, 6)).toEqual([
      'payments/orders   global cluster orders-global   as of 2026-11-30 13:59:57Z, 3 s ago',
      '',
      'PROTECTED   us-east-1 is the primary and serves',
      '',
      'Would a failover work right now?',
      '  YES      us-west-2 could take over, estimated loss 120 ms, at worst 900 ms',
    ]);
    expect(shown(aView())).toContain('it would start by itself: yes');
    expect(shown(aView())).not.toContain('Needs attention');
    expect(shown(aView())).not.toContain('What you can do');
  });

  it('given a lost primary that is held, says since when, what holds it, and which command does not wait', () => {
    const text = shown(
      aView({
        status: {
          phase: 'Suspect',
          incident: { startedAt: before(30_000) },
          conditions: conditions(
            aCondition('PrimaryHealthy', 'False', 'PrimaryLost', 'not seen serving'),
            aCondition('Progressing', 'False', 'InRegionRecovery', 'Aurora recovers it'),
          ),
        },
      }),
    );
    expect(text).toContain('SUSPECT   us-east-1 is the primary and is NOT seen serving since 13:59:30Z');
    expect(text).toContain('it would start by itself: NO: InRegionRecovery: Aurora recovers it');
    expect(text).not.toContain('! PrimaryHealthy');
    expect(text).toContain('kubectl aurora-dr failover orders -n payments');
  });

  it('given a loss that is being confirmed, says that it is not a no', () => {
    const confirming = aCondition(
      'Progressing',
      'False',
      'Confirming',
      'automatic failover is not started: 1 of 3 consecutive failing rounds',
    );
    const text = shown(
      aView({ status: { incident: { startedAt: before(1_000) }, conditions: conditions(confirming) } }),
    );
    expect(text).toContain('it would start by itself: NOT YET: Confirming: 1 of 3 consecutive failing rounds');
  });

  it('given a call that waits for its turn, says that it is not a no', () => {
    const waiting = aCondition(
      'Progressing',
      'False',
      'AwaitingTurn',
      'FailoverGlobalCluster in us-west-2 waits for its turn',
    );
    const text = shown(aView({ status: { incident: { startedAt: before(1_000) }, conditions: conditions(waiting) } }));
    expect(text).toContain('it would start by itself: NOT YET: AwaitingTurn: FailoverGlobalCluster in us-west-2 waits');
  });

  it('given an operation in flight, says how far it is and for how long', () => {
    const text = shown(
      aView({
        status: {
          phase: 'FailingOver',
          operation: anOperation({ message: 'AWS is at work' }),
          conditions: conditions(aCondition('FailoverReady', 'False', 'OperationInFlight', 'Failover is in flight')),
        },
      }),
    );
    expect(text).toContain('NO       OperationInFlight: Failover is in flight');
    expect(text).toContain('Failover us-east-1 → us-west-2   failover-20261130t135900z-0a1b2c');
    expect(text).toContain('step Promoting: AWS is at it; for 20 s, 1 call to AWS');
    expect(text).toContain('kubectl aurora-dr status orders --watch -n payments');
  });

  it('given a status without an operator behind it, puts that above all and suggests nothing that needs one', () => {
    const text = shown(aView({}, { writtenAt: before(3_600_000) }));
    expect(text).toContain('PROTECTED?');
    expect(text).toContain('UNKNOWN  StatusStale: the status is 1 h old');
    expect(text).not.toContain('kubectl aurora-dr');
  });

  it('given a split brain, a refused request and a cooldown, names what needs attention and what ends it', () => {
    const text = shown(
      aView({
        status: {
          primaryRegion: 'us-west-2',
          cooldownUntil: after(600_000),
          history: [aHistoryEntry()],
          lastRequest: {
            action: 'failback',
            value: 'true',
            observedAt: before(5_000),
            result: 'Refused',
            reason: 'LagHigh',
            message: 'the lag is 3000 ms',
          },
          conditions: conditions(aCondition('SplitBrainRisk', 'True', 'OldPrimaryNotRejoined', 'it may take writes')),
        },
      }),
    );
    expect(text).toContain('! SplitBrainRisk OldPrimaryNotRejoined: it may take writes');
    expect(text).toContain('! request refused 5 s ago: failback=true: LagHigh: the lag is 3000 ms');
    expect(text).toContain('kubectl aurora-dr acknowledge orders failover-20261130t135900z-0a1b2c -n payments');
    expect(text).toContain('kubectl aurora-dr failback orders -n payments');
    expect(text).toContain('last change   Failover us-east-1 → us-west-2 Succeeded, 20 s ago');
  });

  it('given a fence that only a person can vouch for, suggests just that', () => {
    const text = shown(
      aView({
        status: {
          operation: anOperation({ step: 'Promoted' }),
          conditions: conditions(aCondition('Progressing', 'True', 'AwaitingFence')),
        },
      }),
    );
    expect(text).toContain('kubectl aurora-dr confirm-fenced orders failover-20261130t135900z-0a1b2c -n payments');
  });

  it('given events, shows the newest, repeats and warnings told; given none or no right, says which', () => {
    const events = Array.from({ length: 9 }, (_, index) =>
      anEvent({ reason: `Reason${index}`, isWarning: index === 0, count: index === 0 ? 3 : 1 }),
    );
    const text = shown(aView({}, { events }));
    expect(text).toContain('9 s ago  ! Reason0 Observed: all is well (3 times)');
    expect(text).toContain('Reason5');
    expect(text).not.toContain('Reason6');
    expect(shown(aView())).toContain('none (the API server forgets them');
    expect(shown(aView({}, { events: undefined }))).toContain('you may not list events');
  });

  it('given a narrow terminal, keeps long explanations within it', () => {
    const message = `no region can be promoted: ${'us-west-2: its lag is not known; '.repeat(6)}`;
    const lines = statusLines(
      aView({ status: { conditions: conditions(aCondition('FailoverReady', 'False', 'NoCandidate', message)) } }),
      { paint: PLAIN, width: 80 },
    );
    const answer = lines.slice(lines.indexOf('Would a failover work right now?') + 1, lines.indexOf('Regions') - 1);
    expect(answer.length).toBeGreaterThan(2);
    for (const line of answer) {
      expect(line.length).toBeLessThanOrEqual(80);
    }
  });

  it('says nothing by colour alone', () => {
    const marked = (text: string): string => `\u001B[1m${text}\u001B[0m`;
    const paint: Paint = { bold: marked, dim: marked, good: marked, bad: marked, warning: marked };
    const coloured = statusLines(aView(), { paint, width: 120 }).join('\n');
    // eslint-disable-next-line no-control-regex -- exactly these are to be taken away
    expect(coloured.replaceAll(/\u001B\[[01]m/g, '')).toBe(shown(aView()));
  });
});

describe('statusTable', () => {
  it('given policies, has a row for each, with the namespace where there are several', () => {
    const suspended = aView({ spec: { suspend: true }, status: { phase: 'Suspended' } });
    const moving = aView({ status: { operation: anOperation() } });
    expect(statusTable([aView(), suspended, moving], true, { paint: PLAIN, width: 120 })).toEqual([
      'NAMESPACE   NAME     PHASE       PRIMARY     LAG     FAILOVER WOULD WORK   BY ITSELF   IN FLIGHT',
      'payments    orders   Protected   us-east-1   120ms   yes                   yes         -',
      'payments    orders   Suspended   us-east-1   120ms   yes                   no          -',
      'payments    orders   Protected   us-east-1   120ms   yes                   yes         Failover us-east-1 → us-west-2 (Promoting)',
    ]);
    expect(statusTable([aView()], false, { paint: PLAIN, width: 120 })[0]).not.toContain('NAMESPACE');
  });
});
