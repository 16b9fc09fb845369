import { beforeEach, describe, expect, it } from '@jest/globals';
import { apiErrorFrom } from '../runtime/kube-errors.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import type { KubeObject } from '../runtime/resource.ts';
import { FakeKubeClient } from '../runtime/testing/fake-kube-client.ts';
import type { DriftReport } from './drift-report.ts';
import type { GuardFacts } from './guard-facts.ts';
import { ManagedResourceIndex } from './managed-resource-index.ts';
import { ResourceGuard } from './resource-guard.ts';
import { managedObject, managedType, rolesWith } from './testing/managed-objects.ts';

const POLICY = 'payments/tx';
const CLUSTERS = managedType('Cluster');
const failover = { operationId: 'failover-1', fromRegion: 'us-east-1' };
const failback = { operationId: 'switchover-2', fromRegion: 'us-west-2' };
const facts: GuardFacts = {
  policy: POLICY,
  isEnabled: true,
  globalClusterIdentifier: 'global',
  members: [{ region: 'us-east-1', clusterIdentifier: 'prod' }],
  roles: rolesWith('us-east-1'),
};
const inFlight: GuardFacts = { ...facts, operation: failover };
const failedOver: GuardFacts = { ...facts, roles: rolesWith('us-west-2'), lastChange: failover };
const failedBack: GuardFacts = { ...facts, lastChange: failback };
const pausedAnnotations = {
  'crossplane.io/external-name': 'prod',
  'crossplane.io/paused': 'true',
  'aurora-dr.io/paused-by': POLICY,
  'aurora-dr.io/paused-for': 'failover-1',
  'aurora-dr.io/paused-from': 'us-east-1',
};

let clock: ManualClock;
let kube: FakeKubeClient;
let guard: ResourceGuard;
let isLeader: boolean;
let told: string[];

function startGuard(): ResourceGuard {
  const index = new ManagedResourceIndex({ kube, clock, onError: (error) => told.push(String(error)) });
  return new ResourceGuard({
    kube,
    index,
    clock,
    mayWrite: () => isLeader,
    listener: {
      paused: (policy, resource, operationId) => told.push(`paused ${policy} ${resource} ${operationId}`),
      resumed: (policy, resource) => told.push(`resumed ${policy} ${resource}`),
      failed: (policy, resource) => told.push(`failed ${policy} ${resource}`),
    },
  });
}

beforeEach(() => {
  clock = new ManualClock();
  kube = new FakeKubeClient(clock);
  kube.served.push(CLUSTERS);
  kube.put(CLUSTERS, managedObject());
  isLeader = true;
  told = [];
  guard = startGuard();
});

