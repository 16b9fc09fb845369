import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { HistoryEntry } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { PolicyScene, SceneOptions } from './harness/policy-scene.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';

/** Three times the failure threshold, and one: whoever wanted to act would have acted. */
const QUIET_ROUNDS = 10;

/** Slow enough to be seen in flight by an operator that looks each second. */
const operation = {
  outcome: 'complete',
  stuckIn: 'promoting',
  durations: {
    pending: 200,
    promoting: 1_500,
    cancelling: 200,
    recreating: 300,
    resynchronizing: 1_500,
    snapshotting: 200,
  },
  fence: 'auto',
} as const;

/** Two Kubernetes clusters that share nothing, API servers of their own whatever cluster the other tests use. */
const stages: Stage[] = [];
beforeAll(async () => {
  const { AURORA_DR_TEST_KUBECONFIG: _shared, ...env } = process.env;
  // Each case has a scene on both: as many operators at once as anywhere else.
  const options = { env, scenesAtOnce: 2 };
  stages.push(...(await Promise.all([Stage.start(options), Stage.start(options)])));
}, SCENE_TIMEOUT);
afterAll(async () => {
  for (const stage of stages) {
    await stage[Symbol.asyncDispose]();
  }
});

interface Clusters {
  readonly one: PolicyScene;
  readonly other: PolicyScene;
}

/** One AWS, and in each of two clusters the same policy and an operator that is told which region it lives in. */
async function play(
  regions: { readonly one: string; readonly other: string },
  options: SceneOptions,
  script: (clusters: Clusters) => Promise<void>,
): Promise<void> {
  const [first, second] = stages;
  if (first === undefined || second === undefined) {
    throw new Error('cannot play: two API servers are needed');
  }
  const flags = (region: string): readonly string[] => ['--region', region];
  const aws = { ...options.aws, settings: { operation, ...options.aws?.settings } };
  await first.play({ ...options, aws, flags: flags(regions.one) }, (one) =>
    second.play({ ...options, flags: flags(regions.other), neighbour: one }, async (other) => {
      expect(one.plane.url).not.toBe(other.plane.url);
      await Promise.all([one.protect(), other.protect()]);
      await script({ one, other });
    }),
  );
}

const theOnly = async (scene: PolicyScene): Promise<HistoryEntry> => {
  const { history = [] } = await scene.untilHistory(1);
  const [entry] = history;
  if (entry === undefined) {
    throw new Error('cannot find the entry that was just there');
  }
  return entry;
};

async function expectPublished(scene: PolicyScene, region: string): Promise<void> {
  const writer = scene.aws.cluster(region, 'aurora-prod').address;
  expect(await scene.untilPublished(`the writer of ${region}`, ({ name }) => name === writer)).toEqual({
    name: writer,
    state: 'published',
    region,
    endpoint: writer,
  });
}

