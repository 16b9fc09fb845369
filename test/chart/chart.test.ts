import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { loadConfig } from '../../operator/config.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { waitUntilServed } from '../control-plane/serve-crd.ts';
import { CHART, Helm, objectOf, type KubernetesObject, type Values } from './helm.ts';
import { servePrometheusSchemas } from './prometheus-schemas.ts';

/** The first run builds Helm and the API server. */
const START_TIMEOUT_MS = 20 * 60_000;
const TIMEOUT_MS = 120_000;
const CRD_FILE = fileURLToPath(new URL('../../crds/aurora-dr.io_disasterrecoverypolicies.yaml', import.meta.url));
const CI_VALUES = readdirSync(join(CHART, 'ci'));

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly securityContext: object;
}
interface PodSpec {
  readonly containers: readonly Container[];
  readonly [field: string]: unknown;
}
interface PodTemplate {
  readonly metadata: object;
  readonly spec: PodSpec;
}

let helm: Helm;
let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane();
  helm = await Helm.create(plane.kubeconfig);
  await servePrometheusSchemas(plane);
}, START_TIMEOUT_MS);
afterAll(async () => {
  await plane.stop();
  await helm[Symbol.asyncDispose]();
});

function templateOf(objects: readonly KubernetesObject[]): PodTemplate {
  return (objectOf(objects, 'Deployment')['spec'] as { template: PodTemplate }).template;
}

function operatorOf(objects: readonly KubernetesObject[]): Container {
  const container = templateOf(objects).spec.containers.find(({ name }) => name === 'operator');
  if (container === undefined) throw new Error('cannot find the container of the operator');
  return container;
}

const ciValues = (file: string): Values => parse(readFileSync(join(CHART, 'ci', file), 'utf8')) as Values;
const namesOf = (objects: readonly KubernetesObject[]): string[] =>
  objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);

describe.each(CI_VALUES)('the chart with ci/%s', (file) => {
  it(
    'passes helm lint, warnings included',
    async () => {
      await expect(helm.run(['lint', '--strict', CHART, '--values', join(CHART, 'ci', file)])).resolves.toContain(
        '0 chart(s) failed',
      );
    },
    TIMEOUT_MS,
  );

  it(
    'is taken by a real API server, every field of it known',
    async () => {
      const namespace = `chart-${file.replace('-values.yaml', '')}`;
      await plane.kubectl(['create', 'namespace', namespace]);
      const objects = await helm.template(ciValues(file));
      const placed = objects.map((object) => ({
        ...object,
        metadata: { ...object.metadata, ...(object.metadata.namespace === undefined ? {} : { namespace }) },
      }));
      const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: placed });
      const output = await plane.kubectl(
        ['apply', '--server-side', '--dry-run=server', '--validate=strict', '--namespace', namespace, '-f', '-'],
        { input },
      );
      expect(output.trim().split('\n')).toHaveLength(objects.length);
    },
    TIMEOUT_MS,
  );

  it('gives the operator a command line that it takes', async () => {
    const { args } = operatorOf(await helm.template(ciValues(file)));
    expect(loadConfig(args, {})).toMatchObject({ kind: 'run' });
  });
});

