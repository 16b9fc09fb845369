import { describe, expect, it } from '@jest/globals';
import { aCondition, aWatchedPolicy, before, conditions, NOW_MILLISECONDS } from '../testing/a-watched-policy.ts';
import { PLAIN } from './paint.ts';
import { planLines, type MovePlan } from './plan-text.ts';

const shown = (plan: Omit<MovePlan, 'now'>): string =>
  planLines({ ...plan, now: NOW_MILLISECONDS }, { paint: PLAIN, width: 120 }).join('\n');

const lost = conditions(aCondition('PrimaryHealthy', 'False', 'PrimaryLost'));

describe('planLines', () => {
  it('given a failover of a primary that serves, says what is lost and that it need not be', () => {
    const text = shown({ policy: aWatchedPolicy(), type: 'Failover', target: 'us-west-2' });
    expect(text).toContain('FAILOVER of payments/orders, global cluster orders-global');
    expect(text).toContain('to     us-west-2 (can take over)');
    expect(text).toContain('loses  about 120 ms of writes, at worst 1 min 30 s');
    expect(text).toContain('us-east-1 is seen serving: a switchover would lose nothing');
  });

  it('given a loss, counts the age of the sample up to the loss and no further', () => {
    const policy = aWatchedPolicy({ status: { conditions: lost, incident: { startedAt: before(80_000) } } });
    const text = shown({ policy, type: 'Failover', target: 'any' });
    expect(text).toContain('at worst 10 s');
    expect(text).not.toContain('is seen serving');
  });

  it('given no lag, never takes it for none', () => {
    const [primary, secondary] = aWatchedPolicy().status?.regions ?? [];
    const { replicationLagMilliseconds: _none, ...unknown } = secondary!;
    const policy = aWatchedPolicy({
      status: { regions: [primary!, { ...unknown, promotable: false, reason: 'LagUnknown' }] },
    });
    const text = shown({ policy, type: 'Failover', target: 'any' });
    expect(text).toContain('loses  unknown');
    expect(text).toContain('us-west-2 (NOT fit: LagUnknown)');
  });

  it('given a switchover of a primary that does not serve, says that it needs one that does', () => {
    const policy = aWatchedPolicy({ status: { conditions: lost } });
    const text = shown({ policy, type: 'Switchover', target: 'any' });
    expect(text).toContain('loses  nothing');
    expect(text).toContain('a switchover needs it');
  });
});