describe('an operator in a cluster of each region', () => {
  test.concurrent(
    'given the loss of the primary’s region, then one call by the operator of the target’s region, and both publish and record the truth',
    () =>
      play({ one: 'us-east-1', other: 'us-west-2' }, {}, async ({ one: east, other: west }) => {
        const { aws } = west;
        await aws.loseRegion('us-east-1');

        expect(await theOnly(west)).toMatchObject({
          type: 'Failover',
          trigger: 'Automatic',
          from: 'us-east-1',
          to: 'us-west-2',
          outcome: 'Succeeded',
        });
        expect(await theOnly(east)).toMatchObject({
          type: 'Failover',
          trigger: 'External',
          from: 'us-east-1',
          to: 'us-west-2',
          outcome: 'Succeeded',
        });
        expect(aws.callsOf({ action: 'FailoverGlobalCluster' })).toEqual([
          expect.objectContaining({ region: 'us-west-2', result: 'ok' }),
        ]);
        for (const scene of [east, west]) {
          await expectPublished(scene, 'us-west-2');
          const { primaryRegion, cooldownUntil } = await scene.status();
          expect(primaryRegion).toBe('us-west-2');
          expect(Date.parse(cooldownUntil ?? '')).toBeGreaterThan(Date.now());
          await scene.untilCondition('SplitBrainRisk', 'OldPrimaryNotRejoined', 'True');
        }

        // Now the operator in us-east-1 is the one that would have to act; its cooldown is what holds it.
        await aws.restoreRegion('us-east-1');
        for (const scene of [east, west]) {
          await scene.until('Protected', ({ phase }) => phase === 'Protected');
          await scene.untilPassing();
        }
        await aws.loseRegion('us-west-2');
        await east.untilCondition('Progressing', 'CooldownActive');
        await east.letRoundsPass(QUIET_ROUNDS, 'us-east-1');
        expect(aws.callsOf({ action: 'FailoverGlobalCluster' })).toHaveLength(1);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given that the operator of the target’s region is down, then the one in the primary’s region holds and says whose turn it is, a person may force there, and nothing is done twice',
    () =>
      play({ one: 'us-east-1', other: 'us-west-2' }, {}, async ({ one: east, other: west }) => {
        const { aws } = east;
        await Promise.all(west.operators.map((operator) => operator.kill()));
        await aws.loseRegion('us-east-1');

        const held = await east.untilCondition('Progressing', 'WrongOperatorRegion');
        expect(JSON.stringify(held.conditions)).toContain('the operator in us-west-2 is the one to fail over to it');
        await east.letRoundsPass(QUIET_ROUNDS);
        expect(east.mutatingCalls).toEqual([]);

        expect(await east.ask({ 'force-failover': 'any', 'accept-data-loss': 'true' })).toMatchObject({
          result: 'Accepted',
        });
        expect(await theOnly(east)).toMatchObject({ type: 'Failover', trigger: 'Annotation', outcome: 'Succeeded' });
        await expectPublished(east, 'us-west-2');

        // Back again, the other one finds it done.
        west.startOperator();
        expect(await theOnly(west)).toMatchObject({ type: 'Failover', trigger: 'External', outcome: 'Succeeded' });
        await expectPublished(west, 'us-west-2');
        expect(east.mutatingCalls).toHaveLength(1);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given that the operator of the target’s region was down at the loss, when it starts during the outage, then it fails over',
    () =>
      play({ one: 'us-east-1', other: 'us-west-2' }, {}, async ({ one: east, other: west }) => {
        const { aws } = west;
        await Promise.all(west.operators.map((operator) => operator.kill()));
        await aws.loseRegion('us-east-1');
        await east.untilCondition('Progressing', 'WrongOperatorRegion');

        west.startOperator();

        expect(await theOnly(west)).toMatchObject({ type: 'Failover', trigger: 'Automatic', outcome: 'Succeeded' });
        expect(await theOnly(east)).toMatchObject({ trigger: 'External', outcome: 'Succeeded' });
        expect(aws.callsOf({ action: 'FailoverGlobalCluster' })).toHaveLength(1);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a request in one cluster, then that one switches over, and the other records it as somebody else’s',
    () =>
      play({ one: 'us-east-1', other: 'us-west-2' }, {}, async ({ one: east, other: west }) => {
        const answer = await east.ask({ 'force-failover': 'us-west-2', 'force-type': 'Switchover' });

        expect(answer).toMatchObject({ result: 'Accepted' });
        expect(await theOnly(east)).toMatchObject({ type: 'Switchover', trigger: 'Annotation', outcome: 'Succeeded' });
        expect(await theOnly(west)).toMatchObject({ type: 'Switchover', trigger: 'External', outcome: 'Succeeded' });
        expect((await west.status()).lastRequest).toBeUndefined();
        expect(east.mutatingCalls).toEqual([
          expect.objectContaining({ action: 'SwitchoverGlobalCluster', region: 'us-east-1', result: 'ok' }),
        ]);
        await Promise.all([expectPublished(east, 'us-west-2'), expectPublished(west, 'us-west-2')]);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given three regions, when the primary’s is lost, then the operator in the preferred one acts and the other holds',
    () =>
      play(
        { one: 'us-west-2', other: 'eu-west-1' },
        {
          aws: { regions: ['us-east-1', 'us-west-2', 'eu-west-1'] },
          cluster: { regions: ['us-east-1', 'us-west-2', 'eu-west-1'] },
          spec: {
            regions: [
              { name: 'us-east-1', clusterIdentifier: 'aurora-prod', promotion: 'Prefer' },
              { name: 'us-west-2', clusterIdentifier: 'aurora-prod', promotion: 'Allow' },
              { name: 'eu-west-1', clusterIdentifier: 'aurora-prod', promotion: 'Prefer' },
            ],
          },
        },
        async ({ one: west, other: europe }) => {
          const { aws } = west;
          await aws.loseRegion('us-east-1');

          expect(await theOnly(europe)).toMatchObject({ trigger: 'Automatic', to: 'eu-west-1', outcome: 'Succeeded' });
          expect(await theOnly(west)).toMatchObject({ trigger: 'External', to: 'eu-west-1', outcome: 'Succeeded' });
          expect(west.mutatingCalls).toEqual([
            expect.objectContaining({ action: 'FailoverGlobalCluster', region: 'eu-west-1', result: 'ok' }),
          ]);
          await Promise.all([expectPublished(west, 'eu-west-1'), expectPublished(europe, 'eu-west-1')]);
        },
      ),
    SCENE_TIMEOUT,
  );
});
