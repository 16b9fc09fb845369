import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findCondition } from '../../operator/api/v1alpha1/conditions.ts';
import type { FaultKind } from '../aws/world/fault-board.ts';
import type { PolicyScene } from './harness/policy-scene.ts';
import { request } from './harness/request.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
}, SCENE_TIMEOUT);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

/** As the operators of these tests are told: `--unconfirmed-read-window`. */
const readWindowMilliseconds = 3_000;

interface Switchover {
  readonly fault: FaultKind;
  /** How many calls the fault strikes. */
  readonly count: number;
  /** Calls that arrive in AWS altogether. */
  readonly calls: number;
  /** Whether a call that was struck may have taken effect, so that only reads permit another. */
  readonly isAmbiguous: boolean;
}

/** Switches over to the other region while the first calls meet a fault. */
async function switchOverDespite(scene: PolicyScene, { fault, count, calls, isAmbiguous }: Switchover): Promise<void> {
  const { aws } = scene;
  const from = aws.primaryRegion();
  const to = from === 'us-east-1' ? 'us-west-2' : 'us-east-1';
  await scene.untilPassing();
  await scene.untilRegion(to, ({ promotable }) => promotable);
  const before = scene.mutatingCalls.length;
  const operationsBefore = aws.operations.length;
  const { history: historyBefore = [] } = await scene.status();
  aws.setFault({ region: from, action: 'SwitchoverGlobalCluster', fault, count });
  await request(scene, { 'force-failover': to });
  const { history = [] } = await scene.until(
    `the end of a switchover despite ${fault.kind}`,
    ({ operation, history: now = [] }) => operation === undefined && now[0]?.id !== historyBefore[0]?.id,
  );
  expect(history[0]).toMatchObject({ type: 'Switchover', trigger: 'Annotation', to, outcome: 'Succeeded' });
  expect(await scene.published()).toMatchObject({ state: 'published', region: to });
  const made = scene.mutatingCalls.slice(before);
  expect(made).toHaveLength(calls);
  expect(made.filter(({ isCarriedOut }) => isCarriedOut)).toHaveLength(1);
  expect(aws.operations).toHaveLength(operationsBefore + 1);
  const [first, second] = made;
  if (isAmbiguous && first !== undefined && second !== undefined) {
    expect(second.at - first.at).toBeGreaterThanOrEqual(readWindowMilliseconds);
  }
}

