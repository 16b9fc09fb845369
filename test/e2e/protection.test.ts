import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findCondition } from '../../operator/api/v1alpha1/conditions.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';
import { POLICY, PUBLISHED } from './harness/policy-scene.ts';

/** Three times the failure threshold, and one: whoever wanted to act would have acted. */
const QUIET_ROUNDS = 10;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
}, SCENE_TIMEOUT);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

describe('a policy on a healthy global cluster', () => {
  test.concurrent(
    'given a healthy global cluster, when a policy is applied, then it is protected, published and told by kubectl',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        const writer = aws.cluster('us-east-1', 'aurora-prod');
        const { conditions = [], ...status } = await scene.protect();

        expect(status).toMatchObject({ phase: 'Protected', primaryRegion: 'us-east-1', observedGeneration: 1 });
        expect(status).toMatchObject({ writerEndpoint: writer.address, detectionWindow: '4s800ms', history: [] });
        expect(Object.fromEntries(conditions.map((each) => [each.type, [each.status, each.reason]]))).toMatchObject({
          Ready: ['True', 'Observed'],
          PrimaryHealthy: ['True', 'PrimaryServing'],
          ReplicationHealthy: ['True', 'Replicating'],
          FailoverReady: ['True', 'Protected'],
          Progressing: ['False', 'Idle'],
          EndpointPublished: ['True', 'Published'],
          SplitBrainRisk: ['False', 'NoRisk'],
          Suspended: ['False', 'NotSuspended'],
        });

        const [header = '', row = ''] = (await scene.kubectl(['get', 'drp'])).trim().split('\n');
        expect(header.split(/\s{2,}/)).toEqual(['NAME', 'PHASE', 'PRIMARY', 'LAG', 'READY TO FAIL OVER', 'AGE']);
        expect(row).toMatch(/^tx\s+Protected\s+us-east-1\s+120ms\s+True\s+\d+s$/);

        const service = JSON.parse(await scene.kubectl(['get', 'service', PUBLISHED, '-o', 'json'])) as {
          readonly spec: unknown;
        };
        expect(service.spec).toMatchObject({ type: 'ExternalName', externalName: writer.address });
        expect(await scene.published()).toEqual({
          name: writer.address,
          state: 'published',
          region: 'us-east-1',
          endpoint: writer.address,
        });
        expect(await scene.kubectl(['get', 'aurora-dr', '-o', 'name'])).toContain(`/${POLICY}`);
        expect(scene.mutatingCalls).toEqual([]);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given policies that could never work, when they are applied, then the API server refuses them and says what to write',
    () =>
      stage.play({}, async (scene) => {
        const signals = { controlPlane: {}, replication: {} };
        const [region] = scene.manifest().spec.regions;
        const refused: readonly (readonly [Record<string, unknown>, string])[] = [
          [{ detection: scene.detection({ timeout: '1s' }) }, 'detection.timeout'],
          [{ detection: scene.detection({ signals, quorum: 3 }) }, 'quorum'],
          [{ failover: { mode: 'Automatic', dataLoss: 'Forbid' } }, 'set failover.dataLoss to WithinRecoveryPoint'],
          [{ regions: [region] }, 'spec.regions'],
          [
            { regions: scene.manifest().spec.regions.map((each) => ({ ...each, promotion: 'Never' })) },
            'no promotable region',
          ],
          [{ failover: { cooldown: 'half an hour' } }, 'failover.cooldown'],
        ];
        for (const [spec, words] of refused) {
          await expect(scene.applyPolicy(spec)).rejects.toThrow(words);
        }
        await scene.applyPolicy();
        await expect(scene.patchSpec({ globalClusterIdentifier: 'another' })).rejects.toThrow(
          'globalClusterIdentifier cannot be changed: keep "aurora-global-prod"',
        );
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a healthy system, when CloudWatch is minutes late, then replication is Unknown and nothing happens',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        aws.setMetricDelay(180_000);
        await scene.untilSignal('replication', 'Unknown');
        await scene.letRoundsPass(QUIET_ROUNDS);
        const { phase, incident, history, signals = [] } = await scene.status();
        expect(phase).toBe('Degraded');
        expect(signals.find(({ name }) => name === 'replication')).toMatchObject({
          state: 'Unknown',
          reason: 'SourceSilent',
        });
        expect([incident, history, scene.mutatingCalls]).toEqual([undefined, [], []]);
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-east-1' });
        aws.setMetricDelay(100);
        await scene.until('Protected again', (status) => status.phase === 'Protected');
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a signal that never passed, when the primary region is lost, then it has no vote and nothing happens',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await aws.setWitness(503);
        scene.startOperator();
        const http = { url: aws.witnessUrl() };
        await scene.applyPolicy({ detection: scene.detection({ signals: { controlPlane: {}, endpoint: {}, http } }) });
        await scene.untilVoting('controlPlane', 'endpoint');
        const { conditions, phase } = await scene.untilCondition('FailoverReady', 'NeverObservedPassing', 'False');
        expect(phase).toBe('Unprotected');
        expect(findCondition(conditions, 'FailoverReady')?.message).toContain('http');

        await aws.loseRegion('us-east-1');
        await scene.untilSignal('controlPlane', 'Failing');
        await scene.letRoundsPass(QUIET_ROUNDS);
        const { signals = [], operation, history } = await scene.status();
        expect(signals.map(({ name, state, reason }) => [name, state, reason])).toEqual([
          ['controlPlane', 'Failing', 'NoAnswer'],
          ['endpoint', 'Failing', 'NoAnswer'],
          ['http', 'Unknown', 'NeverObservedPassing'],
        ]);
        expect([operation, history, scene.mutatingCalls]).toEqual([undefined, [], []]);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given regions that both live, when the link between them is cut, then only replication is unhealthy',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        aws.severReplication('us-west-2', 'aurora-prod');
        const severed = await scene.untilCondition('ReplicationHealthy', 'NoSecondaryReceives', 'False');
        expect(findCondition(severed.conditions, 'PrimaryHealthy')?.status).toBe('True');
        await scene.letRoundsPass(QUIET_ROUNDS);
        const { incident, operation, history, phase } = await scene.status();
        expect([incident, operation, history, scene.mutatingCalls]).toEqual([undefined, undefined, [], []]);
        expect(phase).toBe('Degraded');
        await scene.untilEvents('ReplicationUnhealthy');
        aws.severReplication('us-west-2', 'aurora-prod', false);
        await scene.until('Protected again', (status) => status.phase === 'Protected');
      }),
    SCENE_TIMEOUT,
  );
});
