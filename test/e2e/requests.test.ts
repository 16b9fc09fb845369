import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalAws } from '../aws/local-aws.ts';
import { POLICY } from './harness/policy-scene.ts';
import { request } from './harness/request.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
}, SCENE_TIMEOUT);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

function setSynchronization(aws: LocalAws, region: string, status: 'connected' | 'pending-resync'): void {
  const globalCluster = aws.globalCluster();
  for (const member of globalCluster.members) {
    if (member.clusterArn.includes(`:${region}:`)) {
      member.synchronizationStatus = status;
    }
  }
  aws.world.changed(globalCluster, aws.now());
}

describe('what people ask for with annotations', () => {
  test.concurrent(
    'given a healthy primary, when regions are forced in turn, then each request is one switchover, published and recorded',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        const oldName = await scene.publishedName();

        aws.nextOperation({ outcome: 'stuck', stuckIn: 'promoting' });
        // One switchover, sent to the primary's region, while clients are kept from the old writer.
        const accepted = await request(scene, { 'force-failover': 'us-west-2', 'force-type': 'Auto' });
        expect(accepted).toMatchObject({ result: 'Accepted', action: 'force-failover', value: 'us-west-2' });
        const call = await scene.untilCall({ action: 'SwitchoverGlobalCluster' });
        expect(call.region).toBe('us-east-1');
        await scene.until('AWS at work', ({ operation }) => operation?.step === 'Promoting');
        await scene.untilPublished('the old writer withdrawn', ({ name, state, region }) => {
          return name === 'fenced.invalid' && state === 'fenced' && region === 'us-east-1';
        });

        // The same words again are a second request as long as the first is being carried out.
        const second = await request(scene, { 'force-failover': 'us-west-2', 'force-type': 'Auto' });
        expect(second).toMatchObject({ result: 'Refused', reason: 'OperationInFlight' });
        await aws.releaseOperation('complete');
        const { history: [first] = [] } = await scene.until(
          'switched over',
          ({ history = [] }) => history.length === 1,
        );
        expect(first).toMatchObject({
          id: accepted.operationId,
          type: 'Switchover',
          trigger: 'Annotation',
          from: 'us-east-1',
          to: 'us-west-2',
          outcome: 'Succeeded',
        });
        const published = await scene.published();
        expect(published).toMatchObject({ state: 'published', region: 'us-west-2' });
        expect(published.name).not.toBe(oldName);
        expect(await scene.annotations()).toEqual({});

        // And a new request once it is over.
        const third = await request(scene, { 'force-failover': 'us-west-2', 'force-type': 'Auto' });
        expect(third).toMatchObject({ result: 'Refused', reason: 'AlreadyPrimary' });
        expect(scene.mutatingCalls).toHaveLength(1);

        await scene.until('settled', ({ phase }) => phase === 'Protected');
        expect(await request(scene, { acknowledge: 'failover-of-somebody' })).toMatchObject({
          result: 'Refused',
          reason: 'UnknownOperation',
        });
        expect(await request(scene, { acknowledge: first?.id ?? '' })).toMatchObject({ result: 'Accepted' });
        expect((await scene.status()).cooldownUntil).toBeUndefined();
        expect(await request(scene, { failback: 'true' })).toMatchObject({ result: 'Accepted', action: 'failback' });
        const back = await scene.until('failed back', ({ history = [] }) => history.length === 2);
        expect(back.history?.[0]).toMatchObject({ type: 'Switchover', trigger: 'Failback', to: 'us-east-1' });
        expect(await scene.publishedName()).toBe(oldName);

        await scene.until('settled', ({ phase }) => phase === 'Protected');
        expect(await request(scene, { 'force-failover': 'any' })).toMatchObject({ result: 'Accepted' });
        const again = await scene.until('moved to any', ({ history = [] }) => history.length === 3);
        expect(again.history?.[0]).toMatchObject({ type: 'Switchover', to: 'us-west-2', outcome: 'Succeeded' });
        expect(scene.mutatingCalls.map(({ action, region }) => [action, region])).toEqual([
          ['SwitchoverGlobalCluster', 'us-east-1'],
          ['SwitchoverGlobalCluster', 'us-west-2'],
          ['SwitchoverGlobalCluster', 'us-east-1'],
        ]);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given requests that cannot be granted, then each is refused saying why, removed, and AWS is not called',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        const refused = async (values: Record<string, string>, reason: string, message: string): Promise<void> => {
          const answer = await request(scene, values);
          expect(answer).toMatchObject({ result: 'Refused', reason, message: expect.stringContaining(message) });
        };

        await refused({ 'force-failover': 'mars-north-1' }, 'UnknownRegion', 'use us-east-1, us-west-2 or any');
        await refused({ 'force-failover': 'us-east-1' }, 'AlreadyPrimary', 'is the primary already');
        await refused({ 'force-failover': 'us-west-2', 'force-type': 'Quick' }, 'InvalidForceType', 'Auto, Switchover');
        await refused(
          { 'force-failover': 'us-west-2', 'force-type': 'Failover' },
          'DataLossNotAccepted',
          'accept-data-loss',
        );
        await refused({ failback: 'true' }, 'AlreadyPrimary', 'is the primary already');
        await refused({ failback: 'yes' }, 'InvalidValue', 'use "true"');
        await refused({ drill: 'Now' }, 'InvalidValue', 'Simulate');
        await refused({ 'confirm-fenced': 'nothing' }, 'UnknownOperation', 'nothing');
        const drill = await request(scene, { drill: 'Simulate' });
        expect(drill).toMatchObject({ result: 'Accepted', message: expect.stringContaining('us-west-2') });

        // Alone it counts for nothing, and does not arm what comes after it.
        await refused({ 'accept-data-loss': 'true' }, 'RequiresForceFailover', 'cannot arm a later request');
        await refused(
          { 'force-failover': 'us-west-2', 'force-type': 'Failover' },
          'DataLossNotAccepted',
          'accept-data-loss',
        );

        aws.setEngineVersion('us-west-2', 'aurora-prod', '8.0.mysql_aurora.3.07.0');
        await scene.untilRegion('us-west-2', ({ engineVersion }) => engineVersion?.endsWith('3.07.0') === true);
        await refused({ 'force-failover': 'us-west-2' }, 'TargetNotPromotable', '3.07.0');
        aws.setEngineVersion('us-west-2', 'aurora-prod', '8.0.mysql_aurora.3.08.0');
        await scene.untilRegion('us-west-2', ({ promotable }) => promotable);

        // Between "all direct signals pass" and "lost" a person has to say which type is meant.
        await aws.setWitness(200);
        await aws.setEndpoint('us-east-1', 'aurora-prod', 'refuse');
        await scene.until('a failing endpoint', ({ signals = [] }) =>
          signals.some(({ name, state }) => name === 'endpoint' && state === 'Failing'),
        );
        await refused({ 'force-failover': 'us-west-2' }, 'TypeUndecided', 'Switchover (no loss');
        await aws.setEndpoint('us-east-1', 'aurora-prod', 'auto');

        expect(await scene.annotations()).toEqual({});
        await scene.untilEvents('RequestRefused');
        expect(scene.mutatingCalls).toEqual([]);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given targets that AWS would refuse or the policy rules out, when they are forced, then it says why, and Never needs acceptance',
    () =>
      stage.play(
        {
          aws: {
            regions: ['us-east-1', 'us-west-2', 'eu-west-1'],
          },
          cluster: {
            regions: ['us-east-1', 'us-west-2', 'eu-west-1'],
            instances: { 'us-west-2': 0 },
          },
          spec: {
            regions: [
              { name: 'us-east-1', clusterIdentifier: 'aurora-prod', promotion: 'Prefer' },
              { name: 'us-west-2', clusterIdentifier: 'aurora-prod', promotion: 'Allow' },
              { name: 'eu-west-1', clusterIdentifier: 'aurora-prod', promotion: 'Never' },
            ],
          },
        },
        async (scene) => {
          const { aws } = scene;
          scene.startOperator();
          await scene.applyPolicy();
          await scene.untilRegion('us-west-2', ({ reason }) => reason?.startsWith('NoInstance') === true);
          expect(await request(scene, { 'force-failover': 'us-west-2' })).toMatchObject({
            reason: 'TargetNotPromotable',
            message: expect.stringContaining('headless'),
          });
          expect(await request(scene, { 'force-failover': 'any' })).toMatchObject({
            result: 'Refused',
            reason: 'NoCandidate',
          });
          setSynchronization(aws, 'eu-west-1', 'pending-resync');
          await scene.untilRegion(
            'eu-west-1',
            ({ synchronizationStatus }) => synchronizationStatus === 'pending-resync',
          );
          const allowed = { 'force-failover': 'eu-west-1', 'accept-data-loss': 'true' };
          expect(await request(scene, allowed)).toMatchObject({
            reason: 'TargetNotPromotable',
            message: expect.stringContaining('pending-resync'),
          });
          setSynchronization(aws, 'eu-west-1', 'connected');
          await scene.untilRegion('eu-west-1', ({ synchronizationStatus }) => synchronizationStatus === 'connected');
          expect(await request(scene, { 'force-failover': 'eu-west-1' })).toMatchObject({
            result: 'Refused',
            reason: 'PromotionNever',
          });
          expect(scene.mutatingCalls).toEqual([]);
          expect(await request(scene, allowed)).toMatchObject({ result: 'Accepted' });
          const done = await scene.until('switched over', ({ history = [] }) => history.length === 1);
          expect(done.history?.[0]).toMatchObject({ type: 'Switchover', to: 'eu-west-1', outcome: 'Succeeded' });
          expect(scene.mutatingCalls).toHaveLength(1);
          expect(aws.primaryRegion()).toBe('eu-west-1');
        },
      ),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a lost primary, manual mode, suspension and a cooldown, when a failover is forced, then it needs acceptance and nothing else',
    () =>
      stage.play({ spec: { suspend: true, failover: { mode: 'Manual' } } }, async (scene) => {
        const { aws } = scene;
        scene.startOperator();
        await scene.applyPolicy();
        await scene.until('observed', ({ phase }) => phase === 'Suspended');
        await scene.untilPassing();
        await request(scene, { 'force-failover': 'us-west-2' });
        const moved = await scene.until('switched over', ({ history = [] }) => history.length === 1);
        expect(Date.parse(moved.cooldownUntil ?? '')).toBeGreaterThan(Date.now());
        await scene.untilPassing();
        await aws.loseRegion('us-west-2');
        await scene.untilCondition('PrimaryHealthy', 'PrimaryLost');

        expect(await request(scene, { 'force-failover': 'us-east-1' })).toMatchObject({
          result: 'Refused',
          reason: 'DataLossNotAccepted',
          message: expect.stringContaining('accept-data-loss'),
        });
        expect(await request(scene, { 'force-failover': 'us-east-1', 'force-type': 'Switchover' })).toMatchObject({
          result: 'Refused',
          reason: 'PrimaryUnreachable',
        });
        expect(await scene.annotations()).toEqual({});
        await scene.untilEvents('RequestRefused');
        expect(scene.mutatingCalls).toHaveLength(1);

        const accepted = await request(scene, { 'force-failover': 'us-east-1', 'accept-data-loss': 'true' });
        expect(accepted).toMatchObject({ result: 'Accepted', acceptDataLoss: true });
        const { history } = await scene.until('failed over', ({ history = [] }) => history.length === 2);
        expect(history?.[0]).toMatchObject({
          id: accepted.operationId,
          type: 'Failover',
          trigger: 'Annotation',
          from: 'us-west-2',
          to: 'us-east-1',
          outcome: 'Succeeded',
        });
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-east-1' });
        expect(scene.mutatingCalls.map(({ action, region }) => [action, region])).toEqual([
          ['SwitchoverGlobalCluster', 'us-east-1'],
          ['FailoverGlobalCluster', 'us-east-1'],
        ]);
      }),
    SCENE_TIMEOUT,
  );
});

