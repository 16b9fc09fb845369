import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findCondition } from '../../operator/api/v1alpha1/conditions.ts';
import { fenceEvent } from '../aws/world/rds-events.ts';
import type { OutageMode } from '../aws/server/writer-endpoint.ts';
import { POLICY, type Notified, type PolicyScene } from './harness/policy-scene.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';

/** Three times the failure threshold, and one: whoever wanted to act would have acted. */
const QUIET_ROUNDS = 10;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
}, SCENE_TIMEOUT);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

interface Loss {
  readonly from: string;
  readonly to: string;
  readonly mode: OutageMode;
}

/** Loses a region and follows the failover from its registration to its end. Gives the operation's id. */
async function loseAndFailOver(scene: PolicyScene, { from, to, mode }: Loss): Promise<string> {
  const { aws } = scene;
  const before = scene.mutatingCalls.length;
  const ended = (await scene.status()).history?.length ?? 0;
  // No answer yet, and no promotion: what was written before the call can be told from what came after.
  const hold = aws.setFault({ region: to, action: 'FailoverGlobalCluster', fault: { kind: 'hold' } });
  aws.nextOperation({ outcome: 'stuck', stuckIn: 'promoting' });
  await aws.loseRegion(from, { mode });
  const call = await scene.untilCall(
    ({ action }) => action === 'FailoverGlobalCluster' && scene.mutatingCalls.length > before,
  );
  const registered = await scene.status();
  expect(call).toMatchObject({ region: to, result: 'ok', input: { AllowDataLoss: 'true' } });
  expect(call.input['TargetDbClusterIdentifier']).toBe(aws.cluster(to, 'aurora-prod').arn);
  expect(registered).toMatchObject({
    phase: 'FailingOver',
    operation: { type: 'Failover', trigger: 'Automatic', from, to, step: 'Accepted', attempts: 0 },
  });
  const id = registered.operation?.id ?? '';
  expect(Date.parse(registered.operation?.startedAt ?? '')).toBeLessThanOrEqual(call.at);
  aws.clearFaults(hold);
  // Alongside the call, clients are kept from the old writer.
  await scene.untilPublished('the old writer withdrawn', ({ name, state }) => {
    return name === 'fenced.invalid' && state === 'fenced';
  });
  await aws.releaseOperation('complete');

  const { history = [], ...after } = await scene.untilHistory(ended + 1);
  const [entry] = history;
  expect(entry).toMatchObject({ id, type: 'Failover', trigger: 'Automatic', from, to, outcome: 'Succeeded' });
  const lost = aws.trueDataLoss().milliseconds;
  expect(entry?.estimatedDataLossMilliseconds).toBe(lost);
  expect(entry?.worstCaseDataLossMilliseconds).toBeGreaterThanOrEqual(lost ?? NaN);
  const times = [entry?.detectedAt, entry?.startedAt, entry?.promotedAt, entry?.publishedAt, entry?.completedAt];
  const instants = times.map((time) => Date.parse(time ?? ''));
  expect(instants).toEqual(instants.toSorted((a, b) => a - b));
  expect(entry?.recoveryTimeMilliseconds).toBe((instants[4] ?? 0) - (instants[0] ?? 0));
  expect(after.primaryRegion).toBe(to);
  expect(Date.parse(after.cooldownUntil ?? '')).toBeGreaterThan(Date.now());
  expect(findCondition(after.conditions, 'SplitBrainRisk')).toMatchObject({ status: 'True' });

  const writer = aws.cluster(to, 'aurora-prod').address;
  expect(await scene.published()).toEqual({ name: writer, state: 'published', region: to, endpoint: writer });
  expect(scene.mutatingCalls).toHaveLength(before + 1);
  return id;
}

