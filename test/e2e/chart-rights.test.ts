import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { OPERATOR_FEATURES } from '../../operator/aws/permissions.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import type { ResourceType } from '../../operator/runtime/resource.ts';
import type { RecordedCall } from '../aws/world/call-log.ts';
import { policyDocument } from '../../scripts/iam/policy-document.ts';
import { Helm, type KubernetesObject, type Values } from '../chart/helm.ts';
import { AuditTrail, type Use } from './harness/audit-trail.ts';
import { ChartRelease, type Right } from './harness/chart-release.ts';
import { forceOtherRegion } from './harness/force-other-region.ts';
import { installCrossplaneKinds, PAUSED } from './harness/managed-estate.ts';
import { POLICY, type PolicyScene } from './harness/policy-scene.ts';
import { request } from './harness/request.ts';
import { Stage } from './harness/stage.ts';

/** The first run builds Helm. */
const TIMEOUT = 600_000;
const PATIENCE_MS = 60_000;
const POLL_MS = 100;
const MOST_ROLE_CHANGES = 8;
const ACCOUNT = '123456789012';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/aurora-dr-payments`;
const GROUPS = ['rds.aws.m.upbound.io', 'rds.aws.upbound.io'] as const;
const KINDS = { Cluster: 'clusters', ClusterInstance: 'clusterinstances', GlobalCluster: 'globalclusters' } as const;

/** An API server that writes down what is asked of it. An operator for all namespaces bears no other one beside it. */
class Site implements AsyncDisposable {
  readonly stage: Stage;
  readonly helm: Helm;
  readonly trail: AuditTrail;

  private constructor(stage: Stage, helm: Helm, trail: AuditTrail) {
    this.stage = stage;
    this.helm = helm;
    this.trail = trail;
  }

  static async start(): Promise<Site> {
    const trail = new AuditTrail();
    const stage = await Stage.start({ apiServerArguments: trail.apiServerArguments });
    await installCrossplaneKinds(stage.plane);
    return new Site(stage, await Helm.create(stage.plane.kubeconfig), trail);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stage[Symbol.asyncDispose]();
    await this.helm[Symbol.asyncDispose]();
    this.trail[Symbol.dispose]();
  }
}

let sites: readonly Site[];
beforeAll(async () => {
  sites = await Promise.all([Site.start(), Site.start()]);
}, TIMEOUT);
afterAll(async () => {
  await Promise.all(sites.map((site) => site[Symbol.asyncDispose]()));
});

const isUseOf = (use: Use, right: Right): boolean =>
  use.apiGroup === right.apiGroup &&
  use.resource === right.resource &&
  use.verb === right.verb &&
  (right.name === undefined || use.name === undefined || right.name === use.name) &&
  use.reason.includes(right.role);

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not in ${String(PATIENCE_MS)} ms: ${what}`);
    await delay(POLL_MS);
  }
}

/** A managed resource of each kind in each of Crossplane's two scopes, all of them of the scene's global cluster. */
function managedResources(scene: PolicyScene): readonly KubernetesObject[] {
  const { identifier, members } = scene.aws.globalCluster();
  const cluster = members[0]?.clusterArn.split(':')[6] ?? '';
  const fields = {
    Cluster: { external: cluster, more: { globalClusterIdentifier: identifier } },
    ClusterInstance: { external: `${cluster}-1`, more: { instanceClass: 'db.r6g.large', clusterIdentifier: cluster } },
    GlobalCluster: { external: identifier, more: {} },
  };
  return GROUPS.flatMap((group) =>
    Object.entries(fields).map(([kind, { external, more }]) => ({
      apiVersion: `${group}/v1beta1`,
      kind,
      metadata: {
        // Those of the cluster's scope are everybody's.
        name: `${scene.namespace}-${kind.toLowerCase()}`,
        ...(group === 'rds.aws.m.upbound.io' ? { namespace: scene.namespace } : {}),
        annotations: { 'crossplane.io/external-name': external },
      },
      spec: { forProvider: { region: 'us-east-1', engine: 'aurora-mysql', ...more } },
    })),
  );
}

function typeOf({ apiVersion, kind, metadata }: KubernetesObject): ResourceType {
  const [group = '', version = ''] = apiVersion.split('/');
  const plural = KINDS[kind as keyof typeof KINDS];
  return { group, version, plural, kind, namespaced: metadata.namespace !== undefined };
}

function resourceOf(object: KubernetesObject): string {
  const { plural, group } = typeOf(object);
  return `${plural}.${group}/${object.metadata.name}`;
}

/**
 * Edits managed resources, as a person may at any time, while roles change: whoever writes on an older version meets a
 * conflict, and has to read. Roles change until one of each kind was read.
 */
