import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { FaultKind } from '../aws/world/fault-board.ts';
import { forceOtherRegion } from './harness/force-other-region.ts';
import { GATE_MESSAGE, holdPublication, holdRequest } from './harness/admission-gate.ts';
import type { OperatorProcess } from './harness/operator-process.ts';
import { POLICY, type PolicyScene } from './harness/policy-scene.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
}, SCENE_TIMEOUT);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

function newestOperator({ operators }: PolicyScene): OperatorProcess {
  const operator = operators.at(-1);
  if (operator === undefined) {
    throw new Error('cannot find an operator: none was started');
  }
  return operator;
}

/** An operator that takes part in the election: a short lease, but one that a busy machine does not let run out. */
function startCandidate(scene: PolicyScene): OperatorProcess {
  const flags = [
    ['--leader-elect', '--leader-election-namespace', scene.namespace],
    ['--lease-duration', '12s', '--renew-deadline', '9s', '--retry-period', '500ms'],
  ];
  return scene.startOperator(flags.flat());
}

const leaseHolder = (scene: PolicyScene): Promise<string> =>
  scene.kubectl(['get', 'lease', 'aurora-dr-operator', '--output=jsonpath={.spec.holderIdentity}']);

async function identityOf(operator: OperatorProcess): Promise<string> {
  const { identity } = JSON.parse(await operator.waitForLine('"starting"')) as { readonly identity: string };
  return identity;
}

/** Waits for the end of the operation in flight; checks that it is the one that was registered before the crash. */
async function expectCompletion(scene: PolicyScene, id: string | undefined): Promise<void> {
  const { history = [] } = await scene.until('the end', ({ operation, history: all = [] }) => {
    return operation === undefined && all[0]?.id === id;
  });
  expect(history[0]).toMatchObject({ outcome: 'Succeeded', to: scene.aws.primaryRegion() });
  expect(await scene.published()).toMatchObject({ state: 'published', region: scene.aws.primaryRegion() });
  expect(await scene.annotations()).toEqual({});
}

/** A call that is never answered, and the operator dies over it. */
async function dieInCall(scene: PolicyScene, fault: FaultKind): Promise<void> {
  const { aws } = scene;
  const after = aws.calls.at(-1)?.number ?? 0;
  aws.setFault({ region: aws.primaryRegion(), action: 'SwitchoverGlobalCluster', fault, count: 1 });
  await forceOtherRegion(scene);
  await scene.untilCall({ action: 'SwitchoverGlobalCluster', after });
  await newestOperator(scene).kill();
  const { operation } = await scene.status();
  expect(operation).toMatchObject({ step: 'Accepted' });
  scene.startOperator();
  await expectCompletion(scene, operation?.id);
}