/** The lost region returns: its old primary is followed, what it had is kept, and the policy is whole again. */
async function rejoin(scene: PolicyScene, region: string): Promise<void> {
  const { aws } = scene;
  const risk = (): Promise<number> => scene.operators[0]?.metric('aurora_dr_split_brain_risk') ?? Promise.resolve(NaN);
  await scene.untilRegion(region, ({ synchronizationStatus }) => synchronizationStatus === 'pending-resync');
  expect(findCondition((await scene.status()).conditions, 'SplitBrainRisk')).toMatchObject({ status: 'True' });
  expect(await risk()).toBe(1);
  expect(aws.callsOf({ action: 'DescribeDBClusterSnapshots' })).toEqual([]);
  // Aurora needs minutes to hours for it, many rounds.
  await aws.holdResynchronization(region, 'aurora-prod');
  await aws.restoreRegion(region);
  const returning = await scene.untilCondition('SplitBrainRisk', 'OldPrimaryResynchronizing', 'True');
  expect(findCondition(returning.conditions, 'SplitBrainRisk')?.message).toContain('pending-resync');
  expect(returning.splitBrain).toMatchObject({ region, state: 'Resynchronizing' });
  await aws.holdResynchronization(region, 'aurora-prod', false);
  await scene.untilRegion(region, ({ synchronizationStatus }) => synchronizationStatus === 'connected');
  await scene.untilCondition('SplitBrainRisk', 'NoRisk', 'False');
  await keepSnapshot(scene, region);
  await scene.until('Protected again', ({ phase }) => phase === 'Protected');
  await scene.untilPassing();
  expect(await risk()).toBe(0);
}

/** Aurora's snapshot of the old primary becomes one that does not expire, with its key and its tags, by one call. */
async function keepSnapshot(scene: PolicyScene, region: string): Promise<void> {
  const { aws } = scene;
  const { rescueSnapshots = [], history = [] } = await scene.until('what the old primary had is kept', (status) => {
    return status.rescueSnapshots?.[0]?.state === 'Kept';
  });
  aws.world.settle();
  const [original, copy, ...others] = aws.world.snapshots;
  expect(others).toEqual([]);
  expect(original).toMatchObject({ snapshotType: 'automated', region });
  expect(copy).toMatchObject({
    snapshotType: 'manual',
    region,
    sourceArn: original?.arn,
    kmsKeyId: original?.kmsKeyId,
    tags: original?.tags,
  });
  expect(rescueSnapshots).toMatchObject([
    { operationId: history[0]?.id, region, source: original?.identifier, snapshotArn: copy?.arn },
  ]);
  expect(aws.callsOf({ action: 'CopyDBClusterSnapshot' })).toHaveLength(1);
  await scene.untilEvents('OldPrimaryResynchronizing', 'RescueSnapshotKept', 'SplitBrainRiskOver');
}