const stored = (): KubeObject => kube.stored(CLUSTERS)[0] ?? managedObject();
const annotations = (): unknown => stored().metadata.annotations;
/** Somebody else's edit; null removes. */
function edit(changes: Readonly<Record<string, string | null>>, spec: object = {}): void {
  const object = structuredClone(stored()) as KubeObject & { spec: { forProvider: object } };
  const merged = Object.entries({ ...object.metadata.annotations, ...changes });
  object.metadata.annotations = Object.fromEntries(
    merged.flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
  object.spec.forProvider = { ...object.spec.forProvider, ...spec };
  kube.put(CLUSTERS, object);
}
/** One round: tend, and let what runs behind it finish. */
async function round(given: GuardFacts): Promise<DriftReport | undefined> {
  guard.tend(given);
  await clock.settle();
  await clock.advance(1_000);
  const report = guard.tend(given);
  await clock.settle();
  return report;
}
const reasonOf = (report: DriftReport | undefined): unknown => report && [report.status, report.reason];

describe('ResourceGuard', () => {
  it('given nothing listed yet, when tended, then nothing is said and nobody waits', () => {
    kube.before = () => new Promise<void>(() => undefined);
    expect(guard.tend(inFlight)).toBeUndefined();
  });

  it('given a role change, when tended, then pause and mark come in one preconditioned write', async () => {
    expect(reasonOf(await round(facts))).toEqual(['False', 'NoDrift']);
    expect(kube.count('patch')).toBe(0);
    expect(reasonOf(await round(inFlight))).toEqual(['False', 'ResourcesPaused']);
    expect(annotations()).toEqual(pausedAnnotations);
    expect(kube.count('patch')).toBe(1);
    expect(told).toEqual([`paused ${POLICY} Cluster databases/east (us-east-1) failover-1`]);
    await round(inFlight);
    expect(kube.count('patch')).toBe(1);
  });

  it('given a failover, when it is over and until the failback is, then resources stay paused; then they resume', async () => {
    await round(inFlight);
    expect(reasonOf(await round(failedOver))).toEqual(['True', 'ResourcesPaused']);
    expect(annotations()).toEqual(pausedAnnotations);
    await round({ ...failedOver, operation: failback });
    expect(annotations()).toEqual({ ...pausedAnnotations, 'aurora-dr.io/paused-for': 'switchover-2' });
    expect(reasonOf(await round(failedBack))).toEqual(['False', 'NoDrift']);
    expect(annotations()).toEqual({
      'crossplane.io/external-name': 'prod',
      'aurora-dr.io/paused-for': 'switchover-2',
    });
    await round(failedBack);
    expect(told.at(-1)).toBe(`resumed ${POLICY} Cluster databases/east (us-east-1)`);
  });

  it('given a failover, when a person declares the new roles, then resources resume', async () => {
    await round(inFlight);
    await round(failedOver);
    edit({}, { replicationSourceIdentifier: 'arn:aws:rds:us-west-2:123456789012:cluster:prod' });
    await clock.advance(15_000);
    await round(failedOver);
    expect(annotations()).not.toHaveProperty(['crossplane.io/paused']);
  });

  it('given a crash at any point, when another process tends, then it finds the mark and goes on', async () => {
    await round(inFlight);
    guard = startGuard();
    await round(inFlight);
    expect(kube.count('patch')).toBe(1);
    guard = startGuard();
    await round(failedOver);
    expect(annotations()).toEqual(pausedAnnotations);
    guard = startGuard();
    await round(failedBack);
    expect(annotations()).not.toHaveProperty(['crossplane.io/paused']);
  });

  it('given a crash before the pause, when another process finds the roles changed, then it pauses for that change', async () => {
    await round(failedOver);
    expect(annotations()).toEqual(pausedAnnotations);
  });

  it('given a pause that somebody else made, when roles change and change back, then it is neither marked nor resumed', async () => {
    edit({ 'crossplane.io/paused': 'true' });
    for (const each of [inFlight, failedOver, failedBack]) await round(each);
    expect(annotations()).toEqual({ 'crossplane.io/external-name': 'prod', 'crossplane.io/paused': 'true' });
    expect(kube.count('patch')).toBe(0);
  });

  it('given a person who removes the mark, when roles still differ, then the resource is theirs, also after a crash', async () => {
    await round(inFlight);
    await round(failedOver);
    edit({ 'aurora-dr.io/paused-by': null, 'crossplane.io/paused': null });
    await clock.advance(15_000);
    expect(reasonOf(await round(failedOver))).toEqual(['True', 'RolesDiffer']);
    guard = startGuard();
    await round(failedOver);
    expect(annotations()).not.toHaveProperty(['crossplane.io/paused']);
    expect(kube.count('patch')).toBe(1);
  });

  it('given a person who removes every trace of the pause, when roles still differ, then this process does not pause again', async () => {
    await round(inFlight);
    edit(Object.fromEntries(Object.keys(pausedAnnotations).map((name) => [name, null])));
    edit({ 'crossplane.io/external-name': 'prod' });
    await clock.advance(15_000);
    await round(failedOver);
    await round(failedOver);
    expect(annotations()).toEqual({ 'crossplane.io/external-name': 'prod' });
  });

  it('given a pause that goes although the mark stays, when roles differ, then it is put back', async () => {
    await round(inFlight);
    edit({ 'crossplane.io/paused': null });
    await clock.advance(15_000);
    await round(failedOver);
    await round(failedOver);
    expect(annotations()).toEqual(pausedAnnotations);
  });

  it('given a provider that writes to the resource all the time, when paused, then each conflict is answered by a new read', async () => {
    await round(facts);
    let conflicts = 3;
    kube.before = ({ verb }) => {
      if (verb === 'patch' && conflicts > 0) {
        conflicts -= 1;
        edit({});
      }
    };
    await round(inFlight);
    expect(annotations()).toEqual(pausedAnnotations);
    expect(told).toHaveLength(1);
  });

  it('given somebody who pauses it at the very moment, when paused, then theirs stands', async () => {
    await round(facts);
    kube.before = ({ verb }) => {
      if (verb === 'patch') edit({ 'crossplane.io/paused': 'true' });
    };
    await round(inFlight);
    expect(annotations()).toEqual({ 'crossplane.io/external-name': 'prod', 'crossplane.io/paused': 'true' });
  });

  it('given a resource that changes when it is about to be resumed, then it is judged anew', async () => {
    await round(inFlight);
    await round(facts);
    // Back at once, and edited in between.
    expect(annotations()).not.toHaveProperty(['crossplane.io/paused']);
    await round({ ...failedOver, operation: { ...failover, operationId: 'failover-3' } });
    kube.before = ({ verb }) => {
      kube.before = () => undefined;
      if (verb === 'patch') edit({}, { globalClusterIdentifier: 'other' });
    };
    guard.tend(facts);
    await clock.settle();
    expect(annotations()).toHaveProperty(['crossplane.io/paused'], 'true');
  });

  it('given writes that are refused, when tended, then that is told, tried again ever later, and pauses in the end', async () => {
    await round(facts);
    kube.before = ({ verb }) => {
      if (verb === 'patch') throw apiErrorFrom('patch', 403, { kind: 'Status', reason: 'Forbidden' });
    };
    const report = await round(inFlight);
    expect(reasonOf(report)).toEqual(['Unknown', 'NotObserved']);
    expect(report?.message).toMatch(
      /^cannot pause Cluster databases\/east \(us-east-1\): .*403.*; grant get and patch/,
    );
    for (let second = 0; second < 10; second += 1) await round(inFlight);
    expect(kube.count('patch')).toBeLessThanOrEqual(6);
    expect(reasonOf(await round(failedOver))).toEqual(['True', 'RolesDiffer']);
    kube.before = () => undefined;
    await clock.advance(30_000);
    expect(reasonOf(await round(failedOver))).toEqual(['True', 'ResourcesPaused']);
  });

  it('given a resource that is gone, when paused, then nothing fails', async () => {
    await round(facts);
    kube.drop(CLUSTERS, { namespace: 'databases', name: 'east' });
    expect(reasonOf(await round(inFlight))).toEqual(['False', 'NotManaged']);
    expect(told).toEqual([]);
  });

  it('given a process that leads no more, when tended, then it writes nothing', async () => {
    isLeader = false;
    await round(inFlight);
    expect(kube.count('patch')).toBe(0);
  });

  it('given mode Off, when roles change, then nothing is read or written, and what waits is dropped', async () => {
    expect(reasonOf(await round({ ...inFlight, isEnabled: false }))).toEqual(['False', 'NotManaged']);
    expect(kube.calls).toEqual([]);
    await round(facts);
    let release = (): void => undefined;
    kube.before = ({ verb }) => (verb === 'patch' ? new Promise<void>((resolve) => (release = resolve)) : undefined);
    guard.tend(inFlight);
    await clock.settle();
    edit({});
    guard.tend({ ...inFlight, isEnabled: false });
    kube.before = () => undefined;
    release();
    await clock.settle();
    expect(annotations()).toEqual({ 'crossplane.io/external-name': 'prod' });
  });

  it('given a resource that was made after the last listing, when roles change, then a new listing finds it', async () => {
    await round(facts);
    const later = managedObject({ name: 'later', kind: 'Cluster' });
    kube.put(CLUSTERS, later);
    await round(inFlight);
    await round(inFlight);
    const all = kube.stored(CLUSTERS).map(({ metadata }) => metadata.annotations);
    expect(all).toEqual([pausedAnnotations, pausedAnnotations]);
  });

  it('given a write that takes long, when further rounds come, then none writes beside it', async () => {
    await round(facts);
    let release = (): void => undefined;
    kube.before = ({ verb }) => (verb === 'patch' ? new Promise<void>((resolve) => (release = resolve)) : undefined);
    for (let count = 0; count < 3; count += 1) {
      guard.tend(inFlight);
      await clock.settle();
    }
    expect(kube.count('patch')).toBe(1);
    release();
    await clock.settle();
    expect(annotations()).toEqual(pausedAnnotations);
  });

  it('given many policies whose regions are lost at once, when tended, then a few are written to at a time, each once', async () => {
    const policies = Array.from({ length: 200 }, (_, number) => {
      const name = `c${number}`;
      kube.put(CLUSTERS, managedObject({ name, annotations: { 'crossplane.io/external-name': name } }));
      const members = [{ region: 'us-east-1', clusterIdentifier: name }];
      return { ...inFlight, policy: `payments/${name}`, globalClusterIdentifier: name, members };
    });
    let running = 0;
    let most = 0;
    kube.before = ({ verb }) => {
      if (verb === 'patch') most = Math.max(most, (running += 1));
    };
    kube.after = async ({ verb }) => {
      if (verb !== 'patch') return;
      await clock.settle();
      running -= 1;
    };
    for (const policy of policies) guard.tend(policy);
    await clock.settle();
    await clock.advance(1_000);
    for (const policy of policies) guard.tend(policy);
    for (let turn = 0; turn < 200; turn += 1) await clock.settle();
    expect(most).toBe(4);
    expect(kube.count('patch')).toBe(200);
    expect(kube.count('list')).toBe(1);
  });
});
