import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KubeConnectionError } from './kube-errors.ts';
import { LEASES, type Lease } from './lease.ts';
import { ManualClock } from './manual-clock.ts';
import { MemberLease, memberLeaseName } from './member-lease.ts';
import { FakeKubeClient } from './testing/fake-kube-client.ts';

const SECOND = 1_000;

function start() {
  const clock = new ManualClock();
  const client = new FakeKubeClient(clock);
  const errors: unknown[] = [];
  const stop = new AbortController();
  const member = new MemberLease(
    {
      client,
      namespace: 'system',
      prefix: 'operator-member-',
      identity: 'Host_1',
      labels: { 'example.com/lease': 'member' },
      clock,
      leaseDurationMilliseconds: 15 * SECOND,
      renewMilliseconds: 2 * SECOND,
      onError: (error) => errors.push(error),
    },
    { says: 'nothing' },
  );
  const stored = (): Lease | undefined => client.stored(LEASES)[0];
  return { clock, client, errors, stop, member, stored, finished: member.run(stop.signal) };
}

describe('MemberLease', () => {
  it('given a member, then its lease says who it is and what it has to say, is renewed, and goes with it', async () => {
    const { clock, stop, member, stored, finished, errors } = start();
    expect(member.isTold).toBe(false);
    await clock.advance(0);
    expect(member.isTold).toBe(true);
    expect(stored()).toMatchObject({
      metadata: { labels: { 'example.com/lease': 'member' }, annotations: { says: 'nothing' } },
      spec: { holderIdentity: 'Host_1', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z' },
    });
    await clock.advance(4 * SECOND);
    expect(stored()?.spec?.renewTime).toBe('2026-01-01T00:00:04.000000Z');
    stop.abort();
    await clock.advance(0);
    await finished;
    expect(stored()).toBeUndefined();
    expect([errors, clock.pendingTimers]).toEqual([[], 0]);
  });

  it('given news, then they are written at once, and the same again is not', async () => {
    const { clock, client, stop, member, stored, finished } = start();
    await clock.advance(0);
    member.announce({ says: 'hello' });
    await clock.advance(0);
    expect(stored()?.metadata.annotations).toEqual({ says: 'hello' });
    const writes = client.count('patch');
    member.announce({ says: 'hello' });
    await clock.advance(0);
    expect(client.count('patch')).toBe(writes);
    stop.abort();
    await clock.advance(0);
    await finished;
  });

  it('given an API server that is away, or somebody who removes the lease, then it comes back', async () => {
    const { clock, client, stop, stored, finished, errors } = start();
    await clock.advance(0);
    client.before = () => Promise.reject(new KubeConnectionError('down'));
    await clock.advance(4 * SECOND);
    expect(errors).toHaveLength(2);
    client.before = () => undefined;
    client.drop(LEASES, { namespace: 'system', name: memberLeaseName('operator-member-', 'Host_1') });
    await clock.advance(2 * SECOND);
    expect(stored()?.spec?.holderIdentity).toBe('Host_1');
    client.before = () => Promise.reject(new KubeConnectionError('down'));
    stop.abort();
    await clock.advance(0);
    await finished;
    expect(errors).toHaveLength(3);
  });

  it('given any identity, then the name is one that the API server takes, and no other identity has it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 253 }), fc.string({ minLength: 1 }), (one, other) => {
        const name = memberLeaseName('operator-member-', one);
        expect(name).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
        expect(name.length).toBeLessThanOrEqual(253);
        expect(memberLeaseName('operator-member-', other) === name).toBe(one === other);
      }),
    );
  });
});
