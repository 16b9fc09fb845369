import { describe, expect, it } from '@jest/globals';
import { MINUTE, SECOND } from '../failover/testing/a-round.ts';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import { Bench } from './testing/bench.ts';

describe("a policy's gauges", () => {
  it('given a new policy that nothing is known of, then there are none yet', async () => {
    const bench = new Bench();
    await bench.settle();
    expect(bench.sample).toBeUndefined();
  });

  it('given a policy at rest, then they say what status says', async () => {
    const bench = await Bench.protected();
    expect(bench.sample).toMatchObject({
      createdAt: Date.parse(bench.policy.metadata.creationTimestamp),
      phase: 'Protected',
      primaryRegion: EAST,
      isReady: true,
      failoverReady: { isTrue: true, reason: 'Protected' },
      hasSplitBrainRisk: false,
      isEndpointPublished: true,
      isSuspended: false,
      objectives: {
        recoveryTimeMilliseconds: 10 * MINUTE,
        recoveryPointMilliseconds: SECOND,
        detectionWindowMilliseconds: 43 * SECOND,
      },
    });
    expect(bench.sample?.lag.map(({ region }) => region)).toEqual([WEST]);
    for (const absent of ['hasResourceDrift', 'operation', 'lastOperation', 'cooldownUntil', 'lastDrill']) {
      expect(bench.sample).not.toHaveProperty(absent);
    }
    expect(bench.sample?.objectives).not.toHaveProperty('drillMaximumAgeMilliseconds');
  });

  it('given a suspended policy, then FailoverReady is told with its reason', async () => {
    const bench = await Bench.protected({ suspend: true });
    expect(bench.sample).toMatchObject({ phase: 'Suspended', isSuspended: true });
    expect(bench.sample?.failoverReady).toEqual({
      isTrue: bench.condition('FailoverReady').startsWith('True'),
      reason: bench.condition('FailoverReady').split(' ')[1],
    });
  });

  it('given a failover, then they tell of it while it runs, and of its moments when it has ended', async () => {
    const bench = await Bench.protected();
    bench.aurora.lose(bench.now);
    await bench.see(4);
    expect(bench.sample).toMatchObject({
      phase: 'FailingOver',
      operation: { type: 'Failover', startedAt: Date.parse(bench.status.operation?.startedAt ?? '') },
      estimatedDataLossMilliseconds: bench.status.operation?.estimatedDataLossMilliseconds,
      worstCaseDataLossMilliseconds: bench.status.operation?.worstCaseDataLossMilliseconds,
    });
    expect(bench.sample?.operation?.step).toBe(bench.status.operation?.step);
    bench.aurora.promote();
    await bench.see(6);
    const [entry] = bench.status.history ?? [];
    expect(entry).toMatchObject({ type: 'Failover', outcome: 'Succeeded' });
    expect(bench.sample).toMatchObject({
      primaryRegion: WEST,
      hasSplitBrainRisk: true,
      cooldownUntil: Date.parse(bench.status.cooldownUntil ?? ''),
      lastOperation: {
        type: 'Failover',
        trigger: 'Automatic',
        outcome: 'Succeeded',
        detectedAt: Date.parse(entry?.detectedAt ?? ''),
        startedAt: Date.parse(entry?.startedAt ?? ''),
        promotedAt: Date.parse(entry?.promotedAt ?? ''),
        publishedAt: Date.parse(entry?.publishedAt ?? ''),
        completedAt: Date.parse(entry?.completedAt ?? ''),
        recoveryMilliseconds: entry?.recoveryTimeMilliseconds,
      },
    });
    expect(bench.sample).not.toHaveProperty('operation');
  });

  it('given drills, then the longest time without one is told', async () => {
    const drill = { mode: 'Simulate' as const, maximumAge: '720h', timeZone: 'UTC' };
    const bench = await Bench.protected({ drill });
    expect(bench.sample?.objectives.drillMaximumAgeMilliseconds).toBe(720 * 60 * MINUTE);
  });

  it('given a policy that is deleted, then it has none any more', async () => {
    const bench = await Bench.protected();
    bench.api.edit('payments/orders', ({ metadata }) => (metadata.deletionTimestamp = '2030-01-01T00:00:00Z'));
    await bench.settle();
    expect(bench.sample).toBeUndefined();
  });
});