describe('the objects of the chart', () => {
  it('by default are these', async () => {
    expect(namesOf(await helm.template()).toSorted()).toEqual([
      'ClusterRole aurora-dr-aurora-dr-operator',
      'ClusterRole aurora-dr-aurora-dr-operator-edit',
      'ClusterRole aurora-dr-aurora-dr-operator-view',
      'ClusterRoleBinding aurora-dr-aurora-dr-operator',
      'CustomResourceDefinition disasterrecoverypolicies.aurora-dr.io',
      'Deployment aurora-dr-aurora-dr-operator',
      'PodDisruptionBudget aurora-dr-aurora-dr-operator',
      'Role aurora-dr-aurora-dr-operator-leader-election',
      'RoleBinding aurora-dr-aurora-dr-operator-leader-election',
      'Service aurora-dr-aurora-dr-operator-metrics',
      'ServiceAccount aurora-dr-aurora-dr-operator',
      'ValidatingAdmissionPolicy aurora-dr-aurora-dr-operator-requests',
      'ValidatingAdmissionPolicyBinding aurora-dr-aurora-dr-operator-requests',
    ]);
  });

  it('for one namespace are nothing of the cluster', async () => {
    const objects = await helm.template(ciValues('namespaced-values.yaml'));
    expect(objects.filter(({ metadata }) => metadata.namespace === undefined)).toEqual([]);
    expect(objectOf(objects, 'Role', 'aurora-dr-aurora-dr-operator').metadata.namespace).toBe('payments');
  });

  it('have the CRD word for word, kept when the release goes', async () => {
    const crd = objectOf(await helm.template(), 'CustomResourceDefinition');
    const source = parse(readFileSync(CRD_FILE, 'utf8')) as KubernetesObject;
    expect(crd['spec']).toEqual(source['spec']);
    expect(crd.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    const full = objectOf(await helm.template(ciValues('full-values.yaml')), 'CustomResourceDefinition');
    expect(full.metadata.annotations).toEqual({ 'example.com/note': 'yes' });
  });

  it('are two replicas, one of which leads, in different zones', async () => {
    const objects = await helm.template({ region: 'us-west-2' });
    expect(objectOf(objects, 'Deployment')['spec']).toMatchObject({ replicas: 2 });
    expect(operatorOf(objects).args).toEqual(
      expect.arrayContaining(['--leader-elect', '--region=us-west-2', '--leader-election-namespace=aurora-dr']),
    );
    expect(JSON.stringify(templateOf(objects).spec['affinity'])).toContain('"topology.kubernetes.io/zone"');
  });

  it('carry every extra that was asked for', async () => {
    const objects = await helm.template(ciValues('full-values.yaml'));
    const { metadata, spec } = templateOf(objects);
    expect(metadata).toMatchObject({
      annotations: { 'example.com/pod': 'yes' },
      labels: { 'example.com/pod': 'yes', 'example.com/team': 'platform' },
    });
    expect(spec).toMatchObject({
      imagePullSecrets: [{ name: 'registry' }],
      priorityClassName: 'system-cluster-critical',
      runtimeClassName: 'gvisor',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'example.com/critical', operator: 'Exists' }],
      topologySpreadConstraints: [{ maxSkew: 1 }],
      hostAliases: [{ ip: '127.0.0.1' }],
      dnsConfig: { options: [{ name: 'ndots', value: '1' }] },
      initContainers: [{ name: 'wait' }],
      volumes: [
        { name: 'decision-log', emptyDir: {} },
        { name: 'more', emptyDir: {} },
      ],
    });
    expect(spec.containers.map(({ name }) => name)).toEqual(['operator', 'proxy']);
    expect(operatorOf(objects)).toMatchObject({
      image: expect.stringMatching(/@sha256:[0-9a-f]{64}$/) as unknown,
      env: [{ name: 'AWS_STS_REGIONAL_ENDPOINTS' }],
      envFrom: [{ configMapRef: { name: 'more-environment' } }],
      volumeMounts: [{ name: 'decision-log' }, { name: 'more' }],
      args: expect.arrayContaining(['--workers=16', '--aws-endpoint=us-west-2=https://vpce-1.example.com']) as unknown,
    });
    expect(objectOf(objects, 'ServiceAccount').metadata.annotations).toEqual({
      'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/aurora-dr-operator',
    });
    expect(namesOf(objects)).toEqual(expect.arrayContaining(['ConfigMap dr-extra-map', 'ConfigMap dr-extra-text']));
  });

  it('lead every alert to a page where the runbooks are published', async () => {
    const runbookUrl = 'https://wiki.example.com/aurora-dr/';
    const values = { metrics: { prometheusRule: { enabled: true, runbookUrl } } };
    const rule = objectOf(await helm.template(values), 'PrometheusRule');
    const urls = Array.from(JSON.stringify(rule).matchAll(/"runbook_url":"([^"]*)"/g), ([, url]) => url);
    expect(urls.length).toBeGreaterThan(20);
    for (const url of urls) expect(url).toMatch(/^https:\/\/wiki\.example\.com\/aurora-dr\/[a-z-]+$/);
  });

  it('have the alerts and the dashboards as they stand in the files', async () => {
    const objects = await helm.template(ciValues('full-values.yaml'));
    const alerts = readFileSync(join(CHART, 'files/alerts.yaml'), 'utf8');
    expect(objectOf(objects, 'PrometheusRule')['spec']).toEqual(parse(alerts));
    const dashboards = readdirSync(join(CHART, 'files/dashboards'));
    expect(dashboards.length).toBeGreaterThan(0);
    for (const file of dashboards) {
      const text = readFileSync(join(CHART, 'files/dashboards', file), 'utf8');
      const configMap = objectOf(objects, 'ConfigMap', `dr-${file.replace('.json', '')}`);
      expect(configMap['data']).toEqual({ [file]: text });
      expect(configMap.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
    }
  });
});

