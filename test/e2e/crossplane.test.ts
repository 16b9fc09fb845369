import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findCondition } from '../../operator/api/v1alpha1/conditions.ts';
import { AdmissionGate } from './harness/admission-gate.ts';
import { forceOtherRegion } from './harness/force-other-region.ts';
import { installCrossplaneKinds, ManagedEstate, PAUSED, PAUSED_BY, PAUSED_FOR } from './harness/managed-estate.ts';
import { POLICY, type PolicyScene, type SceneOptions } from './harness/policy-scene.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';

/** Three times the failure threshold, and one: whoever wanted to act would have acted. */
const QUIET_ROUNDS = 10;
const BRIEF_COOLDOWN = { failover: { cooldown: '1s' } };

let stage: Stage;
let bareStage: Stage;
beforeAll(async () => {
  [stage, bareStage] = await Promise.all([Stage.start(), Stage.start()]);
  await installCrossplaneKinds(stage.plane);
}, SCENE_TIMEOUT);
afterAll(async () => {
  await Promise.all([stage[Symbol.asyncDispose](), bareStage[Symbol.asyncDispose]()]);
});

/** A global cluster whose names no other scene has: cluster-scoped resources are everybody's. */
const named = (name: string, spec: SceneOptions['spec'] = BRIEF_COOLDOWN): SceneOptions => ({
  cluster: { identifier: `global-${name}`, clusterIdentifier: `aurora-${name}` },
  spec,
});

/** A global cluster with managed resources that agree with its roles, protected by a policy. */
async function protectEstate(scene: PolicyScene): Promise<ManagedEstate> {
  const estate = await ManagedEstate.apply(scene);
  await scene.protect();
  await scene.untilCondition('ResourceDrift', 'NoDrift', 'False');
  return estate;
}