describe('a killed operator', () => {
  test.concurrent(
    'given it dies before or during the call that a person asked for, when it starts again, then one call takes effect and all is recorded',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        const operator = newestOperator(scene);

        // Registered, and the annotations not removed: AWS was certainly not called.
        const gate = await holdRequest(scene);
        await forceOtherRegion(scene);
        await operator.waitForLine(GATE_MESSAGE);
        const { operation } = await scene.status();
        expect(operation).toMatchObject({ step: 'Accepted', trigger: 'Annotation' });
        expect(scene.mutatingCalls).toEqual([]);
        await operator.kill();
        await gate.open();
        scene.startOperator();
        await expectCompletion(scene, operation?.id);
        expect(scene.mutatingCalls).toHaveLength(1);

        await dieInCall(scene, { kind: 'hang' });
        expect(scene.mutatingCalls.map(({ isCarriedOut }) => isCarriedOut)).toEqual([true, false, true]);
        await dieInCall(scene, { kind: 'effectWithoutAnswer', how: 'hang' });
        expect(scene.mutatingCalls.map(({ isCarriedOut }) => isCarriedOut)).toEqual([true, false, true, true]);
        expect(aws.operations).toHaveLength(3);
        expect((await scene.status()).history).toHaveLength(3);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given it dies while AWS is at work or before the new writer is published, when it starts again, then it completes without a call',
    () =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        const operator = newestOperator(scene);
        aws.nextOperation({ outcome: 'stuck', stuckIn: 'promoting' });
        await forceOtherRegion(scene);
        const atWork = await scene.until('AWS at work', ({ operation }) => operation?.step === 'Promoting');
        await operator.kill();
        const next = scene.startOperator();
        await next.waitForWalks(2, 'us-west-2');
        expect((await scene.status()).operation).toMatchObject({ id: atWork.operation?.id, step: 'Promoting' });
        await aws.releaseOperation('complete');
        await expectCompletion(scene, atWork.operation?.id);
        expect(scene.mutatingCalls).toHaveLength(1);

        const gate = await holdPublication(scene);
        await forceOtherRegion(scene);
        const promoted = await scene.until('promoted', ({ operation }) => operation?.step === 'Promoted');
        await next.waitForLine('cannot publish the writer');
        await next.kill();
        expect(await scene.published()).not.toMatchObject({ region: aws.primaryRegion() });
        await gate.open();
        scene.startOperator();
        await expectCompletion(scene, promoted.operation?.id);
        expect(scene.mutatingCalls).toHaveLength(2);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent.each<[string, FaultKind, boolean[]]>([
    ['without effect', { kind: 'hang' }, [false, true]],
    ['with an effect', { kind: 'effectWithoutAnswer', how: 'hang' }, [true]],
  ])(
    'given it dies in an automatic call %s, when it starts again during the outage, then one call takes effect',
    (_, fault, carriedOut) =>
      stage.play({}, async (scene) => {
        const { aws } = scene;
        await scene.protect();
        const operator = newestOperator(scene);
        aws.setFault({ region: 'us-west-2', action: 'FailoverGlobalCluster', fault, count: 1 });
        await aws.loseRegion('us-east-1');
        await scene.untilCall({ action: 'FailoverGlobalCluster' });
        await operator.kill();
        const { operation } = await scene.status();
        expect(operation).toMatchObject({ step: 'Accepted', trigger: 'Automatic' });
        scene.startOperator();
        await expectCompletion(scene, operation?.id);
        const { history } = await scene.status();
        expect(history).toHaveLength(1);
        expect(history?.[0]).toMatchObject({
          type: 'Failover',
          trigger: 'Automatic',
          from: 'us-east-1',
          to: 'us-west-2',
        });
        expect(scene.mutatingCalls.map(({ isCarriedOut }) => isCarriedOut)).toEqual(carriedOut);
        expect(aws.operations).toHaveLength(1);
      }),
    SCENE_TIMEOUT,
  );
});

describe('two operators and one lease', () => {
  test.concurrent(
    'given a leader that ends in order, then one that is killed in a call, when others stand by, then they take over and act once',
    () =>
      stage.play({ spec: { failover: { cooldown: '1s' } } }, async (scene) => {
        const { aws } = scene;
        const first = startCandidate(scene);
        await first.waitForLine('"leading"');
        const second = startCandidate(scene);
        await scene.applyPolicy();
        await scene.until('Protected', ({ phase }) => phase === 'Protected');
        await second.waitForLine('another process leads');
        await forceOtherRegion(scene);
        const moved = await scene.until('switched over', ({ history = [] }) => history.length === 1);
        expect(moved.history?.[0]).toMatchObject({ outcome: 'Succeeded', to: 'us-west-2' });
        expect(second.lines.some((line) => line.includes('"leading"'))).toBe(false);
        expect(scene.mutatingCalls).toHaveLength(1);

        expect(await first.stop()).toBe(0);
        expect(first.lines.some((line) => line.includes('"reason":"released"'))).toBe(true);
        await second.waitForLine('"leading"');
        expect(await leaseHolder(scene)).toBe(await identityOf(second));

        const third = startCandidate(scene);
        await third.waitForLine('another process leads');
        await scene.untilPassing();
        await scene.until('ready', ({ phase }) => phase === 'Protected');
        aws.setFault({ region: 'us-east-1', action: 'FailoverGlobalCluster', fault: { kind: 'hang' }, count: 1 });
        await aws.loseRegion('us-west-2');
        await scene.untilCall({ action: 'FailoverGlobalCluster' });
        const { operation } = await scene.status();
        await second.kill();
        await expectCompletion(scene, operation?.id);
        expect(await leaseHolder(scene)).toBe(await identityOf(third));
        expect(scene.mutatingCalls.map(({ isCarriedOut }) => isCarriedOut)).toEqual([true, false, true]);
        expect(aws.operations).toHaveLength(2);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a leader that is paused for longer than its lease, before its call or in it, when it goes on, then it does not call again',
    () =>
      stage.play({ spec: { failover: { cooldown: '1s' } } }, async (scene) => {
        const { aws } = scene;
        const first = startCandidate(scene);
        await first.waitForLine('"leading"');
        const second = startCandidate(scene);
        await scene.applyPolicy();
        await scene.until('Protected', ({ phase }) => phase === 'Protected');
        await second.waitForLine('another process leads');

        const gate = await holdRequest(scene);
        await forceOtherRegion(scene);
        await first.waitForLine(GATE_MESSAGE);
        const { operation } = await scene.status();
        first.pause();
        await gate.open();
        await second.waitForLine('"leading"');
        await expectCompletion(scene, operation?.id);
        first.resume();
        await first.waitForLine('not leading any more');
        await scene.letRoundsPass(4, 'us-west-2');
        expect(scene.mutatingCalls).toHaveLength(1);

        await scene.untilPassing();
        await scene.until('ready', ({ phase }) => phase === 'Protected');
        const answersLate: FaultKind = { kind: 'delay', milliseconds: 4_000 };
        aws.setFault({ region: 'us-east-1', action: 'FailoverGlobalCluster', fault: answersLate, count: 1 });
        await aws.loseRegion('us-west-2');
        await scene.untilCall({ action: 'FailoverGlobalCluster' });
        second.pause();
        const started = await scene.status();
        expect(started.operation).toMatchObject({ type: 'Failover', trigger: 'Automatic' });
        await expectCompletion(scene, started.operation?.id);
        second.resume();
        await second.waitForLine('not leading any more');
        await scene.letRoundsPass(4, 'us-east-1');
        expect(scene.mutatingCalls.map(({ action }) => action)).toEqual([
          'SwitchoverGlobalCluster',
          'FailoverGlobalCluster',
        ]);
        const { history } = await scene.status();
        expect(history?.map(({ outcome, to }) => [outcome, to])).toEqual([
          ['Succeeded', 'us-east-1'],
          ['Succeeded', 'us-west-2'],
        ]);
      }),
    SCENE_TIMEOUT,
  );
});

describe('the process', () => {
  test.concurrent(
    'given an operator at work, when its endpoints are asked, then it is alive and ready and tells its figures, and SIGTERM ends it with 0',
    () =>
      stage.play({}, async (scene) => {
        await scene.protect();
        const operator = newestOperator(scene);
        const get = async (server: 'health' | 'metrics', path: string): Promise<readonly [number, string]> => {
          const listening = JSON.parse(await operator.waitForLine(`"server":"${server}"`)) as { readonly port: number };
          const response = await fetch(`http://127.0.0.1:${listening.port}${path}`);
          return [response.status, await response.text()];
        };
        expect(await get('health', '/healthz')).toEqual([200, 'ok\n']);
        expect(await get('health', '/readyz')).toEqual([200, 'ok\n']);
        const [, metrics] = await get('metrics', '/metrics');
        const policy = `namespace="${scene.namespace}",name="${POLICY}"`;
        expect(metrics).toContain(`aurora_dr_protected{${policy}} 1`);
        expect(metrics).toContain(`aurora_dr_failover_ready{${policy},reason="Protected"} 1`);
        expect(metrics).toMatch(/^aurora_dr_aws_calls_total\{.*action="DescribeGlobalClusters".*\} [1-9]/m);
        expect(await operator.stop()).toBe(0);
        expect(operator.lines.at(-1)).toContain('"stopped"');
      }),
    SCENE_TIMEOUT,
  );
});
