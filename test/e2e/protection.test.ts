import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Stage } from './harness/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
}, 120_000);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

describe('a policy on a healthy global cluster', () => {
  test.concurrent(
    'given a healthy global cluster, when a policy is applied, then it is protected',
    () =>
      stage.play({}, async (scene) => {
        await scene.protect();
        expect(scene.mutatingCalls).toEqual([]);
        await scene.letRoundsPass(3);
        await scene.operators[0]!.waitForWalks(2, 'us-west-2');
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-east-1' });
      }),
    120_000,
  );
});
