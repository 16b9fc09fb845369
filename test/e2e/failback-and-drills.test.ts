import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findCondition } from '../../operator/api/v1alpha1/conditions.ts';
import type { PolicyScene } from './harness/policy-scene.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';

/** A busy machine plans the drill before its minute comes. */
const AHEAD_MILLISECONDS = 30_000;
/** Until that minute, and what it takes to be seen. */
const NEXT_MINUTE_MILLISECONDS = 210_000;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
}, SCENE_TIMEOUT);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

const calls = (scene: PolicyScene): string[] => scene.mutatingCalls.map(({ action, region }) => `${action} ${region}`);

/** Minute and hour, in UTC, of the first full minute after so long: a window or a schedule of that day only. */
function cronAfter(milliseconds: number): string {
  const then = new Date(Date.now() + milliseconds + 60_000);
  return `${then.getUTCMinutes()} ${then.getUTCHours()} * * *`;
}

describe('failback by the operator itself', () => {
  test.concurrent(
    'given a preferred region that is back, when it was fit for long enough and the window is open, then kubectl shows a switchover home',
    () =>
      stage.play({}, async (scene) => {
        const closed = [{ schedule: cronAfter(7_200_000), duration: '1h' }];
        await scene.protect({
          failover: { cooldown: '1s' },
          failback: { mode: 'Automatic', stabilization: '2s', windows: closed },
        });
        await scene.aws.loseRegion('us-east-1');
        await scene.until('failed over', ({ history = [] }) => history[0]?.outcome === 'Succeeded');
        await scene.aws.restoreRegion('us-east-1');

        // All is well, and the window is closed: it says when it opens.
        await scene.untilCondition('Progressing', 'FailbackOutsideWindow', 'False');
        const { conditions, failback } = await scene.status();
        expect(findCondition(conditions, 'Progressing')?.message).toContain('the next window opens at');
        expect(failback).toMatchObject({ region: 'us-east-1' });
        expect(calls(scene)).toEqual(['FailoverGlobalCluster us-west-2']);

        // Somebody opens the day.
        await scene.patchSpec({ failback: { windows: [{ schedule: '* * * * *', duration: '1h' }] } });
        const { history: [back] = [] } = await scene.until(
          'failed back',
          ({ history = [] }) => history[0]?.trigger === 'Failback' && history[0].outcome === 'Succeeded',
        );
        expect(back).toMatchObject({ type: 'Switchover', from: 'us-west-2', to: 'us-east-1', automatic: true });
        expect(calls(scene)).toEqual(['FailoverGlobalCluster us-west-2', 'SwitchoverGlobalCluster us-west-2']);
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-east-1' });
        await scene.until(
          'nothing more to do',
          ({ failback, phase }) => failback === undefined && phase === 'Protected',
        );
      }),
    SCENE_TIMEOUT,
  );
});

describe('drills', () => {
  test.concurrent(
    'given kubectl annotate drill=Switchover, when the operator is killed on the way, then the writer goes there and comes home, once',
    () =>
      stage.play({}, async (scene) => {
        await scene.protect({ drill: {} });
        scene.aws.nextOperation({ outcome: 'stuck', stuckIn: 'promoting' });
        const answer = await scene.ask({ drill: 'Switchover' });
        expect(answer).toMatchObject({ action: 'drill', result: 'Accepted' });
        await scene.until(
          'on its way',
          ({ drill, operation }) => drill?.leg === 'There' && operation?.step === 'Promoting',
        );

        await scene.operators[0]?.kill();
        scene.startOperator();
        await scene.aws.releaseOperation('complete');
        const { lastDrill } = await scene.until('the drill is over', (status) => status.lastDrill !== undefined);

        expect(lastDrill).toMatchObject({
          mode: 'Switchover',
          result: 'Succeeded',
          from: 'us-east-1',
          to: 'us-west-2',
        });
        expect(calls(scene)).toEqual(['SwitchoverGlobalCluster us-east-1', 'SwitchoverGlobalCluster us-west-2']);
        const status = await scene.until('Protected', ({ phase }) => phase === 'Protected');
        expect(status).toMatchObject({ primaryRegion: 'us-east-1' });
        expect(status.cooldownUntil).toBeUndefined();
        expect(status.history?.map(({ trigger, outcome }) => `${trigger} ${outcome}`)).toEqual([
          'Drill Succeeded',
          'Drill Succeeded',
        ]);
        await scene.untilEvents('DrillSucceeded');
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a scheduled simulation, when its minute comes, then the result is on record, and nothing is called',
    () =>
      stage.play({}, async (scene) => {
        await scene.protect();
        await scene.patchSpec({ drill: { mode: 'Simulate', schedule: cronAfter(AHEAD_MILLISECONDS) } });
        const planned = await scene.until('planned', ({ nextDrill }) => nextDrill !== undefined);
        const { lastDrill, history, nextDrill } = await scene.until(
          'drilled',
          (status) => status.lastDrill !== undefined,
          NEXT_MINUTE_MILLISECONDS,
        );
        expect(lastDrill).toMatchObject({ mode: 'Simulate', result: 'Succeeded', scheduledFor: planned.nextDrill?.at });
        expect(lastDrill?.checks?.every(({ passed }) => passed)).toBe(true);
        expect(history?.[0]).toMatchObject({ type: 'Simulation', trigger: 'Drill', automatic: true });
        expect(Date.parse(nextDrill?.at ?? '')).toBeGreaterThan(Date.parse(planned.nextDrill?.at ?? ''));
        expect(calls(scene)).toEqual([]);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a target that is being modified, when a drill is asked for, then FailoverReady tells of its failure',
    () =>
      stage.play({}, async (scene) => {
        await scene.protect();
        await scene.patchSpec({ suspend: true });
        await scene.until('suspended', ({ phase }) => phase === 'Suspended');
        expect(await scene.ask({ drill: 'Switchover' })).toMatchObject({ result: 'Refused', reason: 'Suspended' });
        scene.aws.setEngineVersion('us-west-2', 'aurora-prod', '8.0.mysql_aurora.3.07.0');
        await scene.untilRegion('us-west-2', ({ promotable }) => !promotable);
        expect(await scene.ask({ drill: 'Simulate' })).toMatchObject({ result: 'Refused', reason: 'NotReady' });
        const { lastDrill } = await scene.until('told by FailoverReady', ({ conditions }) => {
          return findCondition(conditions, 'FailoverReady')?.message.includes('the last drill (Simulate, ') === true;
        });
        expect(lastDrill).toMatchObject({ result: 'Failed' });
        expect(calls(scene)).toEqual([]);
      }),
    SCENE_TIMEOUT,
  );
});