async function changeRolesUntilRead(
  { stage, trail }: Site,
  scene: PolicyScene,
  release: ChartRelease,
  managed: readonly KubernetesObject[],
): Promise<void> {
  const areRead = (): boolean => {
    const uses = trail.usesOf(release.username);
    return managed.map(typeOf).every(({ group, plural }) => {
      return uses.some((use) => use.apiGroup === group && use.resource === plural && use.verb === 'get');
    });
  };
  let isDone = false;
  const edits = async (): Promise<void> => {
    for (let count = 0; !isDone; count += 1) {
      const patch = { metadata: { labels: { 'example.com/edited': String(count) } } };
      await Promise.all(managed.map((object) => stage.client.mergePatch(typeOf(object), object.metadata, patch)));
    }
  };
  const changes = async (): Promise<void> => {
    try {
      for (let count = 1; count === 1 || !areRead(); count += 1) {
        if (count > MOST_ROLE_CHANGES) throw new Error(`not in ${String(count)} role changes: each kind read`);
        const { history = [] } = await scene.status();
        await forceOtherRegion(scene);
        await scene.untilHistory(history.length + 1);
      }
    } finally {
      isDone = true;
    }
  };
  await Promise.all([edits(), changes()]);
}

/** Edits the policy so often that writes of the operator meet conflicts, until it has read the policy anew. */
async function editUntilRead({ stage, trail }: Site, scene: PolicyScene, release: ChartRelease): Promise<void> {
  const reference = { namespace: scene.namespace, name: POLICY };
  const hasRead = (): boolean =>
    trail
      .usesOf(release.username)
      .some(({ resource, verb }) => resource === 'disasterrecoverypolicies' && verb === 'get');
  let isDone = false;
  const edits = async (): Promise<void> => {
    for (let count = 0; !isDone; count += 1) {
      const labels = { 'example.com/edited': String(count) };
      await stage.client.mergePatch(DISASTER_RECOVERY_POLICY, reference, { metadata: { labels } });
      await delay(5);
    }
  };
  const requests = async (): Promise<void> => {
    try {
      await until('the policy read after a conflict', async () => {
        await scene.annotate({ failback: 'true' });
        return hasRead();
      });
    } finally {
      isDone = true;
    }
  };
  await Promise.all([edits(), requests()]);
}

/** Has the endpoint probed by a login, whose Secret has to be read. */
async function logIn({ trail }: Site, scene: PolicyScene, release: ChartRelease): Promise<void> {
  await scene.kubectl([
    'create',
    'secret',
    'generic',
    'probe',
    '--from-literal=username=u',
    '--from-literal=password=p',
  ]);
  const { signals } = scene.detection() as { readonly signals: object };
  const endpoint = { type: 'MySQL', secretRef: { name: 'probe' } };
  await scene.patchSpec({ detection: { signals: { ...signals, endpoint } } });
  await until('the Secret read', () => trail.usesOf(release.username).some(({ resource }) => resource === 'secrets'));
}

/**
 * Everything that an operator does: all that the rights are for. Gives the calls that reached AWS.
 *
 * @param isShared the chart was told to divide the policies into shards
 */
async function liveThrough(
  site: Site,
  scene: PolicyScene,
  release: ChartRelease,
  isShared: boolean,
): Promise<readonly RecordedCall[]> {
  const { aws, plane } = scene;
  aws.addRole({ arn: ROLE });
  const managed = managedResources(scene);
  const resources = managed.map(resourceOf);
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: managed });
  await plane.kubectl(['apply', '-f', '-'], { input });

  const isLeading = isShared ? 'owns a shard' : '"leading"';
  const leader = await release.start(scene);
  await leader.waitForLine(isLeading);
  await scene.applyPolicy({
    aws: { roleArn: ROLE },
    failover: { cooldown: '1s' },
    publish: {
      service: { name: 'w' },
      configMap: { name: 'w' },
      routing: { namespace: 'AuroraDR', metric: 'WriterRegion' },
    },
    notifications: scene.addTopics(),
  });
  await scene.until('Protected', ({ phase }) => phase === 'Protected');
  await scene.untilPassing();
  await scene.untilCondition('ResourceDrift', 'NoDrift', 'False');
  const standby = await release.start(scene);
  await standby.waitForLine(isShared ? 'the processes that share the policies' : 'another process leads');

  await aws.loseRegion('us-east-1');
  await scene.untilHistory(1);
  const isPaused = async (resource: string): Promise<boolean> =>
    (await scene.kubectl(['get', resource, '-o', 'json'])).includes(`"${PAUSED}": "true"`);
  await until('every managed resource paused', async () => (await Promise.all(resources.map(isPaused))).every(Boolean));
  await aws.restoreRegion('us-east-1');
  await scene.untilCondition('SplitBrainRisk', 'NoRisk', 'False');
  await scene.until('the snapshot kept', ({ rescueSnapshots }) => rescueSnapshots?.[0]?.state === 'Kept');
  await changeRolesUntilRead(site, scene, release, managed);
  await scene.untilPassing();
  // The same answer twice is one event that is counted: the second time it is patched, at the latest on the way out.
  for (let count = 0; count < 2; count += 1) await request(scene, { failback: 'true' });
  await editUntilRead(site, scene, release);
  await logIn(site, scene, release);
  await leader.stop();
  await standby.waitForLine(isLeading);
  await scene.kubectl(['delete', 'drp', POLICY, '--timeout=60s']);
  await standby.stop();
  return aws.calls;
}

