import { describe, expect, it } from '@jest/globals';
import { MAXIMUM_MESSAGE_LENGTH } from '../api/v1alpha1/bounded-text.ts';
import { MINUTE, T0, type RoundProps } from '../failover/testing/a-round.ts';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import { KEY } from './testing/a-policy.ts';
import { Bench, Crash } from './testing/bench.ts';
import { aSnapshot, awsError, REFUSED, SILENT, THROTTLED } from './testing/fake-aurora.ts';

const ORIGINAL = 'rds:unplanned-global-failover-orders-2026-01-01-00-10-00';
const COPY = 'aurora-dr-unplanned-global-failover-orders-2026-01-01-00-10-00';
const original = (status = 'available', createdAt = T0 + 10 * MINUTE) => aSnapshot(ORIGINAL, { status, createdAt });

const rejoining: RoundProps = {
  regions: { [EAST]: { status: 'creating', synchronization: { [EAST]: 'pending-resync' } } },
};

/** A failover is over, and the old region is lost still. */
async function failedOver(): Promise<Bench> {
  const bench = await Bench.protected();
  bench.aurora.lose(bench.now);
  await bench.see(4);
  bench.aurora.promote();
  await bench.see(4);
  return bench;
}

const rescueOf = (bench: Bench) => bench.status.rescueSnapshots?.[0];

