import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DisasterRecoveryPolicy, LastRequest } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import { ManualClock } from '../../operator/runtime/manual-clock.ts';
import { FakeKubeClient } from '../../operator/runtime/testing/fake-kube-client.ts';
import { aWatchedPolicy, before, NOW } from '../testing/a-watched-policy.ts';
import { Request, type Wish } from './request.ts';

const FORCE: Wish = {
  action: 'force-failover',
  value: 'us-west-2',
  annotations: {
    'aurora-dr.io/force-failover': 'us-west-2',
    'aurora-dr.io/force-type': 'Failover',
    'aurora-dr.io/accept-data-loss': 'true',
  },
};

const ANSWER: LastRequest = {
  action: 'force-failover',
  value: 'us-west-2',
  forceType: 'Failover',
  acceptDataLoss: true,
  observedAt: NOW,
  result: 'Accepted',
};

describe('Request', () => {
  let client: FakeKubeClient;
  const place = () => ({ client, namespace: 'payments', name: 'orders' });
  const stored = (): DisasterRecoveryPolicy => client.stored(DISASTER_RECOVERY_POLICY)[0] as DisasterRecoveryPolicy;
  const put = (changes: Partial<DisasterRecoveryPolicy>): void => {
    client.put(DISASTER_RECOVERY_POLICY, { ...stored(), ...changes });
  };
  const answer = (lastRequest: LastRequest): void => put({ status: { ...stored().status, lastRequest } });

  beforeEach(() => {
    client = new FakeKubeClient(new ManualClock());
    client.put(DISASTER_RECOVERY_POLICY, aWatchedPolicy());
  });

  it('given a policy at rest, when it is written, then all its annotations are there at once', async () => {
    await Request.write(place(), FORCE);
    expect(stored().metadata.annotations).toEqual(FORCE.annotations);
    expect(client.count('patch')).toBe(1);
  });

  it('given a request that waits for its answer, when another is written, then it is refused and nothing changes', async () => {
    await Request.write(place(), FORCE);
    await expect(
      Request.write(place(), { action: 'drill', value: 'Simulate', annotations: { 'aurora-dr.io/drill': 'Simulate' } }),
    ).rejects.toThrow(/nobody has answered yet .*force-failover.*take it back: kubectl annotate drp orders/);
    expect(stored().metadata.annotations).toEqual(FORCE.annotations);
  });

  it('given an operator that writes at the same time, when it is written, then it is tried on what is there then', async () => {
    let conflicts = 2;
    client.before = ({ verb }) => {
      if (verb === 'patch' && conflicts > 0) {
        conflicts -= 1;
        put({ status: { ...stored().status, lag: `${conflicts}ms` } });
      }
    };
    await Request.write(place(), FORCE);
    expect(stored().metadata.annotations).toEqual(FORCE.annotations);
  });

  it.each<[string, Partial<LastRequest>, boolean]>([
    ['its answer', {}, true],
    ['an answer to another action', { action: 'failback' }, false],
    ['an answer to another region', { value: 'any' }, false],
    ['an answer to another type', { forceType: 'Switchover' }, false],
    ['an answer without the acceptance', { acceptDataLoss: false }, false],
  ])('given %s, when it is looked for, then it is found or not', async (_what, changes, isFound) => {
    const request = await Request.write(place(), FORCE);
    answer({ ...ANSWER, ...changes });
    expect(request.answerIn(stored()) !== undefined).toBe(isFound);
  });

  it('given an answer to the same words from before, when the new one is awaited, then the old one is not taken for it', async () => {
    answer({ ...ANSWER, observedAt: before(60_000) });
    const request = await Request.write(place(), FORCE);
    expect(request.answerIn(stored())).toBeUndefined();
    answer(ANSWER);
    expect(request.answerIn(stored())).toEqual(ANSWER);
  });

  it('given no answer, when it is withdrawn, then nothing of it is left', async () => {
    const request = await Request.write(place(), FORCE);
    await expect(request.withdraw()).resolves.toBeUndefined();
    expect(stored().metadata.annotations ?? {}).toEqual({});
  });

  it('given an answer that comes while it is withdrawn, then the answer is what counts and the annotations stay the operator’s', async () => {
    const request = await Request.write(place(), FORCE);
    client.before = ({ verb }) => {
      if (verb === 'patch') {
        client.before = () => undefined;
        answer(ANSWER);
      }
    };
    await expect(request.withdraw()).resolves.toEqual(ANSWER);
    expect(stored().metadata.annotations).toEqual(FORCE.annotations);
  });

  it('given no such policy, when it is written, then the others are named', async () => {
    await expect(Request.write({ ...place(), name: 'order' }, FORCE)).rejects.toThrow(
      'cannot find policy "order" in namespace "payments"; there are: orders',
    );
  });
});