/** What became of a release. */
interface Life {
  readonly site: Site;
  readonly release: ChartRelease;
  readonly calls: readonly RecordedCall[];
}

/** `*` in a resource of IAM stands for any characters. */
const matches = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(text);

/** What a call is about, as IAM judges it; undefined where only the action counts. */
function subjectOf({ action, input }: RecordedCall): string | undefined {
  const names: Readonly<Record<string, string>> = {
    FailoverGlobalCluster: 'TargetDbClusterIdentifier',
    SwitchoverGlobalCluster: 'TargetDbClusterIdentifier',
    Publish: 'TopicArn',
    AssumeRole: 'RoleArn',
  };
  const subject = input[names[action] ?? ''];
  return typeof subject === 'string' ? subject : undefined;
}

describe('the rights that the chart gives, on an API server that enforces them', () => {
  test(
    'given operators with them in all namespaces and in one, when they live through all that they are for, then none lacks and none is idle',
    async () => {
      const live = async (site: Site, name: string, valuesOf: (scene: PolicyScene) => Values): Promise<Life> => {
        const cluster = { identifier: `global-${name}`, clusterIdentifier: `aurora-${name}` };
        let life: Life | undefined;
        await site.stage.play({ cluster }, async (scene) => {
          const release = new ChartRelease(site.stage.plane, site.helm);
          // It is there already.
          await release.install({ crds: { install: false }, ...valuesOf(scene) });
          const isShared = 'shards' in valuesOf(scene);
          life = { site, release, calls: await liveThrough(site, scene, release, isShared) };
        });
        return life!;
      };
      const [first, second] = sites;
      const lives = await Promise.all([
        live(first!, 'everywhere', () => ({ shards: 3, rbac: { secrets: { enabled: true } } })),
        live(second!, 'confined', ({ namespace }) => ({
          watchNamespace: namespace,
          rbac: { aggregate: false, secrets: { enabled: true, names: ['probe'] } },
          admission: { enabled: false },
        })),
      ]);

      for (const { site, release } of lives) {
        const { rights } = release;
        const uses = site.trail.usesOf(release.username);
        expect(
          uses.filter(({ isAllowed }) => !isAllowed).map(({ verb, uri, reason }) => `${verb} ${uri}: ${reason}`),
        ).toEqual([]);
        const idle = rights.filter((right) => !uses.some((use) => isUseOf(use, right)));
        expect(idle).toEqual([]);
        // What it asked of objects it asked by the chart's rights, and not by somebody else's.
        const foreign = uses
          .filter(({ resource }) => resource !== '')
          .filter((use) => !rights.some((right) => isUseOf(use, right)));
        expect(foreign).toEqual([]);
      }

      const calls = lives.flatMap((each) => each.calls);
      const iamName = ({ service, action }: RecordedCall): string =>
        `${service.replace('monitoring', 'cloudwatch')}:${action}`;
      const permitted = OPERATOR_FEATURES.flatMap(({ permissions }) => permissions.flatMap((each) => each.calls));
      expect([...new Set(calls.map(iamName))].toSorted()).toEqual(permitted.toSorted());
      const { Statement } = policyDocument(OPERATOR_FEATURES, {
        account: ACCOUNT,
        globalClusters: ['global-everywhere', 'global-confined'],
        clusters: ['aurora-everywhere', 'aurora-confined'],
      });
      const denied = calls.filter((call) => {
        const statements = Statement.filter(({ Action }) => Action.includes(iamName(call)));
        const subject = subjectOf(call);
        return !statements.some(
          ({ Resource, Condition }) =>
            (subject === undefined || Resource.some((pattern) => matches(pattern, subject))) &&
            (call.action !== 'PutMetricData' ||
              Condition?.['StringEquals']?.['cloudwatch:namespace']?.includes(String(call.input['Namespace'])) ===
                true),
        );
      });
      expect(denied).toEqual([]);
    },
    TIMEOUT,
  );
});