describe('the Pods of the chart', () => {
  const create = (template: PodTemplate): Promise<string> =>
    plane.kubectl(['create', '--dry-run=server', '--namespace', 'restricted', '-f', '-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'Pod', ...template, metadata: { name: 'pod' } }),
    });

  it(
    'fit into a namespace that enforces the restricted standard, and would not without their security contexts',
    async () => {
      await plane.kubectl(['create', 'namespace', 'restricted']);
      const standard = 'pod-security.kubernetes.io/enforce=restricted';
      await plane.kubectl(['label', 'namespace', 'restricted', standard]);
      const { spec, ...template } = templateOf(await helm.template({ decisionLog: { enabled: true } }));
      await expect(create({ ...template, spec })).resolves.toContain('pod/pod created');
      expect(operatorOf(await helm.template()).securityContext).toMatchObject({ readOnlyRootFilesystem: true });
      const bare = { ...spec, containers: spec.containers.map((each) => ({ ...each, securityContext: {} })) };
      await expect(create({ ...template, spec: bare })).rejects.toThrow(/violates PodSecurity "restricted/);
    },
    TIMEOUT_MS,
  );
});

describe('the roles for people', () => {
  it(
    'let a viewer look and an editor ask for a failover, and carry the labels by which Kubernetes adds them to its own',
    async () => {
      const objects = await helm.template();
      const roles = ['view', 'edit'].map((name) =>
        objectOf(objects, 'ClusterRole', `aurora-dr-aurora-dr-operator-${name}`),
      );
      const aggregated = roles.map(({ metadata: { labels = {} } }) =>
        Object.keys(labels).flatMap((name) => /aggregate-to-(.+)$/.exec(name)?.[1] ?? []),
      );
      expect(aggregated).toEqual([
        ['view', 'edit', 'admin'],
        ['edit', 'admin'],
      ]);
      const items = [objectOf(objects, 'CustomResourceDefinition'), ...roles];
      await plane.kubectl(['apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
      await waitUntilServed(plane, 'drp');
      const can = async (user: string, verb: string): Promise<boolean> => {
        const kubeconfig = await plane.kubeconfigFor({ user });
        const args = ['auth', 'can-i', verb, 'disasterrecoverypolicies.aurora-dr.io', '--namespace', 'default'];
        return plane.kubectl(args, { kubeconfig }).then(
          () => true,
          () => false,
        );
      };
      for (const [index, user] of ['viewer', 'editor'].entries()) {
        const role = roles[index]?.metadata.name ?? '';
        await plane.kubectl(['create', 'clusterrolebinding', user, `--clusterrole=${role}`, `--user=${user}`]);
      }
      // The authorizer hears of new bindings a moment after they are stored.
      const deadline = performance.now() + TIMEOUT_MS / 2;
      while (!(await can('viewer', 'watch')) || !(await can('editor', 'patch'))) {
        expect(performance.now()).toBeLessThan(deadline);
      }
      expect([await can('viewer', 'get'), await can('viewer', 'patch')]).toEqual([true, false]);
      expect([await can('editor', 'create'), await can('editor', 'delete')]).toEqual([true, true]);
    },
    TIMEOUT_MS,
  );
});

describe('what Helm says after the installation', () => {
  const notes = async (values: Values): Promise<string> => {
    const file = await helm.valuesFile(values);
    const flags = ['--namespace', 'aurora-dr', '--dry-run=client', '--values', file];
    return helm.run(['install', 'aurora-dr-operator', CHART, ...flags]);
  };

  it('names what a person has to look at, and warns of what is rarely meant', async () => {
    const text = await notes({});
    expect(text).toContain('kubectl -n aurora-dr rollout status deployment/aurora-dr-operator');
    expect(text).toContain('WARNING: region is empty');
    expect(text).toContain('leaves the CRD and all policies');
    expect(text).toContain('has no annotation for IRSA');
  });

  it('does not warn of what was said', async () => {
    const annotations = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/r' };
    const text = await notes({ region: 'us-west-2', serviceAccount: { annotations }, crds: { keep: false } });
    expect(text).not.toContain('WARNING');
    expect(text).not.toContain('IRSA');
    expect(text).toContain('DELETES the CRD and all policies');
  });
});

describe('values that cannot be meant', () => {
  it.each<[string, Values, RegExp]>([
    ['an unknown one', { replicas: 2 }, /replicas/],
    ['an unknown one below', { image: { repository: 'a', name: 'b' } }, /name/],
    ['a region that is none', { region: 'virginia' }, /region/],
    ['an endpoint that is no URL', { aws: { endpoints: { 'us-east-1': 'vpce-1' } } }, /endpoints/],
    ['two processes that both act', { leaderElection: { enabled: false } }, /replicaCount/],
    ['a digest that is none', { image: { repository: 'a', digest: 'sha256:12' } }, /digest/],
    ['a duration without unit', { leaderElection: { leaseDuration: '15' } }, /leaseDuration/],
    ['no image', { image: { repository: '' } }, /image.repository is empty; build the image/],
    ['no account', { serviceAccount: { create: false } }, /serviceAccount.name is empty; name one/],
    [
      'a ServiceMonitor of no Service',
      { metrics: { service: { enabled: false }, serviceMonitor: { enabled: true } } },
      /metrics.service.enabled is false/,
    ],
  ])('%s, are refused', async (_, values, message) => {
    await expect(helm.template(values)).rejects.toThrow(message);
  });
});
