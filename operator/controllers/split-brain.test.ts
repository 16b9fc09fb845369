import { describe, expect, it } from '@jest/globals';
import { defined } from '../failover/defined.ts';
import type { RoundProps } from '../failover/testing/a-round.ts';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import { noAnswer } from '../failover/testing/attempts.ts';
import { KEY } from './testing/a-policy.ts';
import { Bench } from './testing/bench.ts';

const seenIn = (props: NonNullable<RoundProps['regions']>[string]): RoundProps => ({ regions: { [EAST]: props } });
const rejoining = seenIn({ status: 'creating', synchronization: { [EAST]: 'pending-resync' } });

/** A failover is over, and the old region is lost still. */
async function failedOver(spec: Parameters<typeof Bench.protected>[0] = {}): Promise<Bench> {
  const bench = await Bench.protected(spec);
  bench.aurora.lose(bench.now);
  await bench.see(4);
  bench.aurora.promote();
  await bench.see(4);
  return bench;
}

const message = (bench: Bench): string =>
  bench.status.conditions?.find(({ type }) => type === 'SplitBrainRisk')?.message ?? '';
const told = (bench: Bench): string[] =>
  bench.notifications.filter(({ kind }) => kind === 'SplitBrainRisk').map(({ subject }) => subject);

describe('the risk of a split brain', () => {
  it('given the old region is lost, when other regions call its member pending-resync, then it has not re-joined', async () => {
    const bench = await failedOver();
    await bench.see(5, {
      ...bench.aurora.round(),
      regions: { ...bench.aurora.round().regions, [WEST]: { synchronization: { [EAST]: 'pending-resync' } } },
    });
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryNotRejoined');
    expect(told(bench)).toEqual(['Aurora split brain possible (payments/orders)']);
  });

  it('given the old primary returns, when it is synchronized anew, then that is told, and over only once it is connected', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    await bench.see(3, rejoining);
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryResynchronizing');
    expect(message(bench)).toContain('pending-resync');
    expect(bench.status.splitBrain).toMatchObject({ state: 'Resynchronizing', returnedAt: expect.any(String) });
    expect(bench.status.regions?.find(({ name }) => name === EAST)).toMatchObject({
      synchronizationStatus: 'pending-resync',
      clusterStatus: 'creating',
    });
    expect(bench.eventReasons()).toContain('OldPrimaryResynchronizing');
    expect(told(bench)).toHaveLength(2);
    await bench.see(30, rejoining);
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryResynchronizing');
    await bench.see(1, seenIn({ synchronization: { [EAST]: 'connected' }, status: 'creating' }));
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryResynchronizing');
    await bench.see(2);
    expect(bench.condition('SplitBrainRisk')).toBe('False NoRisk');
    expect(bench.status.splitBrain).toBeUndefined();
    expect(bench.eventReasons()).toContain('SplitBrainRiskOver');
    expect(told(bench).at(-1)).toBe('Aurora split brain possible: over (payments/orders)');
  });

  it('given its own region still calls it the writer, then that is told with what to do', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    await bench.see(3, seenIn({ writer: EAST }));
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryStillWriter');
    expect(message(bench)).toContain('keep its clients away');
  });

  it('given one round that says otherwise, then it is not believed', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    await bench.see(1, seenIn({ writer: EAST }));
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryNotRejoined');
  });

  it('given one round that calls it connected, as a region that has just come back may, then it is not believed either', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    await bench.see(3, rejoining);
    await bench.see(1);
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryResynchronizing');
    await bench.see(3, rejoining);
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryResynchronizing');
    expect(bench.eventReasons()).not.toContain('SplitBrainRiskOver');
    await bench.see(2);
    expect(bench.condition('SplitBrainRisk')).toBe('False NoRisk');
  });

  it('given the region is lost again while it returns, then its return begins anew', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    await bench.see(3, rejoining);
    const { returnedAt } = bench.status.splitBrain ?? {};
    bench.aurora.lose(bench.now);
    await bench.see(3);
    expect(bench.status.splitBrain).not.toHaveProperty('returnedAt');
    bench.aurora.heal();
    await bench.see(3, rejoining);
    expect(Date.parse(bench.status.splitBrain?.returnedAt ?? '')).toBeGreaterThan(Date.parse(returnedAt ?? ''));
  });

  it('given the old primary was taken out of the global cluster and lives on, then the risk stays and says what to do', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    await bench.see(20, { regions: { [EAST]: { members: [WEST] }, [WEST]: { members: [WEST] } } });
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryDetached');
    expect(message(bench)).toContain('delete it');
  });

  it('given the old primary was deleted, when its region has said so for a while, then the risk is over, for that reason, until the next', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    const gone: RoundProps = {
      regions: { [EAST]: { members: [WEST], isClusterless: true }, [WEST]: { members: [WEST] } },
    };
    await bench.see(4, gone);
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryNotRejoined');
    await bench.see(4, gone);
    expect(bench.condition('SplitBrainRisk')).toBe('False OldPrimaryDeleted');
    expect(message(bench)).toContain('does not exist any more');
    expect(told(bench).at(-1)).toContain('over');
    bench.restart();
    await bench.see(3, gone);
    expect(bench.condition('SplitBrainRisk')).toBe('False OldPrimaryDeleted');
  });

  it('given the old region is silent, when the new one does not list the member, then nothing is concluded', async () => {
    const bench = await failedOver();
    const { regions } = bench.aurora.round();
    await bench.see(20, { regions: { ...regions, [WEST]: { members: [WEST] } } });
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryNotRejoined');
  });

  it('given a second failover before the first old primary returned, when the second one is back, then the first is still outstanding', async () => {
    const bench = await failedOver();
    const members = [EAST, WEST, 'eu-west-1'];
    bench.api.edit(KEY, ({ spec, status }) => {
      spec.regions = members.map((name) => ({ name, clusterIdentifier: 'orders', promotion: 'Allow' }));
      status?.rescueSnapshots?.push({
        operationId: 'earlier',
        region: 'eu-west-1',
        clusterIdentifier: 'orders',
        since: '2026-01-01T00:00:00.000Z',
        state: 'Kept',
      });
    });
    bench.aurora.heal();
    const stillGone: RoundProps = { members, regions: { 'eu-west-1': { rds: noAnswer() } } };
    await bench.see(1, { members, regions: { [EAST]: { rds: noAnswer() }, 'eu-west-1': { rds: noAnswer() } } });
    expect(message(bench)).toContain('outstanding as well: eu-west-1/orders');
    await bench.see(3, stillGone);
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryNotRejoined');
    expect(bench.status.splitBrain).toMatchObject({ region: 'eu-west-1', operationId: 'earlier', fence: 'Unknown' });
    expect(bench.eventReasons()).not.toContain('SplitBrainRiskOver');
    await bench.see(3, { members });
    expect(bench.condition('SplitBrainRisk')).toBe('False NoRisk');
    expect(bench.status.rescueSnapshots?.every(({ giveUpAt }) => giveUpAt !== undefined)).toBe(true);
  });

  it.each([
    ['was published', '2026-01-01T00:00:00.000Z', 'True Published'],
    ['was not', undefined, 'False AwaitingFence'],
  ])(
    'given required fencing and two failovers, when the second old primary is back and the first one’s writer %s, then the writer is published or not',
    async (_what, publishedAt, expected) => {
      const bench = await failedOver({
        fencing: { mode: 'Required' },
        failover: { ...(await Bench.protected()).policy.spec.failover, timeout: '2m' },
      });
      await bench.see(12);
      expect(bench.condition('EndpointPublished')).toBe('False AwaitingFence');
      const members = [EAST, WEST, 'eu-west-1'];
      bench.api.edit(KEY, ({ spec, status }) => {
        spec.regions = members.map((name) => ({ name, clusterIdentifier: 'orders', promotion: 'Allow' }));
        const earlier = { operationId: 'earlier', region: 'eu-west-1', clusterIdentifier: 'orders' };
        const since = '2026-01-01T00:00:00.000Z';
        status?.rescueSnapshots?.push({ ...earlier, since, state: 'Awaited' });
        status?.history?.push(
          defined({
            id: 'earlier',
            type: 'Failover' as const,
            trigger: 'Automatic' as const,
            from: 'eu-west-1',
            to: EAST,
            outcome: 'Succeeded' as const,
            startedAt: since,
            publishedAt,
            completedAt: since,
          }),
        );
      });
      bench.aurora.heal();
      await bench.see(4, { members, regions: { 'eu-west-1': { rds: noAnswer() } } });
      expect(bench.status.splitBrain).toMatchObject({ region: 'eu-west-1', fence: 'Unknown' });
      expect(bench.condition('EndpointPublished')).toBe(expected);
    },
  );

  const withoutEast = (bench: Bench): void =>
    bench.api.edit(KEY, ({ spec }) => {
      spec.regions = [
        { name: WEST, clusterIdentifier: 'orders', promotion: 'Prefer' },
        { name: 'eu-west-1', clusterIdentifier: 'orders', promotion: 'Allow' },
      ];
    });

  it('given the policy does not name the old primary any more, then the risk is over and says what is not known', async () => {
    const bench = await failedOver();
    withoutEast(bench);
    await bench.see(2, { members: [WEST, 'eu-west-1'] });
    expect(bench.condition('SplitBrainRisk')).toBe('False OldPrimaryNotInPolicy');
    expect(message(bench)).toContain('not followed here');
  });

  it('given required fencing that waits, when the policy does not name the old primary any more, then the new one stays unpublished', async () => {
    const bench = await failedOver({
      fencing: { mode: 'Required' },
      failover: { ...(await Bench.protected()).policy.spec.failover, timeout: '2m' },
    });
    await bench.see(12);
    expect(bench.status.history?.[0]?.outcome).toBe('TimedOut');
    withoutEast(bench);
    await bench.see(4, { members: [WEST, 'eu-west-1'] });
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryNotRejoined');
    expect(bench.condition('EndpointPublished')).toBe('False AwaitingFence');
    bench.annotate({ 'confirm-fenced': bench.status.splitBrain?.operationId ?? '' });
    await bench.see(3, { members: [WEST, 'eu-west-1'] });
    expect(bench.published.at(-1)).toBe(WEST);
    expect(bench.condition('SplitBrainRisk')).toBe('False OldPrimaryNotInPolicy');
  });
});