describe('what AWS answers to the call', () => {
  test.concurrent(
    'given refusals that pass or whose effect is unknown, when a region is forced, then exactly one call takes effect',
    () =>
      stage.play({}, async (scene) => {
        await scene.protect();
        await switchOverDespite(scene, { fault: { kind: 'throttle' }, count: 2, calls: 3, isAmbiguous: false });
        await switchOverDespite(scene, { fault: { kind: 'serverError' }, count: 1, calls: 2, isAmbiguous: true });
        await switchOverDespite(scene, { fault: { kind: 'garbage' }, count: 1, calls: 2, isAmbiguous: true });
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given calls without an answer, when a region is forced, then exactly one takes effect, and none is repeated that had one',
    () =>
      stage.play({}, async (scene) => {
        await scene.protect();
        const dropped: FaultKind = { kind: 'effectWithoutAnswer', how: 'drop' };
        const silent: FaultKind = { kind: 'effectWithoutAnswer', how: 'hang' };
        await switchOverDespite(scene, { fault: dropped, count: 1, calls: 1, isAmbiguous: true });
        await switchOverDespite(scene, { fault: { kind: 'refuse' }, count: 1, calls: 2, isAmbiguous: true });
        await switchOverDespite(scene, { fault: silent, count: 1, calls: 1, isAmbiguous: true });
        await switchOverDespite(scene, { fault: { kind: 'hang' }, count: 1, calls: 2, isAmbiguous: true });
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a denial, when the loss of a region is acted on, then people are told, and it works once allowed, without a rest',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect({ notifications: scene.addTopics() });
        const denial = aws.setFault({
          region: 'us-west-2',
          action: 'FailoverGlobalCluster',
          fault: { kind: 'accessDenied' },
        });
        await aws.loseRegion('us-east-1');
        const denied = await scene.untilCondition('Progressing', 'RefusedByAws', 'True');
        expect(denied.operation).toMatchObject({
          type: 'Failover',
          trigger: 'Automatic',
          step: 'Accepted',
          message: expect.stringContaining('not authorized'),
        });
        expect(denied).toMatchObject({ primaryRegion: 'us-east-1', history: [] });
        await scene.untilEvents('RefusedByAws');
        expect((await scene.untilNotified('FailoverBlocked')).message).toContain('RefusedByAws');
        const refused = scene.mutatingCalls.length;

        // An answer that never comes leaves the doubt to reads, also when the call was automation's own.
        aws.clearFaults(denial);
        aws.setFault({
          region: 'us-west-2',
          action: 'FailoverGlobalCluster',
          fault: { kind: 'serverError' },
          count: 1,
        });
        const { history = [] } = await scene.untilHistory(1);
        expect(history[0]).toMatchObject({
          id: denied.operation?.id,
          type: 'Failover',
          trigger: 'Automatic',
          outcome: 'Succeeded',
        });
        const carriedOut = scene.mutatingCalls.map(({ isCarriedOut }) => isCarriedOut);
        expect(carriedOut.filter((isCarriedOut) => isCarriedOut)).toHaveLength(1);
        const [lost, repeated, ...more] = scene.mutatingCalls.filter(({ result }) => result !== 'AccessDenied');
        expect(more).toEqual([]);
        expect(scene.mutatingCalls.length - 2).toBeGreaterThanOrEqual(refused);
        expect((repeated?.at ?? 0) - (lost?.at ?? 0)).toBeGreaterThanOrEqual(readWindowMilliseconds);
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-west-2' });
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given AWS denies every look, when people are told, then by notification too, and again when it is over',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect({ notifications: scene.addTopics() });
        const denial = aws.setFault({ region: '*', action: 'rds', fault: { kind: 'accessDenied' } });
        await scene.untilCondition('Ready', 'AccessDenied', 'False');
        await scene.untilEvents('NotReady');
        const lost = await scene.untilNotified('ObservationLost');
        expect(lost.message).toContain('AccessDenied');
        aws.clearFaults(denial);
        await scene.untilCondition('Ready', 'Observed', 'True');
        await scene.until('a second notification', () => {
          return scene.notifications('us-west-2').filter(({ kind }) => kind === 'ObservationLost').length === 2;
        });
        expect(scene.notifications('us-west-2').at(-1)?.subject).toContain('observation lost: over');
        expect(scene.mutatingCalls).toEqual([]);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given AWS denies the copy of the old primary’s snapshot, when it is back, then people hear what to do, and the rest goes on',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect({ notifications: scene.addTopics() });
        const denial = aws.setFault({ region: '*', action: 'CopyDBClusterSnapshot', fault: { kind: 'accessDenied' } });
        await aws.loseRegion('us-east-1');
        await scene.untilHistory(1);
        await aws.restoreRegion('us-east-1');
        await scene.untilCondition('SplitBrainRisk', 'NoRisk', 'False');
        const { rescueSnapshots: refused = [] } = await scene.until('refused', ({ rescueSnapshots = [] }) => {
          return rescueSnapshots[0]?.state === 'Refused';
        });
        expect(refused[0]?.message).toContain('allow rds:CopyDBClusterSnapshot');
        expect((await scene.untilNotified('RescueSnapshotFailed')).message).toContain('rds:CopyDBClusterSnapshot');
        await scene.until('Protected again', ({ phase }) => phase === 'Protected');
        expect(await scene.operators[0]?.metric('aurora_dr_rescue_snapshots_pending')).toBe(1);
        aws.clearFaults(denial);
        await scene.until('kept', ({ rescueSnapshots = [] }) => rescueSnapshots[0]?.state === 'Kept');
        await scene.untilNotified('RescueSnapshotKept');
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given the surviving region throttles the call and then refuses connections too, when it answers again, then one call takes effect',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        const throttling = aws.setFault({
          region: 'us-west-2',
          action: 'FailoverGlobalCluster',
          fault: { kind: 'throttle' },
        });
        await aws.loseRegion('us-east-1');
        const [operator] = scene.operators;
        // The answer has arrived: that the call had no effect is certain.
        await operator?.waitForLine('Rate exceeded');
        await aws.cutOff('us-west-2');
        aws.clearFaults(throttling);
        const struck = scene.mutatingCalls.length;
        // Blind now: the loss must be seen again before the call may be made.
        await operator?.waitForWalks(4, 'us-west-2');
        expect(scene.mutatingCalls).toHaveLength(struck);
        const { regions, conditions } = await scene.untilCondition('Ready', 'SelfIsolated');
        expect(regions?.map(({ role }) => role)).toEqual(['Primary', 'Secondary']);
        expect(findCondition(conditions, 'ReplicationHealthy')).toMatchObject({ status: 'Unknown' });
        await aws.restoreRegion('us-west-2');
        const { history } = await scene.untilHistory(1);
        expect(history?.[0]).toMatchObject({ type: 'Failover', to: 'us-west-2', outcome: 'Succeeded' });
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-west-2' });
        expect(scene.mutatingCalls).toHaveLength(struck + 1);
        expect(aws.operations).toHaveLength(1);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given operations that AWS cancels, fails or leaves stuck, then history says so, nothing is repeated, and a late success counts',
    () =>
      stage.play({ spec: { failover: { timeout: '8s' } } }, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        const before = await scene.published();

        aws.nextOperation({ outcome: 'cancelled', durations: { cancelling: 1_000 } });
        await request(scene, { 'force-failover': 'us-west-2' });
        const cancelled = await scene.until('cancelled', ({ history = [] }) => history.length === 1);
        expect(cancelled.history?.[0]).toMatchObject({ type: 'Switchover', outcome: 'Cancelled' });
        expect(cancelled.primaryRegion).toBe('us-east-1');
        await scene.until('protected again', ({ phase }) => phase === 'Protected');
        expect(await scene.published()).toEqual(before);

        aws.nextOperation({ outcome: 'stuck', stuckIn: 'promoting' });
        await request(scene, { 'force-failover': 'us-west-2' });
        const stuck = await scene.until('timed out', ({ history = [] }) => history.length === 2);
        expect(stuck.history?.[0]).toMatchObject({ type: 'Switchover', outcome: 'TimedOut' });
        // AWS is still at it: clients are kept away until it ends.
        expect(await scene.published()).toMatchObject({ state: 'fenced' });
        expect(await request(scene, { 'force-failover': 'us-west-2' })).toMatchObject({ reason: 'OperationInFlight' });
        await aws.releaseOperation('complete');
        const late = await scene.until('a late success', ({ history = [] }) => history[0]?.outcome === 'Succeeded');
        expect(late.history).toHaveLength(2);
        expect(late.history?.[0]).toMatchObject({
          id: stuck.history?.[0]?.id,
          reason: 'SucceededLate',
          to: 'us-west-2',
          recoveryTimeMilliseconds: expect.any(Number),
        });
        await scene.until('published late', ({ published }) => published?.primaryRegion === 'us-west-2');
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-west-2' });
        expect(scene.mutatingCalls).toHaveLength(2);

        await scene.untilPassing();
        aws.nextOperation({ outcome: 'failed' });
        await aws.loseRegion('us-west-2');
        await scene.untilCondition('PrimaryHealthy', 'PrimaryLost');
        const lossy = { 'force-failover': 'us-east-1', 'accept-data-loss': 'true' };
        await request(scene, lossy);
        const failed = await scene.until('failed', ({ history = [] }) => history.length === 3);
        expect(failed.history?.[0]).toMatchObject({ type: 'Failover', outcome: 'Failed', reason: 'FailedInAws' });
        expect(scene.mutatingCalls).toHaveLength(3);

        aws.nextOperation({ outcome: 'stuck', stuckIn: 'pending' });
        await scene.untilRegion('us-east-1', ({ promotable }) => promotable);
        await request(scene, lossy);
        const pending = await scene.until('timed out', ({ history = [] }) => history.length === 4);
        expect(pending.history?.[0]).toMatchObject({ type: 'Failover', outcome: 'TimedOut' });
        await aws.releaseOperation('complete');
        const second = await scene.until('a late success', ({ history = [] }) => history[0]?.outcome === 'Succeeded');
        expect(second).toMatchObject({ primaryRegion: 'us-east-1', splitBrain: { region: 'us-west-2' } });
        await scene.until('published late', ({ published }) => published?.primaryRegion === 'us-east-1');
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-east-1' });
        expect(scene.mutatingCalls.map(({ action }) => action)).toEqual([
          'SwitchoverGlobalCluster',
          'SwitchoverGlobalCluster',
          'FailoverGlobalCluster',
          'FailoverGlobalCluster',
        ]);
      }),
    SCENE_TIMEOUT,
  );
});