describe('RescueKeeper', () => {
  it('given a lost region, when the failover is over, then its snapshot is awaited and nobody asks there', async () => {
    const bench = await failedOver();
    await bench.see(10);
    expect(rescueOf(bench)).toMatchObject({ region: EAST, clusterIdentifier: 'orders', state: 'Awaited' });
    expect(bench.aurora.snapshotReads).toBe(0);
  });

  it('given the old primary re-joins, when Aurora completes its snapshot, then it is copied once and kept', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    bench.aurora.snapshots = [original('creating')];
    await bench.see(3, rejoining);
    expect(rescueOf(bench)).toMatchObject({ state: 'Awaited', source: ORIGINAL });
    expect(bench.aurora.copies).toEqual([]);
    bench.aurora.snapshots = [original()];
    await bench.see(8, rejoining);
    expect(rescueOf(bench)).toMatchObject({ state: 'Copying', source: ORIGINAL, snapshot: COPY });
    bench.aurora.snapshots = [original(), aSnapshot(COPY)];
    await bench.see(8, rejoining);
    expect(rescueOf(bench)).toEqual({
      operationId: bench.status.history?.[0]?.id,
      region: EAST,
      clusterIdentifier: 'orders',
      since: expect.any(String),
      state: 'Kept',
      source: ORIGINAL,
      snapshot: COPY,
      snapshotArn: `arn:aws:rds:${EAST}:111122223333:cluster-snapshot:${COPY}`,
    });
    expect(bench.aurora.copies).toEqual([COPY]);
    const reads = bench.aurora.snapshotReads;
    await bench.see(10, rejoining);
    expect(bench.aurora.snapshotReads).toBe(reads);
    const reasons = bench.eventReasons().filter((reason) => reason.startsWith('Rescue'));
    expect(reasons).toEqual(['RescueSnapshotCopying', 'RescueSnapshotKept']);
    expect(bench.notifications.map(({ kind }) => kind)).toContain('RescueSnapshotKept');
    expect(bench.errors).toEqual([]);
  });

  it('given the old primary is connected before the copy is complete, then the copy is looked after all the same', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    bench.aurora.snapshots = [original()];
    await bench.see(3);
    expect(bench.condition('SplitBrainRisk')).toBe('False NoRisk');
    expect(rescueOf(bench)?.state).toBe('Copying');
    bench.aurora.snapshots = [original(), aSnapshot(COPY)];
    await bench.see(8);
    expect(rescueOf(bench)?.state).toBe('Kept');
  });

  it('given a crash after the call, when the next process looks, then it finds the copy and makes no other', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    bench.aurora.snapshots = [original()];
    bench.probe = (what) => {
      if (what.startsWith('status') && bench.aurora.copies.length > 0) throw new Crash('after the call');
    };
    await bench.see(4, rejoining);
    expect(bench.aurora.copies).toEqual([COPY]);
    expect(rescueOf(bench)?.state).toBe('Awaited');
    bench.restart();
    await bench.see(4, rejoining);
    expect(rescueOf(bench)).toMatchObject({ state: 'Copying', snapshot: COPY });
    expect(bench.aurora.copies).toEqual([COPY]);
  });

  it('given a copy that somebody else began meanwhile, when AWS says so, then it counts', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    bench.aurora.snapshots = [original()];
    bench.aurora.refuseCopy = () =>
      awsError({
        classification: { kind: 'rejected', cause: 'malformed', message: 'exists' },
        code: 'DBClusterSnapshotAlreadyExistsFault',
        isEffectPossible: false,
      });
    await bench.see(2, rejoining);
    expect(rescueOf(bench)).toMatchObject({ state: 'Copying', snapshot: COPY });
  });

  it.each([
    ['the copy', 'refuseCopy', 'rds:CopyDBClusterSnapshot, rds:AddTagsToResource'],
    ['the listing', 'refuseSnapshots', 'rds:DescribeDBClusterSnapshots'],
  ] as const)(
    'given AWS denies %s, when it is allowed, then it is made; meanwhile people hear what to do',
    async (_name, fault, right) => {
      const bench = await failedOver();
      bench.aurora.heal();
      bench.aurora.snapshots = [original()];
      bench.aurora[fault] = () => awsError(REFUSED);
      await bench.see(20, rejoining);
      expect(rescueOf(bench)).toMatchObject({ state: 'Refused', message: expect.stringContaining(right) });
      expect(bench.notifications.filter(({ kind }) => kind === 'RescueSnapshotFailed')).toHaveLength(1);
      expect(bench.aurora.snapshotReads).toBeLessThan(12);
      bench.aurora[fault] = () => undefined;
      await bench.see(8, rejoining);
      expect(rescueOf(bench)).toMatchObject({ state: 'Copying', snapshot: COPY });
      expect(rescueOf(bench)).not.toHaveProperty('message');
    },
  );

  it('given the quota is used up, when it is told, then with what to do', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    bench.aurora.snapshots = [original()];
    bench.aurora.refuseCopy = () =>
      awsError({
        classification: { kind: 'rejected', cause: 'malformed', message: 'too many' },
        code: 'SnapshotQuotaExceeded',
        isEffectPossible: false,
      });
    await bench.see(2, rejoining);
    expect(rescueOf(bench)).toMatchObject({ state: 'Refused', message: expect.stringContaining('quota') });
  });

  it.each(['AccessDenied', 'SnapshotQuotaExceeded'])(
    'given %s in more words than status can hold, when it is told, then what to do is there, and status is written',
    async (code) => {
      const bench = await failedOver();
      bench.aurora.heal();
      bench.aurora.snapshots = [original()];
      const cause = code === 'AccessDenied' ? 'denied' : 'malformed';
      bench.aurora.refuseCopy = () =>
        awsError({
          classification: { kind: 'rejected', cause, message: 'x'.repeat(5000) },
          code,
          isEffectPossible: false,
        });
      await bench.see(4, rejoining);
      expect(rescueOf(bench)?.message).toHaveLength(MAXIMUM_MESSAGE_LENGTH);
      expect(rescueOf(bench)?.message).toMatch(/: (allow rds:CopyDBClusterSnapshot|delete manual cluster snapshots)/);
      expect(bench.errors).toEqual([]);
    },
  );

  it.each([
    ['throttles', THROTTLED],
    ['is silent', SILENT],
  ])('given AWS %s, when it answers again, then the copy is made', async (_name, fault) => {
    const bench = await failedOver();
    bench.aurora.heal();
    bench.aurora.snapshots = [original()];
    bench.aurora.refuseCopy = () => awsError(fault);
    await bench.see(4, rejoining);
    expect(rescueOf(bench)?.state).toBe('Awaited');
    bench.aurora.refuseCopy = () => undefined;
    await bench.see(8, rejoining);
    expect(rescueOf(bench)?.state).toBe('Copying');
    expect(bench.errors).toEqual([]);
  });

  it('given RDS never answers, then nothing waits: the old primary re-joins and its end is told', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    bench.aurora.holdSnapshots = new Promise(() => undefined);
    await bench.see(3, rejoining);
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryResynchronizing');
    await bench.see(3);
    expect(bench.condition('SplitBrainRisk')).toBe('False NoRisk');
    expect(bench.aurora.snapshotReads).toBe(1);
    expect(rescueOf(bench)?.state).toBe('Awaited');
  });

  it('given a copy that failed, when it is deleted, then it is begun anew', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    bench.aurora.snapshots = [original(), aSnapshot(COPY, { status: 'failed' })];
    await bench.see(2, rejoining);
    expect(rescueOf(bench)).toMatchObject({ state: 'Refused', message: expect.stringContaining(`delete ${COPY}`) });
    bench.aurora.snapshots = [original()];
    await bench.see(8, rejoining);
    expect(rescueOf(bench)).toMatchObject({ state: 'Copying' });
  });

  it('given snapshots of an earlier failover and of backups, then they are left alone', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    bench.aurora.snapshots = [
      original('available', T0 - 60 * MINUTE),
      aSnapshot('rds:orders-2026-01-01-00-10', { createdAt: T0 + 10 * MINUTE }),
    ];
    await bench.see(4, rejoining);
    expect(rescueOf(bench)?.state).toBe('Awaited');
    expect(bench.aurora.copies).toEqual([]);
  });

  it('given a writer that somebody had moved just before it was lost, then what it had is not too old to be kept', async () => {
    const bench = await Bench.protected();
    bench.aurora.promote();
    await bench.see();
    // The round that shows it for the second time shows that it is being left, too.
    bench.aurora.snapshots = [original('available', T0 + bench.now - 1)];
    bench.aurora.begin(EAST, true);
    await bench.see();
    bench.aurora.promote();
    await bench.see(4);
    expect(bench.status.history).toMatchObject([{ from: WEST, type: 'Failover' }, { to: WEST }]);
    expect(rescueOf(bench)).toMatchObject({ region: WEST, source: ORIGINAL });
  });

  it('given no snapshot for an hour after the old primary re-joined, then it is given up, and said', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    await bench.see(3);
    expect(rescueOf(bench)).toMatchObject({ state: 'Awaited', giveUpAt: expect.any(String) });
    await bench.pass(60 * MINUTE);
    await bench.see(2);
    expect(rescueOf(bench)).toMatchObject({ state: 'GivenUp', message: expect.stringContaining('appeared') });
    expect(bench.eventReasons()).toContain('RescueSnapshotGivenUp');
  });

  it('given the region is taken out of the policy, then its snapshot is given up, and said', async () => {
    const bench = await failedOver();
    bench.api.edit(KEY, ({ spec }) => {
      spec.regions = [
        { name: WEST, clusterIdentifier: 'orders', promotion: 'Prefer' },
        { name: 'eu-west-1', clusterIdentifier: 'orders', promotion: 'Allow' },
      ];
    });
    await bench.see(3, { members: [WEST, 'eu-west-1'] });
    expect(rescueOf(bench)).toMatchObject({ state: 'GivenUp', message: expect.stringContaining('spec.regions') });
  });

  it('given a switchover, then nothing is to be kept', async () => {
    const bench = await Bench.protected();
    bench.annotate({ 'force-failover': WEST });
    await bench.settle();
    bench.aurora.promote();
    await bench.see(4);
    expect(bench.status.history?.[0]?.outcome).toBe('Succeeded');
    expect(bench.status.rescueSnapshots).toBeUndefined();
  });
});