describe('a policy that is deleted', () => {
  test.concurrent(
    'given a switchover at work, when its policy is deleted, then it stays until the end; a new one of that name has no vote before it saw its signals pass',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        aws.nextOperation({ outcome: 'stuck', stuckIn: 'promoting' });
        await request(scene, { 'force-failover': 'us-west-2' });
        await scene.until('AWS at work', ({ operation }) => operation?.step === 'Promoting');
        await scene.kubectl(['delete', 'drp', POLICY, '--wait=false']);
        expect((await scene.policy()).metadata.deletionTimestamp).toBeDefined();
        await scene.letRoundsPass(3);
        expect((await scene.status()).operation).toMatchObject({ step: 'Promoting' });
        await aws.releaseOperation('complete');
        await scene.kubectl(['wait', '--for=delete', `drp/${POLICY}`, '--timeout=55s']);
        expect(aws.operations.map(({ phase }) => phase)).toEqual(['completed']);
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-west-2' });

        // Deleted with a lost primary, and applied anew during the outage: nothing of the old policy counts.
        await aws.loseRegion('us-west-2');
        await scene.applyPolicy();
        await scene.untilSignal('controlPlane', 'Unknown');
        await scene.letRoundsPass(6, 'us-east-1');
        const { signals = [], history } = await scene.status();
        expect(signals.find(({ name }) => name === 'controlPlane')).toMatchObject({
          state: 'Unknown',
          reason: 'NeverObservedPassing',
        });
        expect(history).toEqual([]);
        expect(scene.mutatingCalls).toHaveLength(1);

        // At rest nothing holds it, and what it published stays.
        await scene.kubectl(['delete', 'drp', POLICY, '--timeout=55s']);
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-west-2' });
        expect(scene.mutatingCalls).toHaveLength(1);
      }),
    SCENE_TIMEOUT,
  );
});
