import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import type { OperatorProcess } from './harness/operator-process.ts';
import type { PolicyScene } from './harness/policy-scene.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';

const POLICIES = 30;
const SHARDS = 12;
const names = Array.from({ length: POLICIES }, (_, index) => `p${index}`);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
}, SCENE_TIMEOUT);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

/** A replica: short leases, but such that a busy machine does not let run out. */
function startReplica(scene: PolicyScene, shards = SHARDS): OperatorProcess {
  const flags = [
    ['--leader-elect', '--leader-election-namespace', scene.namespace, '--shards', String(shards)],
    ['--lease-duration', '12s', '--renew-deadline', '9s', '--retry-period', '500ms'],
  ];
  return scene.startOperator(flags.flat());
}

/** A global cluster for each of the names, and a policy for each. */
async function applyPolicies(scene: PolicyScene): Promise<void> {
  const items = [];
  for (const name of names) {
    await scene.aws.addGlobalCluster({ identifier: `global-${name}`, clusterIdentifier: `aurora-${name}` });
    const signals = { controlPlane: {}, endpoint: {}, http: { url: scene.aws.witnessUrl(`global-${name}`) } };
    items.push({
      apiVersion: 'aurora-dr.io/v1alpha1',
      kind: 'DisasterRecoveryPolicy',
      metadata: { namespace: scene.namespace, name },
      spec: {
        globalClusterIdentifier: `global-${name}`,
        regions: ['us-east-1', 'us-west-2'].map((region) => ({ name: region, clusterIdentifier: `aurora-${name}` })),
        detection: { interval: '2s', timeout: '1500ms', failureThreshold: 3, signals },
        failover: { cooldown: '1s', dataLoss: 'Allow' },
        publish: { configMap: { name: `${name}-writer` } },
      },
    });
  }
  await scene.kubectl(['apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
}

async function policies({ namespace }: PolicyScene): Promise<readonly DisasterRecoveryPolicy[]> {
  return (await stage.client.list<DisasterRecoveryPolicy>(DISASTER_RECOVERY_POLICY, { namespace })).items;
}

/** Whose policies a replica judges, by its metrics. */
async function judgedBy(replica: OperatorProcess): Promise<readonly string[]> {
  return (await replica.scrape()).flatMap((line) => {
    const [, name] = /^aurora_dr_judged_age_seconds\{.*name="([^"]*)"/.exec(line) ?? [];
    return name === undefined ? [] : [name];
  });
}

/** Waits until every policy is judged by exactly one of the replicas, and each of them has some. */
function untilShared(scene: PolicyScene, replicas: readonly OperatorProcess[]): Promise<void> {
  return scene.untilTrue('every policy judged by one replica, and each replica at work', async () => {
    const judged = await Promise.all(replicas.map(judgedBy));
    return judged.every(({ length }) => length > 0) && judged.flat().toSorted().join() === names.toSorted().join();
  });
}

/** Forces the role change of every policy at once, and waits until each has ended well. */
async function forceAll(scene: PolicyScene, region: string, times: number): Promise<void> {
  await scene.kubectl(['annotate', 'drp', '--all', `aurora-dr.io/force-failover=${region}`]);
  await scene.untilTrue(`every policy's ${times}. operation in history`, async () =>
    (await policies(scene)).every(({ status }) => status?.operation === undefined && status?.history?.length === times),
  );
  for (const { metadata, status, spec } of await policies(scene)) {
    expect([metadata.name, status?.history?.[0]]).toMatchObject([
      metadata.name,
      { type: 'Switchover', trigger: 'Annotation', to: region, outcome: 'Succeeded' },
    ]);
    const calls = scene.mutatingCalls.filter(
      ({ input }) => input['GlobalClusterIdentifier'] === spec.globalClusterIdentifier,
    );
    expect([metadata.name, calls.length]).toEqual([metadata.name, times]);
  }
}

describe('replicas that share the policies', () => {
  test(
    'given thirty policies, when replicas come, one is killed and one is stopped, then each policy is always looked after by one, and every forced role change is made once',
    () =>
      stage.play({}, async (scene) => {
        const one = startReplica(scene);
        await one.waitForLine('takes part in sharing the policies');
        await applyPolicies(scene);
        await untilShared(scene, [one]);

        const two = startReplica(scene);
        await two.waitForLine('observes a shard, to take it over');
        await untilShared(scene, [one, two]);
        expect(one.entries.filter(({ msg }) => msg === 'hands a shard over').length).toBeGreaterThan(0);
        await scene.untilTrue('every policy Protected', async () =>
          (await policies(scene)).every(({ status }) => status?.phase === 'Protected'),
        );
        await forceAll(scene, 'us-west-2', 1);

        const three = startReplica(scene);
        await untilShared(scene, [one, two, three]);
        await one.kill();
        await untilShared(scene, [two, three]);
        await forceAll(scene, 'us-east-1', 2);

        expect(await two.stop()).toBe(0);
        await untilShared(scene, [three]);
        // The lag of the new direction has to be known: without it a loss is not answered.
        await scene.untilTrue('every policy Protected again', async () =>
          (await policies(scene)).every(({ status }) => status?.phase === 'Protected'),
        );
        await scene.aws.loseRegion('us-east-1');
        await scene.untilTrue('every policy failed over', async () =>
          (await policies(scene)).every(
            ({ status }) => status?.operation === undefined && status?.history?.[0]?.trigger === 'Automatic',
          ),
        );
        const failovers = scene.mutatingCalls.filter(({ action }) => action === 'FailoverGlobalCluster');
        expect(failovers.map(({ input }) => input['GlobalClusterIdentifier']).toSorted()).toEqual(
          names.map((name) => `global-${name}`).toSorted(),
        );
      }),
    SCENE_TIMEOUT,
  );

  test(
    'given replicas that divide the policies otherwise, or not at all, when both run, then one kind acts, and the other one only after the last of it has ended',
    () =>
      stage.play({}, async (scene) => {
        const old = startReplica(scene, 3);
        await old.waitForLine('owns a shard');
        await scene.applyPolicy();
        await scene.until('Protected', ({ phase }) => phase === 'Protected');
        const next = startReplica(scene, 5);
        const single = startReplica(scene, 1);
        await next.waitForLine('another process leads');
        await single.waitForLine('another process leads');
        const other = startReplica(scene, 3);
        await other.waitForLine('owns a shard');
        await old.kill();
        await scene.untilTrue(
          'its shards are the other one’s',
          async () => (await other.metric('aurora_dr_shards_owned')) === 3,
        );
        await single.stop();
        for (const line of ['takes part in sharing', 'owns a shard']) {
          expect(next.lines.filter((each) => each.includes(line))).toEqual([]);
        }
        await other.stop();
        await next.waitForLine('takes part in sharing the policies');
        await scene.untilTrue('every shard owned', async () => (await next.metric('aurora_dr_shards_owned')) === 5);
        const { conditions = [] } = await scene.status();
        expect(conditions.find(({ type }) => type === 'PrimaryHealthy')?.status).toBe('True');
      }),
    SCENE_TIMEOUT,
  );
});
