import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findCondition } from '../../operator/api/v1alpha1/conditions.ts';
import type { LagCurve } from '../aws/world/lag-curve.ts';
import { lagMetrics } from '../aws/world/metric-emitter.ts';
import { POLICY, type PolicyScene } from './harness/policy-scene.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';

/** Three times the failure threshold, and one: whoever wanted to act would have acted. */
const QUIET_ROUNDS = 10;

/** A lag of which there never was a sample. */
const neverReported: LagCurve = {
  kind: 'points',
  points: [{ after: -2e12, milliseconds: 120 }, { after: -1e12 }],
};

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
}, SCENE_TIMEOUT);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

/** Nothing was called, registered, recorded or said to have started, and clients are where they were. */
async function expectNothingHappened(scene: PolicyScene): Promise<void> {
  const { operation, history, primaryRegion } = await scene.status();
  expect(scene.mutatingCalls).toEqual([]);
  expect(scene.aws.operations).toEqual([]);
  expect([operation, history, primaryRegion]).toEqual([undefined, [], 'us-east-1']);
  expect(await scene.eventReasons()).not.toContain('FailoverStarted');
  expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-east-1' });
}

describe('a lost primary region that automation must not leave', () => {
  test.concurrent(
    'given manual mode, when the primary region is lost, then nothing happens and people are told',
    () =>
      stage.play({ spec: { failover: { mode: 'Manual' } } }, async (scene) => {
        await scene.protect({ notifications: scene.addTopics() });
        await scene.aws.loseRegion('us-east-1');
        await scene.untilCondition('Progressing', 'ManualMode', 'False');
        await scene.letRoundsPass(QUIET_ROUNDS);
        await expectNothingHappened(scene);
        expect(findCondition((await scene.status()).conditions, 'PrimaryHealthy')?.reason).toBe('PrimaryLost');
        await scene.untilEvents('FailoverBlocked', 'PrimaryUnhealthy');
        expect((await scene.untilNotified('FailoverBlocked')).message).toContain('ManualMode');
        expect(await scene.kubectl(['describe', 'drp', POLICY])).toContain('failover.mode is Manual');
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given lag above the recovery point, when the primary region is lost, then nothing happens and the figure is told',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect({ notifications: scene.addTopics() });
        aws.setLag('us-west-2', 'aurora-prod', 5_000);
        await scene.untilCondition('ReplicationHealthy', 'LagHigh', 'False');
        await scene.untilNotified('ReplicationLagHigh');
        await aws.loseRegion('us-east-1');
        const { conditions } = await scene.untilCondition('Progressing', 'LagAboveRecoveryPoint', 'False');
        expect(findCondition(conditions, 'Progressing')?.message).toContain('5000 ms');
        expect(findCondition(conditions, 'FailoverReady')).toMatchObject({
          status: 'False',
          reason: 'LagAboveRecoveryPoint',
        });
        await scene.letRoundsPass(QUIET_ROUNDS);
        await expectNothingHappened(scene);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given no lag sample ever, when the primary region is lost, then its loss is unknown, not zero, and nothing happens',
    () =>
      stage.play({ cluster: { lag: neverReported } }, async (scene) => {
        const { aws } = scene;
        scene.startOperator();
        await scene.applyPolicy();
        await scene.untilVoting('controlPlane', 'endpoint', 'http');
        const { phase } = await scene.untilCondition('FailoverReady', 'LagUnknown', 'False');
        expect(phase).toBe('Unprotected');
        expect(await scene.kubectl(['get', 'drp', POLICY])).toContain('unknown');
        await aws.loseRegion('us-east-1');
        await scene.untilCondition('Progressing', 'LagUnknown', 'False');
        await scene.letRoundsPass(QUIET_ROUNDS);
        await expectNothingHappened(scene);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given lag samples that ended longer ago than maximumLagAge, when the primary region is lost, then nothing happens',
    () =>
      stage.play({ spec: { failover: { maximumLagAge: '4s' } } }, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        aws.silenceMetrics('us-west-2', 'aurora-prod', lagMetrics);
        await scene.untilCondition('FailoverReady', 'LagUnknown', 'False');
        await aws.loseRegion('us-east-1');
        const { regions = [] } = await scene.untilCondition('Progressing', 'LagUnknown', 'False');
        expect(regions.find(({ name }) => name === 'us-west-2')?.replicationLagMilliseconds).toBe(120);
        await scene.letRoundsPass(QUIET_ROUNDS);
        await expectNothingHappened(scene);
      }),
    SCENE_TIMEOUT,
  );
});

describe('an operator that cannot see', () => {
  test.concurrent(
    'given two healthy regions, when the operator reaches neither, then it takes itself for isolated and nothing happens',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        await Promise.all([aws.cutOff('us-east-1'), aws.cutOff('us-west-2', { mode: 'blackhole' })]);
        await scene.untilCondition('Ready', 'SelfIsolated', 'False');
        await scene.operators[0]?.waitForWalks(QUIET_ROUNDS, 'us-west-2');
        const { conditions, incident, signals = [] } = await scene.status();
        expect(findCondition(conditions, 'PrimaryHealthy')?.status).not.toBe('False');
        expect(signals.filter(({ state }) => state === 'Failing')).toEqual([]);
        expect(incident).toBeUndefined();
        await expectNothingHappened(scene);
        await Promise.all([aws.restoreRegion('us-east-1'), aws.restoreRegion('us-west-2')]);
        await scene.until('Protected again', ({ phase }) => phase === 'Protected');
        expect(scene.mutatingCalls).toEqual([]);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a writer that refuses, when AWS throttles everywhere, then nothing can be told and nothing happens',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        aws.setFault({ region: '*', action: '*', fault: { kind: 'throttle' } });
        await aws.setEndpoint('us-east-1', 'aurora-prod', 'refuse');
        await scene.untilCondition('Ready', 'Throttled', 'False');
        await scene.letRoundsPass(QUIET_ROUNDS);
        const { signals = [] } = await scene.status();
        expect(Object.fromEntries(signals.map(({ name, state, reason }) => [name, [state, reason]]))).toMatchObject({
          controlPlane: ['Unknown', 'Rejected'],
          endpoint: ['Unknown', 'SelfIsolated'],
        });
        await expectNothingHappened(scene);
        aws.clearFaults();
        await aws.setEndpoint('us-east-1', 'aurora-prod', 'auto');
        await scene.until('Protected again', ({ phase }) => phase === 'Protected');
        expect(scene.mutatingCalls).toEqual([]);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a witness that sees the primary, when the operator alone is cut off from its region, then nothing happens',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        await aws.cutOff('us-east-1');
        const seen = { controlPlane: 'Failing', endpoint: 'Failing', replication: 'Passing', http: 'Passing' };
        await scene.untilSignals(seen);
        await scene.letRoundsPass(QUIET_ROUNDS);
        await scene.untilSignals(seen);
        await expectNothingHappened(scene);
        expect((await scene.status()).phase).not.toBe('Protected');
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given no witness, when the operator alone is cut off from the region while replication goes on, then nothing happens',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        const signals = { controlPlane: {}, endpoint: {}, replication: { maximumAge: '3s' } };
        const ready = await scene.protect({ detection: scene.detection({ signals }) });
        expect(findCondition(ready.conditions, 'FailoverReady')).toMatchObject({
          status: 'True',
          reason: 'ProtectedWithoutWitness',
          message: expect.stringContaining('the link between the regions'),
        });
        await aws.cutOff('us-east-1', { mode: 'blackhole' });
        await scene.untilCondition('PrimaryHealthy', 'SignalsFailing', 'False');
        await scene.letRoundsPass(QUIET_ROUNDS);
        await scene.untilSignals({ controlPlane: 'Failing', endpoint: 'Failing', replication: 'Passing' });
        expect((await scene.status()).phase).toBe('Suspect');
        await expectNothingHappened(scene);
      }),
    SCENE_TIMEOUT,
  );
});

describe('a loss that Aurora recovers in its region', () => {
  test.concurrent(
    'given a region that calls the cluster available, when its writer refuses, then automation holds, people are told, and force works',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect({ notifications: scene.addTopics() });
        await aws.setEndpoint('us-east-1', 'aurora-prod', 'refuse');
        const { conditions } = await scene.untilCondition('Progressing', 'InRegionRecovery', 'False');
        expect(findCondition(conditions, 'PrimaryHealthy')).toMatchObject({
          status: 'False',
          reason: 'InRegionRecovery',
        });
        await scene.letRoundsPass(QUIET_ROUNDS);
        await expectNothingHappened(scene);
        expect((await scene.untilNotified('PrimaryUnhealthy')).message).toContain('InRegionRecovery');
        await scene.untilEvents('InRegionRecovery', 'FailoverBlocked');

        const force = { 'force-failover': 'us-west-2', 'force-type': 'Failover', 'accept-data-loss': 'true' };
        expect(await scene.ask(force)).toMatchObject({ result: 'Accepted', acceptDataLoss: true });
        const { history = [] } = await scene.untilHistory(1);
        expect(history[0]).toMatchObject({ type: 'Failover', trigger: 'Annotation', outcome: 'Succeeded' });
        expect(scene.mutatingCalls.map(({ action, region }) => [action, region])).toEqual([
          ['FailoverGlobalCluster', 'us-west-2'],
        ]);
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-west-2' });
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a cluster that is failing over in its region and then upgraded, when its writer is down all the while, then automation holds',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        for (const clusterStatus of ['failing-over', 'upgrading']) {
          await aws.setClusterStatus('us-east-1', 'aurora-prod', clusterStatus);
          await scene.untilRegion('us-east-1', (region) => region.clusterStatus === clusterStatus);
          const { conditions, signals = [] } = await scene.untilCondition('Progressing', 'InRegionRecovery', 'False');
          expect(findCondition(conditions, 'PrimaryHealthy')).toMatchObject({ reason: 'InRegionRecovery' });
          expect(signals.find(({ name }) => name === 'controlPlane')?.reason).toBe('StatusNotAvailable');
          await scene.letRoundsPass(QUIET_ROUNDS);
          await expectNothingHappened(scene);
        }
        await aws.setClusterStatus('us-east-1', 'aurora-prod', undefined);
        await scene.until('Protected again', ({ phase }) => phase === 'Protected');
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given inRegionRecoveryLimit, when the writer stays down for longer, then the hold ends; replication still vetoes, and without it one failover',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        await aws.setEndpoint('us-east-1', 'aurora-prod', 'refuse');
        const { incident } = await scene.untilCondition('Progressing', 'InRegionRecovery', 'False');
        await scene.patchSpec({ failover: { inRegionRecoveryLimit: '6s' } });
        await scene.untilCondition('Progressing', 'VetoedByReplication', 'False');
        await scene.letRoundsPass(QUIET_ROUNDS);
        await expectNothingHappened(scene);
        aws.severReplication('us-west-2', 'aurora-prod');
        const { history = [] } = await scene.untilHistory(1);
        expect(history[0]).toMatchObject({ type: 'Failover', trigger: 'Automatic', outcome: 'Succeeded' });
        expect(history[0]?.detectedAt).toBe(incident?.startedAt);
        expect(scene.mutatingCalls).toHaveLength(1);
      }),
    SCENE_TIMEOUT,
  );
});
