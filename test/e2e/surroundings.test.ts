import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Watchdog } from '../control-plane/watchdog.ts';
import { OperatorProcess } from './harness/operator-process.ts';
import { POLICY, type PolicyScene } from './harness/policy-scene.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';

const watchdog = new Watchdog(undefined);
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
}, SCENE_TIMEOUT);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await watchdog.dismiss();
});

/** Unlike a scene's own, it watches every namespace. */
function startClusterWideOperator({ plane, aws, operators }: PolicyScene): OperatorProcess {
  const flags = ['--kubeconfig', plane.kubeconfig, '--bind-address', '127.0.0.1', '--metrics-port', '0'];
  const others = ['--health-port', '0', '--metric-period', '1s', '--follow-interval', '200ms'];
  const operator = new OperatorProcess({
    flags: [...flags, ...others, ...aws.endpointFlags],
    environment: aws.environment,
    watchdog,
  });
  operators.push(operator);
  return operator;
}

const DECISION = '"action":"decide"';

// One after the other: they take the API server away, or watch every namespace.
describe('an API server that goes away', () => {
  test(
    'given it is dead at the loss and dies again in the failover, when it returns, then one call completes, none of it unrecorded',
    () =>
      stage.play({}, async (scene) => {
        const { aws, plane } = scene;
        await scene.protect();
        const [operator] = scene.operators;
        await plane.killApiServer();
        await aws.loseRegion('us-east-1');
        await operator?.waitForLine(DECISION);
        // Decided, and not to be persisted: AWS must not hear of it.
        await scene.letRoundsPass(4);
        expect(scene.mutatingCalls).toEqual([]);

        aws.nextOperation({ outcome: 'stuck', stuckIn: 'promoting' });
        await plane.startApiServer();
        await scene.untilCall({ action: 'FailoverGlobalCluster' });
        await plane.killApiServer();
        await scene.letRoundsPass(4);
        await aws.releaseOperation('complete');
        await plane.startApiServer();
        const { history } = await scene.untilHistory(1);
        expect(history?.[0]).toMatchObject({
          type: 'Failover',
          trigger: 'Automatic',
          to: 'us-west-2',
          outcome: 'Succeeded',
        });
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-west-2' });
        expect(scene.mutatingCalls).toHaveLength(1);
      }),
    SCENE_TIMEOUT,
  );

  test(
    'given it hangs while the decision is to be persisted, and the operator dies of it, when both are back, then exactly one call is made',
    () =>
      stage.play({}, async (scene) => {
        const { aws, plane } = scene;
        await scene.protect();
        const [operator] = scene.operators;
        plane.pauseApiServer();
        await aws.loseRegion('us-east-1');
        await operator?.waitForLine(DECISION);
        await scene.letRoundsPass(3);
        expect(scene.mutatingCalls).toEqual([]);
        await operator?.kill();
        plane.resumeApiServer();
        scene.startOperator();
        const { history } = await scene.untilHistory(1);
        expect(history?.[0]).toMatchObject({
          type: 'Failover',
          trigger: 'Automatic',
          to: 'us-west-2',
          outcome: 'Succeeded',
        });
        expect(await scene.published()).toMatchObject({ state: 'published', region: 'us-west-2' });
        expect(scene.mutatingCalls).toHaveLength(1);
      }),
    SCENE_TIMEOUT,
  );
});

describe('two policies in one account', () => {
  test(
    'given two global clusters and one operator for all namespaces, when their region is lost, then each fails over once, and reads are shared',
    () =>
      // Names of their own: an operator for all namespaces leaves a global cluster to the oldest policy that names it.
      stage.play({ cluster: { identifier: 'payments' } }, async (scene) => {
        const { aws, plane } = scene;
        await aws.addGlobalCluster({ identifier: 'orders', clusterIdentifier: 'orders' });
        const namespace = `${scene.namespace}-orders`;
        const orders = scene.manifest({
          globalClusterIdentifier: 'orders',
          regions: [
            { name: 'us-east-1', clusterIdentifier: 'orders' },
            { name: 'us-west-2', clusterIdentifier: 'orders' },
          ],
        });
        const policy = { ...orders, metadata: { name: POLICY, namespace } };
        await plane.kubectl(['create', 'namespace', namespace]);
        await scene.applyPolicy();
        await plane.kubectl(['apply', '-f', '-'], { input: JSON.stringify(policy) });
        startClusterWideOperator(scene);
        const other = (path: string, value: string): Promise<string> =>
          plane.kubectl(['-n', namespace, 'wait', `drp/${POLICY}`, `--for=jsonpath=${path}=${value}`, '--timeout=55s']);
        await scene.until('Protected', ({ phase }) => phase === 'Protected');
        await other('{.status.phase}', 'Protected');
        await scene.untilPassing();

        // One walk a round of 1 s and region, however many policies: were it one for each, these would take half the time.
        // So many of them, and not nearly all of that time, for the first may come seconds late on a busy machine.
        const before = aws.calls.at(-1)?.number ?? 0;
        await scene.letRoundsPass(16);
        const walks = aws.callsOf({ region: 'us-west-2', action: 'DescribeGlobalClusters', after: before });
        const [first, last] = [walks.at(0), walks.at(-1)];
        expect((last?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan((walks.length - 1) * 750);

        await aws.loseRegion('us-east-1');
        await scene.untilHistory(1);
        await other('{.status.history[0].outcome}', 'Succeeded');
        expect(scene.mutatingCalls.map(({ region, action }) => [region, action])).toEqual([
          ['us-west-2', 'FailoverGlobalCluster'],
          ['us-west-2', 'FailoverGlobalCluster'],
        ]);
        expect(new Set(aws.operations.map(({ globalClusterIdentifier }) => globalClusterIdentifier)).size).toBe(2);
        expect([aws.primaryRegion('orders'), aws.primaryRegion()]).toEqual(['us-west-2', 'us-west-2']);
      }),
    SCENE_TIMEOUT,
  );
});