/** What only the rights in the scene's own namespace let an operator do; nothing about managed resources. */
async function restrictedKubeconfig({ namespace, plane }: PolicyScene): Promise<string> {
  const name = 'restricted';
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const metadata = { name, namespace };
  const rule = (apiGroup: string, resources: string[], verbs: string[]): object => ({
    apiGroups: [apiGroup],
    resources,
    verbs,
  });
  const items = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion,
      kind: 'Role',
      metadata,
      rules: [
        rule('aurora-dr.io', ['disasterrecoverypolicies'], ['get', 'list', 'watch', 'patch']),
        rule('aurora-dr.io', ['disasterrecoverypolicies/status'], ['update']),
        rule('', ['services', 'configmaps'], ['get', 'create', 'patch']),
        rule('events.k8s.io', ['events'], ['create', 'patch']),
      ],
    },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ];
  await plane.kubectl(['apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
  return plane.kubeconfigFor({ serviceAccount: name, namespace });
}

describe('managed resources of a global cluster', () => {
  test.concurrent(
    'given a lost region and an operator killed in its call, then they are paused alongside the call, stay so, and resume after the failback',
    () =>
      stage.play(named('crash'), async (scene) => {
        const { aws, namespace } = scene;
        const estate = await protectEstate(scene);
        const mark = `${namespace}/${POLICY}`;
        expect(await estate.annotations(PAUSED)).toEqual([undefined, undefined, undefined]);

        // The call hangs: what is paused meanwhile was not waited for, and does not wait for it.
        const hang = aws.setFault({ region: 'us-west-2', action: 'FailoverGlobalCluster', fault: { kind: 'hang' } });
        await aws.loseRegion('us-east-1');
        await scene.untilCall({ action: 'FailoverGlobalCluster' });
        await estate.until(PAUSED, 'true');
        const { operation } = await scene.status();
        expect(operation).toBeDefined();
        expect(await estate.annotations(PAUSED_BY)).toEqual([mark, mark, mark]);
        expect(new Set(await estate.annotations(PAUSED_FOR))).toEqual(new Set([operation?.id]));
        await scene.operators.at(-1)?.kill();
        aws.clearFaults(hang);

        scene.startOperator();
        const { history } = await scene.untilHistory(1);
        expect(history?.[0]).toMatchObject({ id: operation?.id, outcome: 'Succeeded', to: 'us-west-2' });
        const differing = await scene.untilCondition('ResourceDrift', 'ResourcesPaused', 'True');
        const told = findCondition(differing.conditions, 'ResourceDrift')?.message;
        expect(told).toContain('the provider would promote it to a standalone cluster');
        expect(told).toContain('remove aurora-dr.io/paused-by');
        await scene.untilEvents('ResourcesPaused');

        await aws.restoreRegion('us-east-1');
        await scene.untilCondition('SplitBrainRisk', 'NoRisk', 'False');
        expect(await estate.annotations(PAUSED_BY)).toEqual([mark, mark, mark]);
        expect(await forceOtherRegion(scene)).toBe('us-east-1');
        await scene.untilHistory(2);
        await estate.until(PAUSED, undefined);
        await estate.until(PAUSED_BY, undefined);
        await scene.untilCondition('ResourceDrift', 'NoDrift', 'False');
        await scene.untilEvents('ResourcesReconciled');

        const { metadata } = await estate.read(estate.foreign);
        expect(metadata.annotations).toMatchObject({ [PAUSED]: 'true' });
        expect(metadata.annotations).not.toHaveProperty([PAUSED_BY]);
        expect(aws.operations).toHaveLength(2);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given a switchover, when a person declares the new roles, then they resume; when a person takes the mark away, they are that person’s',
    () =>
      stage.play(named('declared'), async (scene) => {
        const estate = await protectEstate(scene);
        await forceOtherRegion(scene);
        await scene.untilHistory(1);
        await scene.untilCondition('ResourceDrift', 'ResourcesPaused', 'True');
        await estate.until(PAUSED, 'true');
        await estate.declareRoles('us-west-2');
        await estate.until(PAUSED, undefined);
        await scene.untilCondition('ResourceDrift', 'NoDrift', 'False');

        await forceOtherRegion(scene);
        await scene.untilHistory(2);
        await estate.until(PAUSED, 'true');
        await scene.kubectl(['annotate', ...estate.resources.slice(0, 1), `${PAUSED_BY}-`]);
        await estate.declareRoles('us-east-1');
        const othersOnly = ['true', undefined, undefined];
        await estate.untilEach(PAUSED, othersOnly);
        await scene.letRoundsPass(QUIET_ROUNDS);
        expect(await estate.annotations(PAUSED)).toEqual(othersOnly);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given an API server that refuses every pause, when the region is lost, then the failover goes its way, and pausing is made up for',
    () =>
      stage.play(named('refused'), async (scene) => {
        const { aws, namespace, plane } = scene;
        const estate = await protectEstate(scene);
        const [east = ''] = estate.resources;
        const gate = await AdmissionGate.close(plane, {
          namespace,
          apiGroup: 'rds.aws.m.upbound.io',
          resource: 'clusters',
          passes: 'false',
          probe: ['--namespace', namespace, 'annotate', east, 'probe=1'],
        });
        await aws.loseRegion('us-east-1');
        const { history } = await scene.untilHistory(1);
        expect(history?.[0]).toMatchObject({ outcome: 'Succeeded', to: 'us-west-2' });
        await scene.until('a warning that they are not paused', ({ conditions }) => {
          const { reason, status, message = '' } = findCondition(conditions, 'ResourceDrift') ?? {};
          return reason === 'RolesDiffer' && status === 'True' && message.includes('cannot pause Cluster');
        });
        await scene.untilEvents('ResourceDrift');
        await gate.open();
        await estate.until(PAUSED, 'true');
        await scene.untilCondition('ResourceDrift', 'ResourcesPaused', 'True');
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given an operator without rights to them, when the region is lost, then the condition says so and the failover goes its way',
    () =>
      stage.play(named('forbidden'), async (scene) => {
        const estate = await ManagedEstate.apply(scene);
        const before = await estate.versions();
        scene.startOperator(['--kubeconfig', await restrictedKubeconfig(scene)]);
        await scene.applyPolicy();
        await scene.until('Protected', ({ phase }) => phase === 'Protected');
        const { conditions } = await scene.untilCondition('ResourceDrift', 'AccessDenied', 'Unknown');
        expect(findCondition(conditions, 'ResourceDrift')?.message).toContain(
          'may not list clusters.rds.aws.upbound.io',
        );
        await scene.untilPassing();
        await scene.aws.loseRegion('us-east-1');
        const { history } = await scene.untilHistory(1);
        expect(history?.[0]).toMatchObject({ outcome: 'Succeeded', to: 'us-west-2' });
        expect(await estate.versions()).toEqual(before);
      }),
    SCENE_TIMEOUT,
  );

  test.concurrent(
    'given crossplane.mode Off, when the region is lost, then none of them is touched',
    () =>
      stage.play(named('off', { ...BRIEF_COOLDOWN, crossplane: { mode: 'Off' } }), async (scene) => {
        const estate = await ManagedEstate.apply(scene);
        const before = await estate.versions();
        await scene.protect();
        await scene.untilCondition('ResourceDrift', 'NotManaged', 'False');
        await scene.aws.loseRegion('us-east-1');
        await scene.untilHistory(1);
        await scene.letRoundsPass(4);
        expect(await estate.versions()).toEqual(before);
      }),
    SCENE_TIMEOUT,
  );
});

describe('an API server without Crossplane', () => {
  test.concurrent(
    'given none of its kinds, when the region is lost, then all goes as ever, and the condition says that nothing is managed',
    () =>
      bareStage.play({}, async (scene) => {
        await scene.protect();
        await scene.untilCondition('ResourceDrift', 'NotManaged', 'False');
        await scene.aws.loseRegion('us-east-1');
        const { history, conditions } = await scene.untilHistory(1);
        expect(history?.[0]).toMatchObject({ outcome: 'Succeeded', to: 'us-west-2' });
        expect(findCondition(conditions, 'ResourceDrift')?.message).toContain('serves no managed resources');
      }),
    SCENE_TIMEOUT,
  );
});