describe('the loss of a primary region', () => {
  test.concurrent(
    'given a protected policy, when the primary region refuses, then one failover; and when the new primary is lost too, the cooldown holds until it is acknowledged',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect({ notifications: scene.addTopics() });
        const id = await loseAndFailOver(scene, { from: 'us-east-1', to: 'us-west-2', mode: 'refuse' });

        const started = await scene.untilNotified('FailoverStarted');
        expect(started.subject).toBe(`Aurora failover started: us-east-1 -> us-west-2 (${scene.namespace}/${POLICY})`);
        expect(started.operation).toMatchObject({ id, from: 'us-east-1', to: 'us-west-2', trigger: 'Automatic' });
        const completed = await scene.untilNotified('FailoverCompleted');
        expect(completed.operation).toMatchObject({ id, outcome: 'Succeeded', estimatedDataLossMilliseconds: 120 });
        expect(completed.policy).toEqual({ namespace: scene.namespace, name: POLICY });
        expect(scene.notifications('us-east-1').filter(({ kind }) => kind.startsWith('Failover'))).toEqual([]);
        await scene.untilEvents('PrimaryUnhealthy', 'FailoverStarted', 'FailoverCompleted', 'SplitBrainRisk');
        expect(await scene.kubectl(['describe', 'drp', POLICY])).toMatch(/FailoverCompleted .*us-west-2 Succeeded/);

        await rejoin(scene, 'us-east-1');
        const risksTold = (): readonly Notified[] =>
          scene.notifications('us-west-2').filter(({ kind }) => kind === 'SplitBrainRisk');
        await scene.untilTrue('three notifications of the risk', () => risksTold().length >= 3);
        expect(risksTold().map(({ message }) => message.split(':')[0])).toEqual([
          expect.stringMatching(/^OldPrimary(NotRejoined|Fenced)$/),
          'OldPrimaryResynchronizing',
          'NoRisk',
        ]);
        expect((await scene.untilNotified('RescueSnapshotKept')).message).toContain('us-east-1/aurora-prod');
        expect(scene.mutatingCalls).toHaveLength(1);

        await aws.loseRegion('us-west-2');
        await scene.untilCondition('Progressing', 'CooldownActive', 'False');
        await scene.letRoundsPass(QUIET_ROUNDS, 'us-east-1');
        const held = await scene.status();
        expect([held.operation, held.history?.length, scene.mutatingCalls.length]).toEqual([undefined, 1, 1]);
        expect((await scene.untilNotified('FailoverBlocked', 'us-east-1')).message).toContain('CooldownActive');

        expect(await scene.ask({ acknowledge: id })).toMatchObject({ result: 'Accepted', action: 'acknowledge' });
        const { history = [] } = await scene.untilHistory(2);
        expect(history[0]).toMatchObject({ trigger: 'Automatic', from: 'us-west-2', to: 'us-east-1' });
        expect(scene.mutatingCalls.map(({ action, region }) => [action, region])).toEqual([
          ['FailoverGlobalCluster', 'us-west-2'],
          ['FailoverGlobalCluster', 'us-east-1'],
        ]);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a primary in us-west-2, when that region falls silent, then one failover to us-east-1, and it re-joins',
    () =>
      stage.play({ cluster: { regions: ['us-west-2', 'us-east-1'] } }, async (scene) => {
        await scene.protect();
        await loseAndFailOver(scene, { from: 'us-west-2', to: 'us-east-1', mode: 'blackhole' });
        await rejoin(scene, 'us-west-2');
        expect(scene.mutatingCalls).toHaveLength(1);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a primary in us-east-1 and a long timeout, when that region falls silent, then nothing waits for it once AWS was called',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        // A round that waited for the lost region would outlast the whole promotion.
        aws.nextOperation({ durations: { pending: 200, promoting: 6_000 } });
        const detection = scene.detection({ interval: '4s', timeout: '3900ms', failureThreshold: 1 });
        await scene.protect({ detection });
        await aws.loseRegion('us-east-1', { mode: 'blackhole' });
        const call = await scene.untilCall({ action: 'FailoverGlobalCluster' });
        const { history = [] } = await scene.untilHistory(1);
        expect(history[0]).toMatchObject({ to: 'us-west-2', outcome: 'Succeeded' });
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-west-2' });

        // All this while the region is still lost; and the survivor was watched all along.
        const { promotedAt = 0 } = aws.operations[0] ?? {};
        const walks = aws.callsOf({ region: 'us-west-2', action: 'DescribeGlobalClusters', after: call.number });
        expect(walks.filter(({ at }) => at < promotedAt).length).toBeGreaterThanOrEqual(4);
        expect(scene.mutatingCalls).toHaveLength(1);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a suspended policy, when the region is lost, then nothing happens until it is un-suspended: the votes survive',
    () =>
      stage.play({ spec: { suspend: true } }, async (scene) => {
        const { aws } = scene;
        scene.startOperator();
        await scene.applyPolicy();
        await scene.untilCondition('Suspended', 'SuspendedBySpec', 'True');
        await scene.untilPassing();
        await aws.loseRegion('us-east-1');
        await scene.untilCondition('Progressing', 'Suspended', 'False');
        await scene.letRoundsPass(QUIET_ROUNDS);
        expect(await scene.status()).toMatchObject({ phase: 'Suspended', history: [] });
        expect(scene.mutatingCalls).toEqual([]);
        await scene.patchSpec({ suspend: false });
        const { history = [] } = await scene.untilHistory(1);
        expect(history[0]).toMatchObject({ type: 'Failover', trigger: 'Automatic', outcome: 'Succeeded' });
        expect(scene.mutatingCalls).toHaveLength(1);
      }),
    SCENE_TIMEOUT,
  );
});

describe('required fencing', () => {
  /** Loses the region; AWS promotes the other, and the new writer is not published. */
  async function failOverUnpublished(scene: PolicyScene, fence: 'none' | 'timed-out'): Promise<string> {
    const { aws } = scene;
    await scene.protect({ fencing: { mode: 'Required' } });
    aws.nextOperation({ fence });
    await aws.loseRegion('us-east-1');
    const words = fence === 'none' ? 'RDS-EVENT-0390' : 'RDS-EVENT-0391';
    const { operation: promoted, conditions } = await scene.until(`promoted, waiting for ${words}`, (status) => {
      const { step, message = '' } = status.operation ?? {};
      return step === 'Promoted' && message.includes(words);
    });
    expect(promoted?.fence).toBe(fence === 'none' ? 'Unknown' : 'TimedOut');
    expect(findCondition(conditions, 'EndpointPublished')).toMatchObject({ status: 'False', reason: 'AwaitingFence' });
    await scene.letRoundsPass(QUIET_ROUNDS);
    expect((await scene.status()).operation).toMatchObject({ id: promoted?.id, step: 'Promoted' });
    expect(await scene.published()).toMatchObject({ name: 'fenced.invalid', state: 'fenced' });
    return promoted?.id ?? '';
  }

  test.concurrent(
    'given required fencing, when RDS says nothing of the fence, then the new writer is published only after event 0390',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        const id = await failOverUnpublished(scene, 'none');
        const [old, target] = [aws.cluster('us-east-1', 'aurora-prod'), aws.cluster('us-west-2', 'aurora-prod')];
        const event = fenceEvent('succeeded', old, target, aws.now());
        aws.world.events.push(...(event === undefined ? [] : [event]));
        const { history = [], conditions } = await scene.untilHistory(1);
        expect(history[0]).toMatchObject({ id, outcome: 'Succeeded' });
        expect(findCondition(conditions, 'SplitBrainRisk')).toMatchObject({
          status: 'True',
          reason: 'OldPrimaryFenced',
        });
        expect(await scene.published()).toMatchObject({ name: target.address, state: 'published' });
        expect(scene.mutatingCalls).toHaveLength(1);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given required fencing, when RDS gives the fence up (0391), then the new writer is published only once a person confirms',
    () =>
      stage.play({}, async (scene) => {
        const id = await failOverUnpublished(scene, 'timed-out');
        expect(await scene.ask({ 'confirm-fenced': id })).toMatchObject({ result: 'Accepted' });
        const { history = [] } = await scene.untilHistory(1);
        expect(history[0]).toMatchObject({ id, outcome: 'Succeeded' });
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-west-2' });
        expect(scene.mutatingCalls).toHaveLength(1);
      }),
    SCENE_TIMEOUT,
  );
});

describe('an operation that somebody else started', () => {
  test.concurrent(
    'given a protected policy, when somebody else switches over, then it is adopted, published and recorded, and automation rests',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect({ notifications: scene.addTopics() });
        aws.nextOperation({ outcome: 'stuck', stuckIn: 'promoting' });
        aws.startOperation('switchover', 'us-west-2');
        const adopted = await scene.until('adopted', (status) => status.operation !== undefined);
        expect(adopted).toMatchObject({
          phase: 'SwitchingOver',
          operation: { type: 'Switchover', trigger: 'External', from: 'us-east-1', to: 'us-west-2' },
        });
        await aws.releaseOperation('complete');
        const { history = [], cooldownUntil, primaryRegion } = await scene.untilHistory(1);
        expect(history[0]).toMatchObject({ trigger: 'External', type: 'Switchover', outcome: 'Succeeded' });
        expect(primaryRegion).toBe('us-west-2');
        expect(Date.parse(cooldownUntil ?? '')).toBeGreaterThan(Date.now());
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-west-2' });
        expect((await scene.untilNotified('SwitchoverCompleted')).operation).toMatchObject({ trigger: 'External' });
        expect(scene.mutatingCalls).toEqual([]);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a lost region, when somebody else fails over before the operator does, then it is followed and never doubled',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        aws.nextOperation({ outcome: 'stuck', stuckIn: 'promoting' });
        await aws.loseRegion('us-east-1');
        aws.startOperation('failover', 'us-west-2');
        await scene.until('adopted', (status) => status.operation?.trigger === 'External');
        // Longer than the operator would take to decide by itself.
        await scene.letRoundsPass(QUIET_ROUNDS);
        await aws.releaseOperation('complete');
        const { history = [], phase } = await scene.untilHistory(1);
        expect(history[0]).toMatchObject({
          trigger: 'External',
          type: 'Failover',
          to: 'us-west-2',
          outcome: 'Succeeded',
        });
        expect(phase).not.toBe('FailingOver');
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-west-2' });
        await scene.letRoundsPass(QUIET_ROUNDS);
        expect(scene.mutatingCalls).toEqual([]);
        expect(aws.operations).toHaveLength(1);
      }),
    SCENE_TIMEOUT,
  );
});
