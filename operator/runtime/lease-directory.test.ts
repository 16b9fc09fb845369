import { describe, expect, it } from '@jest/globals';
import { LeaseDirectory } from './lease-directory.ts';
import { LEASES, type Lease, type LeaseSpec } from './lease.ts';
import { ManualClock } from './manual-clock.ts';
import { FakeKubeClient } from './testing/fake-kube-client.ts';

const SECOND = 1_000;

function aLease(name: string, spec: LeaseSpec, annotations: Record<string, string> = {}): Lease {
  const metadata = { namespace: 'system', name, annotations };
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
}

async function start(...leases: readonly Lease[]) {
  const clock = new ManualClock();
  const client = new FakeKubeClient(clock);
  for (const lease of leases) client.put(LEASES, lease);
  const stop = new AbortController();
  const seen = { changes: 0 };
  const directory = new LeaseDirectory({
    client,
    namespace: 'system',
    prefix: 'operator-',
    clock,
    random: () => 0.5,
    leaseDurationMilliseconds: 15 * SECOND,
    onChange: () => {
      seen.changes += 1;
    },
  });
  const finished = directory.run(stop.signal);
  await directory.waitForSync(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await clock.advance(0);
    await finished;
    expect(clock.pendingTimers).toBe(0);
  };
  return { clock, client, directory, seen, end };
}

describe('LeaseDirectory', () => {
  it('given leases, then those with the prefix are known, with who holds them', async () => {
    const { directory, end } = await start(
      aLease('operator-0', { holderIdentity: 'one', renewTime: 'a' }),
      aLease('operator-1', { holderIdentity: '', renewTime: 'a' }),
      aLease('other', { holderIdentity: 'one', renewTime: 'a' }),
    );
    expect(directory.list()).toMatchObject([
      { holder: 'one', isHeld: true, freeMilliseconds: 0 },
      { holder: '', isHeld: false, freeMilliseconds: 0 },
    ]);
    expect(directory.get('other')).toBeUndefined();
    await end();
  });

  it('given a lease that is renewed, and then is not, then it counts as held for its duration from the last change seen, whatever its times say', async () => {
    const { clock, client, directory, end } = await start(
      aLease('operator-0', { holderIdentity: 'one', renewTime: '1999', leaseDurationSeconds: 10 }),
    );
    await clock.advance(6 * SECOND);
    client.put(LEASES, aLease('operator-0', { holderIdentity: 'one', renewTime: '2999', leaseDurationSeconds: 10 }));
    await clock.advance(9 * SECOND);
    expect(directory.get('operator-0')).toMatchObject({ isHeld: true, freeMilliseconds: 0 });
    await clock.advance(3 * SECOND);
    expect(directory.get('operator-0')).toMatchObject({ isHeld: false, holder: 'one', freeMilliseconds: 2 * SECOND });
    // Somebody's label is no sign of life.
    client.put(LEASES, aLease('operator-0', { holderIdentity: 'one', renewTime: '2999', leaseDurationSeconds: 10 }));
    await clock.advance(SECOND);
    expect(directory.get('operator-0')).toMatchObject({ freeMilliseconds: 3 * SECOND });
    await end();
  });

  it('given what happens to a lease, then a renewal is no news; another holder, a word, and its end are', async () => {
    const { clock, client, directory, seen, end } = await start(aLease('operator-0', { holderIdentity: 'one' }));
    const happen = async (change: () => void): Promise<number> => {
      const { changes } = seen;
      change();
      await clock.advance(0);
      return seen.changes - changes;
    };
    const put =
      (spec: LeaseSpec, annotations = {}) =>
      () =>
        void client.put(LEASES, aLease('operator-0', spec, annotations));
    expect(await happen(put({ holderIdentity: 'one', renewTime: 'b' }))).toBe(0);
    expect(await happen(put({ holderIdentity: 'two', renewTime: 'b' }))).toBe(1);
    expect(await happen(put({ holderIdentity: 'two', renewTime: 'b' }, { says: 'hello' }))).toBe(1);
    expect(await happen(() => client.drop(LEASES, { namespace: 'system', name: 'operator-0' }))).toBe(1);
    expect(directory.get('operator-0')).toBeUndefined();
    expect(await happen(() => void client.put(LEASES, aLease('other', { holderIdentity: 'one' })))).toBe(0);
    await end();
  });
});
