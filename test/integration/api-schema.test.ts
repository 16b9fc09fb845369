import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type {
  DisasterRecoveryPolicy,
  DisasterRecoveryPolicyStatus,
} from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { problemsOf } from '../../operator/api/v1alpha1/guards.ts';
import { startControlPlane } from '../control-plane/control-plane.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { waitUntilServed } from '../control-plane/serve-crd.ts';

/** The first run builds the API server. */
const BUILD_TIMEOUT_MS = 20 * 60_000;
const KUBECTL_TIMEOUT_MS = 60_000;

const root = join(import.meta.dirname, '..', '..');
const crdPath = join(root, 'crds', 'aurora-dr.io_disasterrecoverypolicies.yaml');
const CRD_NAME = 'disasterrecoverypolicies.aurora-dr.io';

interface Rule {
  rule: string;
  message: string;
  messageExpression?: string;
}

interface Schema {
  type: string;
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  default?: unknown;
  maxLength?: number;
  maxItems?: number;
  'x-kubernetes-validations'?: Rule[];
  'x-kubernetes-list-type'?: string;
}

interface CustomResourceDefinition {
  spec: { versions: { schema: { openAPIV3Schema: Schema } }[] };
}

const crd = parse(readFileSync(crdPath, 'utf8')) as CustomResourceDefinition;
const schema = crd.spec.versions[0]!.schema.openAPIV3Schema;

/** Every node of the schema with its path. */
function* nodesOf(node: Schema, path: string): Generator<[path: string, node: Schema]> {
  yield [path, node];
  for (const [key, field] of Object.entries(node.properties ?? {})) {
    yield* nodesOf(field, path === '' ? key : `${path}.${key}`);
  }
  if (node.items !== undefined) yield* nodesOf(node.items, `${path}[]`);
}

function schemaAt(path: string): Schema {
  return path.split('.').reduce((node, key) => (node.items ?? node).properties![key]!, schema);
}

type Fields = Record<string, unknown>;

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string };
  spec: Fields;
}

/** Samples carry no namespace; here every object gets the test's own. */
function sample(name: 'minimal' | 'transactions'): Manifest {
  const manifest = parse(readFileSync(join(root, 'crds', 'samples', `${name}.yaml`), 'utf8')) as Manifest;
  return { ...manifest, metadata: { ...manifest.metadata, namespace } };
}

/** The minimal sample with its spec changed by top-level fields; `undefined` removes one. */
function manifestWith(spec: Fields, name = 'candidate'): Manifest {
  const minimal = sample('minimal');
  return { ...minimal, metadata: { name, namespace }, spec: { ...minimal.spec, ...spec } };
}

const namespace = `api-schema-${randomUUID().slice(0, 8)}`;
let plane: ControlPlane;

async function apply(manifest: Manifest, ...flags: string[]): Promise<string> {
  return plane.kubectl(['apply', ...flags, '-f', '-'], { input: JSON.stringify(manifest) });
}

async function getPolicy(name: string): Promise<DisasterRecoveryPolicy> {
  const output = await plane.kubectl(['get', 'drp', name, '-n', namespace, '-o', 'json']);
  return JSON.parse(output) as DisasterRecoveryPolicy;
}

/** What kubectl says to a manifest that the API server refuses. */
async function refusalOf(manifest: Manifest): Promise<string> {
  try {
    await apply(manifest, '--dry-run=server');
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`the API server accepted ${JSON.stringify(manifest.spec)}`);
}

async function patchStatus(name: string, patch: object): Promise<string> {
  const body = JSON.stringify(patch);
  return plane.kubectl(['patch', 'drp', name, '-n', namespace, '--subresource=status', '--type=merge', '-p', body]);
}

function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

beforeAll(async () => {
  plane = await startControlPlane();
  await plane.kubectl(['apply', '--server-side', '--validate=strict', '-f', crdPath]);
  await waitUntilServed(plane, CRD_NAME);
  await plane.kubectl(['create', 'namespace', namespace]);
}, BUILD_TIMEOUT_MS);

afterAll(async () => {
  try {
    // A given cluster stays; what was created in it does not. One of our own deletes no namespaces and need not.
    await plane.kubectl(['delete', 'namespace', namespace, '--wait=false']);
  } finally {
    await plane.stop();
  }
}, KUBECTL_TIMEOUT_MS);

describe('Given the schema as written', () => {
  const nodes = [...nodesOf(schema, '')];

  it('then every field is described', () => {
    // A CRD may say nothing about metadata.
    const silent = nodes.filter(([path, node]) => path !== 'metadata' && (node.description ?? '').length < 10);
    expect(silent.map(([path]) => path)).toEqual([]);
    expect(nodes.length).toBeGreaterThan(150);
  });

  it('then every setting that has a simple default says so in its description', () => {
    const defaulted = nodes.filter(([, { default: value }]) => value !== undefined && typeof value !== 'object');
    const silent = defaulted.filter(
      ([, node]) => !flat(node.description ?? '').includes(`Default ${String(node.default)}`),
    );
    expect(defaulted.length).toBeGreaterThan(20);
    expect(silent.map(([path]) => path)).toEqual([]);
  });

  it('then every string has a greatest length, every list a greatest size and a merge strategy', () => {
    const strings = nodes.filter(([, node]) => node.type === 'string');
    const lists = nodes.filter(([, node]) => node.type === 'array');
    expect(strings.filter(([, node]) => node.maxLength === undefined)).toEqual([]);
    expect(lists.filter(([, node]) => node.maxItems === undefined)).toEqual([]);
    expect(lists.filter(([, node]) => node['x-kubernetes-list-type'] === undefined)).toEqual([]);
    expect(lists.length).toBeGreaterThan(5);
  });

  it('then nothing escapes the schema, and no default is null', () => {
    const text = readFileSync(crdPath, 'utf8');
    expect(text).not.toContain('x-kubernetes-preserve-unknown-fields');
    expect(text).not.toContain('x-kubernetes-embedded-resource');
    expect(nodes.filter(([, node]) => node.default === null)).toEqual([]);
  });
});

describe('Given the API server with the CRD', () => {
  it('when the CRD is applied again in each way, then it is accepted', async () => {
    await plane.kubectl(['apply', '--server-side', '-f', crdPath]);
    await plane.kubectl(['apply', '--server-side', '--validate=strict', '-f', crdPath]);
    await plane.kubectl(['apply', '--validate=strict', '--dry-run=server', '-f', crdPath]);
  });

  it('when its conditions are read, then its schema is structural', async () => {
    const output = await plane.kubectl(['get', 'crd', CRD_NAME, '-o', 'json']);
    const { status } = JSON.parse(output) as { status: { conditions: { type: string; status: string }[] } };
    const state = Object.fromEntries(status.conditions.map((condition) => [condition.type, condition.status]));
    expect(state).toMatchObject({ NamesAccepted: 'True', Established: 'True' });
    expect(state['NonStructuralSchema']).not.toBe('True');
  });
});

describe('Given a manifest of a policy', () => {
  it('when it states only an identifier and two regions, then everything else has the documented default', async () => {
    await apply(sample('minimal'), '--validate=strict');
    const policy = await getPolicy('orders');
    expect(policy.spec).toEqual({
      globalClusterIdentifier: 'orders-global',
      regions: [
        { name: 'eu-west-1', clusterIdentifier: 'orders', promotion: 'Allow' },
        { name: 'eu-central-1', clusterIdentifier: 'orders', promotion: 'Allow' },
      ],
      objectives: { recoveryTime: '10m', recoveryPoint: '1s' },
      detection: {
        interval: '10s',
        timeout: '3s',
        failureThreshold: 3,
        successThreshold: 2,
        quorum: 2,
        signals: {
          controlPlane: {},
          endpoint: { type: 'TCP' },
          replication: { source: 'CloudWatch', maximumAge: '6m' },
        },
      },
      failover: {
        mode: 'Automatic',
        dataLoss: 'WithinRecoveryPoint',
        estimate: 'LastKnown',
        maximumLagAge: '6m',
        cooldown: '30m',
        timeout: '15m',
        priority: 0,
      },
      failback: { mode: 'Manual', stabilization: '30m' },
      fencing: { mode: 'BestEffort' },
      crossplane: { mode: 'Auto' },
      suspend: false,
    });
    expect(problemsOf(policy)).toEqual([]);
  });

  it('when it states everything, then it is stored as it was written', async () => {
    const manifest = sample('transactions');
    await apply(manifest, '--server-side', '--validate=strict');
    const policy = await getPolicy('transactions');
    expect(policy.spec).toEqual(manifest.spec);
    expect(problemsOf(policy)).toEqual([]);
  });

  it('when it states half of an object, then the other half has its defaults', async () => {
    const half = {
      detection: { interval: '1s', timeout: '500ms' },
      failover: { mode: 'Manual', dataLoss: 'Forbid' },
      publish: { routing: {} },
      failback: { windows: [{ schedule: '0 3 * * 0', duration: '2h' }] },
      drill: { schedule: '0 3 1 * *' },
    };
    await apply(manifestWith(half, 'half'), '--validate=strict');
    const { spec } = await getPolicy('half');
    expect(spec.detection).toMatchObject({ interval: '1s', timeout: '500ms', failureThreshold: 3, quorum: 2 });
    expect(Object.keys(spec.detection.signals).sort()).toEqual(['controlPlane', 'endpoint', 'replication']);
    expect(spec.failover).toMatchObject({ mode: 'Manual', dataLoss: 'Forbid', cooldown: '30m' });
    expect(spec.publish).toEqual({ routing: { namespace: 'AuroraDR', metric: 'WriterRegion' } });
    expect(spec.failback.windows).toEqual([{ schedule: '0 3 * * 0', duration: '2h', timeZone: 'UTC' }]);
    expect(spec.drill).toEqual({ mode: 'Simulate', schedule: '0 3 1 * *', timeZone: 'UTC', maximumAge: '1080h' });
  });

  it('when it lists signals, then exactly these are used', async () => {
    const signals = { endpoint: {}, replication: { secretRef: { name: 'reader' }, source: 'SQL', maximumAge: '15s' } };
    await apply(manifestWith({ detection: { signals } }, 'listed'), '--validate=strict');
    const { spec } = await getPolicy('listed');
    expect(spec.detection.signals).toEqual({
      endpoint: { type: 'TCP' },
      replication: { source: 'SQL', maximumAge: '15s', secretRef: { name: 'reader' } },
    });
  });

  it.each<[string, Fields]>([
    ['every signal and the highest quorum', allSignals({ quorum: 4 })],
    [
      'a MySQL probe with its own certificates',
      allSignals(
        {},
        { type: 'MySQL', port: 3307, secretRef: { name: 'probe' }, tls: { caSecretRef: { name: 'proxy-ca' } } },
      ),
    ],
    [
      'a MySQL probe that writes',
      allSignals(
        {},
        { type: 'MySQL', secretRef: { name: 'probe' }, writeProbe: { database: 'aurora_dr', table: 'heartbeat' } },
      ),
    ],
    [
      'CloudWatch with a young age, for high-resolution metrics',
      { detection: { signals: { controlPlane: {}, replication: { maximumAge: '5s' } } } },
    ],
    ['eleven regions', { regions: regions(11) }],
    [
      'one promotable region',
      { regions: regions(2).map((region, index) => ({ ...region, promotion: index === 0 ? 'Allow' : 'Never' })) },
    ],
    [
      'the same cluster name in every region',
      { regions: regions(3).map((region) => ({ ...region, clusterIdentifier: 'same' })) },
    ],
    [
      'regions of other partitions',
      {
        regions: [
          { name: 'us-gov-west-1', clusterIdentifier: 'a' },
          { name: 'eusc-de-east-1', clusterIdentifier: 'a' },
        ],
      },
    ],
    ['the longest interval', { detection: { interval: '5m', timeout: '4m59s' } }],
    ['the longest durations that can be written', { failover: { cooldown: '999999h999999h9h', timeout: '999999h' } }],
    ['Crossplane left alone', { crossplane: { mode: 'Off' } }],
  ])('when it states %s, then it is accepted', async (_name, spec) => {
    await apply(manifestWith(spec), '--dry-run=server', '--validate=strict');
  });
});

function regions(count: number): Fields[] {
  return Array.from({ length: count }, (_, index) => ({ name: `eu-west-${index + 1}`, clusterIdentifier: 'orders' }));
}

function allSignals(detection: Fields, endpoint: Fields = {}): Fields {
  const signals = { controlPlane: {}, endpoint, replication: {}, http: { url: 'http://127.0.0.1:8080/witness' } };
  return { detection: { ...detection, signals } };
}

interface Refusal {
  when: string;
  spec: Fields;
  /** Part of what the API server says. */
  says: string;
}

const two = { controlPlane: {}, replication: {} };
const [first, second] = regions(2);

/** One row for each rule of the schema at least, and for the limits that people run into. */
const refusals: Refusal[] = [
  // Rules, which say what to write instead.
  {
    when: 'quorum is above two signals',
    spec: { detection: { quorum: 3, signals: two } },
    says: 'spec.detection.quorum: Invalid value: detection.quorum is 3 but only 2 signals are listed: list more signals or set quorum to 2',
  },
  {
    when: 'quorum is twice above two signals',
    spec: { detection: { quorum: 4, signals: two } },
    says: 'detection.quorum is 4 but only 2 signals are listed: list more signals or set quorum to 2',
  },
  {
    when: 'quorum is above the default signals',
    spec: { detection: { quorum: 4 } },
    says: 'detection.quorum is 4 but only 3 signals are listed: list more signals or set quorum to 3',
  },
  {
    when: 'only direct signals are listed',
    spec: { detection: { signals: { controlPlane: {}, endpoint: {} } } },
    says: 'detection.signals must see the primary from at least two vantages',
  },
  {
    when: 'only the secondary vantage is listed',
    spec: { detection: { signals: { replication: {} } } },
    says: 'detection.signals must see the primary from at least two vantages',
  },
  {
    when: 'only the witness is listed',
    spec: { detection: { signals: { http: { url: 'https://witness.example.com' } } } },
    says: 'detection.signals must see the primary from at least two vantages',
  },
  {
    when: 'no signal is listed',
    spec: { detection: { signals: {} } },
    says: 'detection.signals must see the primary from at least two vantages',
  },
  {
    when: 'timeout equals interval',
    spec: { detection: { interval: '10s', timeout: '10s' } },
    says: 'spec.detection.timeout: Invalid value: detection.timeout is 10s but must be below detection.interval (10s): lower timeout or raise interval',
  },
  {
    when: 'timeout is above interval in another unit',
    spec: { detection: { interval: '2s', timeout: '2001ms' } },
    says: 'detection.timeout is 2001ms but must be below detection.interval (2s)',
  },
  {
    when: 'interval is below the default timeout',
    spec: { detection: { interval: '2s' } },
    says: 'detection.timeout is 3s but must be below detection.interval (2s)',
  },
  {
    when: 'interval is too short',
    spec: { detection: { interval: '999ms', timeout: '100ms' } },
    says: 'detection.interval must be a duration from 1s to 5m',
  },
  {
    when: 'interval is too long',
    spec: { detection: { interval: '5m1ms' } },
    says: 'detection.interval must be a duration from 1s to 5m',
  },
  {
    when: 'a timeout is zero',
    spec: { detection: { timeout: '0s' } },
    says: 'detection.timeout must be a duration above zero',
  },
  {
    when: 'a MySQL probe has no login',
    spec: allSignals({}, { type: 'MySQL' }),
    says: 'endpoint.type MySQL needs a login: add secretRef',
  },
  {
    when: 'a TCP probe is to write',
    spec: allSignals({}, { type: 'TCP', writeProbe: { database: 'aurora_dr', table: 'heartbeat' } }),
    says: 'endpoint.writeProbe needs a login: use type MySQL',
  },
  {
    when: 'the table of a write probe has a name to be escaped',
    spec: allSignals(
      {},
      { type: 'MySQL', secretRef: { name: 'probe' }, writeProbe: { database: 'aurora_dr', table: 'a`b' } },
    ),
    says: 'endpoint.writeProbe.table',
  },
  {
    when: 'SQL has no login',
    spec: { detection: { signals: { controlPlane: {}, replication: { source: 'SQL' } } } },
    says: 'replication.source SQL needs a login: add secretRef',
  },
  {
    when: 'maximumAge is below a second',
    spec: { detection: { signals: { controlPlane: {}, replication: { maximumAge: '999ms' } } } },
    says: 'replication.maximumAge must be a duration of at least 1s',
  },
  {
    when: 'the witness is no address',
    spec: { detection: { signals: { controlPlane: {}, http: { url: 'http:///health' } } } },
    says: 'http.url must be an absolute address',
  },
  {
    when: 'automation may lose nothing',
    spec: { failover: { dataLoss: 'Forbid' } },
    says: 'failover.mode Automatic with dataLoss Forbid could never act',
  },
  {
    when: 'every region is Never',
    spec: { regions: regions(3).map((region) => ({ ...region, promotion: 'Never' })) },
    says: 'regions has no promotable region',
  },
  {
    when: 'a region is none',
    spec: { regions: [first, { name: 'Frankfurt', clusterIdentifier: 'orders' }] },
    says: 'regions[].name must be the name of an AWS region: write it like us-east-1',
  },
  {
    when: 'a cluster is written in capitals',
    spec: { regions: [first, { ...second, clusterIdentifier: 'Orders' }] },
    says: 'regions[].clusterIdentifier must be the identifier of a DB cluster as RDS stores it',
  },
  {
    when: 'a cluster ends in a hyphen',
    spec: { regions: [first, { ...second, clusterIdentifier: 'orders-' }] },
    says: 'regions[].clusterIdentifier must be the identifier of a DB cluster as RDS stores it',
  },
  {
    when: 'the global cluster is written in capitals',
    spec: { globalClusterIdentifier: 'Orders-Global' },
    says: 'globalClusterIdentifier must be the identifier of a global cluster as RDS stores it',
  },
  {
    when: 'the role is a user',
    spec: { aws: { roleArn: 'arn:aws:iam::123456789012:user/somebody' } },
    says: 'aws.roleArn must be the ARN of an IAM role: write arn:aws:iam::<account id>:role/<name>',
  },
  {
    when: 'recoveryTime is zero',
    spec: { objectives: { recoveryTime: '0m' } },
    says: 'objectives.recoveryTime must be a duration above zero',
  },
  {
    when: 'recoveryPoint is zero',
    spec: { objectives: { recoveryPoint: '0s' } },
    says: 'objectives.recoveryPoint must be a duration above zero',
  },
  {
    when: 'maximumLagAge is zero',
    spec: { failover: { maximumLagAge: '0s' } },
    says: 'failover.maximumLagAge must be a duration above zero',
  },
  {
    when: 'cooldown is zero',
    spec: { failover: { cooldown: '0h' } },
    says: 'failover.cooldown must be a duration above zero',
  },
  {
    when: 'the timeout of an operation is zero',
    spec: { failover: { timeout: '0ms' } },
    says: 'failover.timeout must be a duration above zero',
  },
  {
    when: 'inRegionRecoveryLimit is zero',
    spec: { failover: { inRegionRecoveryLimit: '0s' } },
    says: 'failover.inRegionRecoveryLimit must be a duration above zero: write it like 30m, or omit it',
  },
  {
    when: 'stabilization is zero',
    spec: { failback: { stabilization: '0s' } },
    says: 'failback.stabilization must be a duration above zero',
  },
  {
    when: 'a window never opens',
    spec: { failback: { windows: [{ schedule: '0 3 * * 0', duration: '0s' }] } },
    says: 'failback.windows[].duration must be a duration above zero',
  },
  ...[
    '3 * * 0',
    '0 3 * * 9',
    '60 3 * * *',
    '0 24 * * *',
    '0 3 32 * *',
    '0 3 * 13 *',
    '0 0 3 * * *',
    '@weekly',
    '0 3 * * ?',
  ].map((schedule) => ({
    when: `a window opens at ${schedule}`,
    spec: { failback: { windows: [{ schedule, duration: '1h' }] } },
    says:
      schedule.length < 9
        ? 'should be at least 9 chars long'
        : 'failback.windows[].schedule must be a cron expression of five fields',
  })),
  {
    when: 'a drill is scheduled in words',
    spec: { drill: { schedule: 'every month' } },
    says: 'drill.schedule must be a cron expression of five fields (minute, hour, day of month, month, day of week): write it like 0 3 1 * *',
  },
  {
    when: 'a window is in a zone of another planet',
    spec: { failback: { windows: [{ schedule: '0 3 * * 0', duration: '1h', timeZone: 'Mars/Phobos' }] } },
    says: 'failback.windows[].timeZone is no time zone of the IANA database: write it like Europe/Paris or UTC',
  },
  {
    when: 'a window is in an offset instead of a zone',
    spec: { failback: { windows: [{ schedule: '0 3 * * 0', duration: '1h', timeZone: '-05:00' }] } },
    says: 'failback.windows[].timeZone must be the name of an IANA time zone: write it like Europe/Paris or UTC',
  },
  {
    when: 'a drill is in a zone of another planet',
    spec: { drill: { schedule: '0 3 1 * *', timeZone: 'Mars/Phobos' } },
    says: 'drill.timeZone is no time zone of the IANA database: write it like Europe/Paris or UTC',
  },
  {
    when: 'a drill is in an offset instead of a zone',
    spec: { drill: { schedule: '0 3 1 * *', timeZone: '+02:00' } },
    says: 'drill.timeZone must be the name of an IANA time zone: write it like Europe/Paris or UTC',
  },
  {
    when: 'a drill is in the zone of whatever machine it is',
    spec: { drill: { schedule: '0 3 1 * *', timeZone: 'Local' } },
    says: 'drill.timeZone must be the name of an IANA time zone',
  },
  {
    when: 'failback is automatic and no region is preferred',
    spec: { failback: { mode: 'Automatic' } },
    says: 'failback.mode is Automatic but no region is preferred',
  },
  {
    when: 'the drill is always too old',
    spec: { drill: { maximumAge: '0s' } },
    says: 'drill.maximumAge must be a duration above zero',
  },
  {
    when: 'the Service starts with a digit',
    spec: { publish: { service: { name: '1writer' } } },
    says: 'publish.service.name must be the name of a Service',
  },
  {
    when: 'the ConfigMap is written in capitals',
    spec: { publish: { configMap: { name: 'Writer' } } },
    says: 'publish.configMap.name must be the name of a ConfigMap',
  },
  {
    when: 'the metric would be one of AWS',
    spec: { publish: { routing: { namespace: 'AWS/RDS' } } },
    says: 'publish.routing.namespace must be a CloudWatch namespace',
  },
  {
    when: 'a topic is a queue',
    spec: { notifications: { snsTopicArns: ['arn:aws:sqs:us-east-1:123456789012:alerts'] } },
    says: 'notifications.snsTopicArns must hold ARNs of standard SNS topics: write arn:aws:sns:<region>:<account id>:<topic>',
  },
  // What the schema itself refuses.
  {
    when: 'a duration has no unit',
    spec: { failover: { cooldown: '30' } },
    says: 'failover.cooldown must be a duration above zero: write it like 30m or 1h30m (units ms, s, m, h)',
  },
  {
    when: 'a duration has a space',
    spec: { detection: { interval: '10 s' } },
    says: 'detection.interval must be a duration from 1s to 5m: write it like 10s or 1m30s',
  },
  {
    when: 'a duration has a fraction',
    spec: { objectives: { recoveryPoint: '1.5s' } },
    says: 'objectives.recoveryPoint must be a duration above zero: write it like 1s or 500ms',
  },
  {
    when: 'a duration is in days',
    spec: { drill: { maximumAge: '45d' } },
    says: 'drill.maximumAge must be a duration above zero: write it like 1080h',
  },
  {
    when: 'a duration is a number',
    spec: { detection: { interval: 10 } },
    says: 'spec.detection.interval in body must be of type string',
  },
  {
    when: 'a duration is too long',
    spec: { failover: { cooldown: '1m1m1m1m1m1m1m1m1m' } },
    says: 'Too long: may not be more than 16',
  },
  {
    when: 'a region is listed twice',
    spec: { regions: [first, second, { ...first, clusterIdentifier: 'other' }] },
    says: 'spec.regions[2]: Duplicate value: {"name":"eu-west-1"}',
  },
  {
    when: 'there is one region',
    spec: { regions: [first] },
    says: 'spec.regions in body should have at least 2 items',
  },
  { when: 'there are twelve regions', spec: { regions: regions(12) }, says: 'must have at most 11 items' },
  {
    when: 'there is no identifier',
    spec: { globalClusterIdentifier: undefined },
    says: 'spec.globalClusterIdentifier: Required value',
  },
  { when: 'there are no regions', spec: { regions: undefined }, says: 'spec.regions: Required value' },
  { when: 'a role is not named', spec: { aws: { externalId: 'payments' } }, says: 'spec.aws.roleArn: Required value' },
  {
    when: 'a region has no cluster',
    spec: { regions: [first, { name: 'eu-west-2' }] },
    says: 'spec.regions[1].clusterIdentifier: Required value',
  },
  {
    when: 'quorum is one',
    spec: { detection: { quorum: 1 } },
    says: 'spec.detection.quorum in body should be greater than or equal to 2',
  },
  {
    when: 'quorum is five',
    spec: { detection: { quorum: 5 } },
    says: 'spec.detection.quorum in body should be less than or equal to 4',
  },
  {
    when: 'priority is above 1000',
    spec: { failover: { priority: 1001 } },
    says: 'spec.failover.priority in body should be less than or equal to 1000',
  },
  { when: 'a port is none', spec: allSignals({}, { port: 65536 }), says: 'should be less than or equal to 65535' },
  {
    when: 'a mode is unknown',
    spec: { failover: { mode: 'Auto' } },
    says: 'spec.failover.mode: Unsupported value: "Auto": supported values: "Automatic", "Manual"',
  },
  {
    when: 'a promotion is unknown',
    spec: { regions: [first, { ...second, promotion: 'Always' }] },
    says: 'supported values: "Prefer", "Allow", "Never"',
  },
  { when: 'Off is not in quotes', spec: { crossplane: { mode: false } }, says: 'supported values: "Auto", "Off"' },
  {
    when: 'a topic is listed twice',
    spec: { notifications: { snsTopicArns: Array(2).fill('arn:aws:sns:us-east-1:123456789012:alerts') } },
    says: 'Duplicate value: "arn:aws:sns:us-east-1:123456789012:alerts"',
  },
  {
    when: 'a witness speaks another protocol',
    spec: { detection: { signals: { controlPlane: {}, http: { url: 'ftp://witness.example.com' } } } },
    says: 'http.url must be an absolute address: write it like https://witness.example.com/primary',
  },
  { when: 'a field is unknown', spec: { failOver: {} }, says: 'unknown field "spec.failOver"' },
  {
    when: 'a signal is unknown',
    spec: { detection: { signals: { ...two, dns: {} } } },
    says: 'unknown field "spec.detection.signals.dns"',
  },
  {
    when: 'a setting without settings has one',
    spec: { detection: { signals: { controlPlane: { port: 1 }, replication: {} } } },
    says: 'unknown field "spec.detection.signals.controlPlane.port"',
  },
];

describe('Given a bad manifest', () => {
  it.each(refusals)('when $when, then it is refused with: $says', async ({ spec, says }) => {
    expect(flat(await refusalOf(manifestWith(spec)))).toContain(says);
  });

  it('when the identifier of a policy changes, then it is refused', async () => {
    await apply(manifestWith({}, 'steady'));
    expect(flat(await refusalOf(manifestWith({ globalClusterIdentifier: 'other' }, 'steady')))).toContain(
      'globalClusterIdentifier cannot be changed: keep "orders-global" here, and create another ' +
        'DisasterRecoveryPolicy for "other"',
    );
    await apply(manifestWith({ suspend: true }, 'steady'), '--dry-run=server');
  });

  it('when several things are wrong, then all of them are told at once', async () => {
    const spec = { failover: { dataLoss: 'Forbid', cooldown: '0s' }, detection: { quorum: 4 } };
    const refusal = await refusalOf(manifestWith(spec));
    expect(refusal).toContain('failover.mode Automatic with dataLoss Forbid');
    expect(refusal).toContain('failover.cooldown must be a duration above zero');
    expect(refusal).toContain('detection.quorum is 4 but only 3 signals are listed');
  });

  it('then every rule of the schema has its row', () => {
    const rules = [...nodesOf(schema, '')].flatMap(([, node]) => node['x-kubernetes-validations'] ?? []);
    const texts = refusals.map(({ says }) => says);
    const isCovered = ({ message, messageExpression }: Rule): boolean => {
      // The text that the message starts with, before the values in it.
      const fixed = messageExpression === undefined ? undefined : /^"([^"]*)"/.exec(messageExpression)?.[1];
      return texts.some((text) =>
        fixed === undefined ? message.startsWith(text) || text.startsWith(message) : text.includes(fixed),
      );
    };
    // A change can only be made to an object that exists: it has a test of its own above.
    const uncovered = rules.filter((rule) => rule.rule !== 'self == oldSelf' && !isCovered(rule));
    expect(uncovered.map(({ message }) => message)).toEqual([]);
    expect(rules.length).toBeGreaterThan(25);
  });
});

describe('Given kubectl explain', () => {
  const paths = [
    'spec',
    'spec.regions',
    'spec.detection',
    'spec.detection.signals',
    'spec.detection.signals.replication',
    'spec.failover',
    'spec.fencing',
    'status',
    'status.operation',
  ];

  it.each(paths)(
    'when asked for drp.%s, then it describes every field as documentation does',
    async (path) => {
      const node = schemaAt(path);
      const fields = (node.items ?? node).properties!;
      const text = flat(await explain(`drp.${path}`));
      expect(text).toContain(flat(node.description!));
      for (const [name, field] of Object.entries(fields)) {
        expect(text).toContain(`${name} <`);
        expect(text).toContain(flat(field.description!));
      }
    },
    KUBECTL_TIMEOUT_MS,
  );

  /** The API server publishes a new schema some moments after it has accepted it. */
  async function explain(path: string): Promise<string> {
    const deadline = Date.now() + KUBECTL_TIMEOUT_MS / 2;
    for (;;) {
      try {
        return await plane.kubectl(['explain', path]);
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await delay(200);
      }
    }
  }
});

/** A status with every field that there is. */
const at = '2026-01-01T00:00:00.123Z';
const status: DisasterRecoveryPolicyStatus = {
  observedGeneration: 1,
  phase: 'FailingOver',
  primaryRegion: 'us-east-1',
  writerEndpoint: 'aurora-prod.cluster-abc.us-east-1.rds.amazonaws.com',
  lag: '120ms',
  detectionWindow: '40s',
  recoveryTimeExceeded: true,
  regions: [
    {
      name: 'us-west-2',
      clusterIdentifier: 'aurora-prod',
      clusterArn: 'arn:aws:rds:us-west-2:123456789012:cluster:aurora-prod',
      endpoint: 'aurora-prod.cluster-def.us-west-2.rds.amazonaws.com',
      role: 'Secondary',
      health: 'Healthy',
      clusterStatus: 'available',
      port: 3306,
      endpointLastPassed: at,
      engineVersion: '8.0.mysql_aurora.3.08.0',
      synchronizationStatus: 'connected',
      replicationLagMilliseconds: 120,
      lagSampleTime: at,
      promotable: true,
      reason: 'Candidate',
    },
  ],
  signals: [
    {
      name: 'controlPlane',
      vantage: 'direct',
      state: 'Failing',
      since: at,
      lastPassed: at,
      primary: 'us-east-1/aurora-prod',
      configuration: 'c0ffee',
      reason: 'NoAnswer',
      message: 'RDS in us-east-1 stayed silent',
    },
  ],
  incident: { startedAt: at, reason: 'Confirming', message: 'round 2 of 3' },
  operation: {
    id: '20260101-000000-a1b2',
    type: 'Failover',
    trigger: 'Automatic',
    from: 'us-east-1',
    to: 'us-west-2',
    step: 'Requested',
    dataLossAllowed: true,
    startedAt: at,
    detectedAt: at,
    calledAt: at,
    promotedAt: at,
    publishedAt: at,
    estimatedDataLossMilliseconds: 120,
    worstCaseDataLossMilliseconds: 60_120,
    attempts: 1,
    fence: 'Succeeded',
    fenceTime: at,
    requestId: 'b1946ac9-2490-4a3b-8c1e-0a6f6d2c1d55',
    fromClusterArn: 'arn:aws:rds:us-east-1:123456789012:cluster:aurora-prod',
    targetClusterArn: 'arn:aws:rds:us-west-2:123456789012:cluster:aurora-prod',
    acceptedBy: 'operator-7d9f_1',
    automatic: true,
    message: 'AWS is promoting us-west-2',
  },
  lastRequest: {
    action: 'force-failover',
    value: 'us-west-2',
    forceType: 'Auto',
    acceptDataLoss: true,
    annotationsRemoved: false,
    observedAt: at,
    result: 'Refused',
    reason: 'OperationInFlight',
    message: 'an operation is in flight',
    operationId: '20260101-000000-a1b2',
  },
  published: {
    service: 'transactions-writer',
    configMap: 'transactions-writer',
    writerEndpoint: 'fenced.invalid',
    primaryRegion: 'us-east-1',
    at,
  },
  splitBrain: {
    region: 'us-east-1',
    clusterIdentifier: 'aurora-prod',
    since: at,
    operationId: '20260101-000000-a1b2',
    fence: 'TimedOut',
    state: 'Resynchronizing',
    returnedAt: at,
    message: 'has not re-joined',
  },
  rescueSnapshots: [
    {
      operationId: '20260101-000000-a1b2',
      region: 'us-east-1',
      clusterIdentifier: 'aurora-prod',
      since: at,
      state: 'Copying',
      source: 'rds:unplanned-global-failover-aurora-prod-20260101',
      snapshot: 'aurora-dr-rescue-20260101',
      snapshotArn: 'arn:aws:rds:us-east-1:123456789012:cluster-snapshot:aurora-dr-rescue-20260101',
      giveUpAt: at,
      message: 'RDS copies it',
    },
  ],
  failback: { region: 'us-east-1', healthySince: at, observedUntil: at },
  nextDrill: { at, schedule: '0 3 1 * * UTC' },
  drill: {
    id: 'drill-20260101-a1b2',
    home: 'us-east-1',
    away: 'us-west-2',
    leg: 'Back',
    startedAt: at,
    arrivedAt: at,
    scheduledFor: at,
    operationId: '20260101-000000-a1b2',
    thereMilliseconds: 61_000,
    returnAttempts: 1,
    notBefore: at,
  },
  lastDrill: {
    id: 'drill-20251201-a1b2',
    mode: 'Switchover',
    result: 'Succeeded',
    reason: 'Succeeded',
    scheduledFor: at,
    startedAt: at,
    completedAt: at,
    from: 'us-east-1',
    to: 'us-west-2',
    thereMilliseconds: 61_000,
    backMilliseconds: 62_000,
    lastSucceededAt: at,
    message: 'there and back',
    checks: [{ name: 'Votes', passed: true, message: 'a quorum can vote' }],
  },
  cooldownUntil: at,
  history: [
    {
      id: '20251201-000000-0001',
      type: 'Switchover',
      trigger: 'Drill',
      from: 'us-west-2',
      to: 'us-east-1',
      outcome: 'Succeeded',
      reason: 'Completed',
      detectedAt: at,
      startedAt: at,
      promotedAt: at,
      publishedAt: at,
      completedAt: at,
      recoveryTimeMilliseconds: 61_000,
      estimatedDataLossMilliseconds: 0,
      worstCaseDataLossMilliseconds: 0,
      automatic: true,
      requestId: 'b1946ac9-2490-4a3b-8c1e-0a6f6d2c1d55',
      message: 'as planned',
    },
  ],
  conditions: [
    {
      type: 'FailoverReady',
      status: 'False',
      observedGeneration: 1,
      lastTransitionTime: at,
      reason: 'OperationInFlight',
      message: 'a failover is in flight',
    },
  ],
};

describe('Given a policy with a status', () => {
  const name = 'observed';

  beforeAll(async () => {
    await apply(manifestWith(sample('transactions').spec, name));
    await patchStatus(name, { status, spec: { suspend: true } });
  }, KUBECTL_TIMEOUT_MS);

  it('then the status is stored as written, and writing it changes nothing of the spec', async () => {
    const policy = await getPolicy(name);
    expect(policy.status).toEqual(status);
    expect(policy.spec.suspend).toBe(false);
    expect(policy.metadata.generation).toBe(1);
    expect(problemsOf(policy)).toEqual([]);
  });

  it('then no field of the status was left out here', () => {
    const written = new Set(pathsOf(status, 'status'));
    const fields = [...nodesOf(schemaAt('status'), 'status')].filter(
      ([, node]) => node.type !== 'object' && node.type !== 'array',
    );
    expect(fields.map(([path]) => path).filter((path) => !written.has(path))).toEqual([]);
    expect(fields.length).toBeGreaterThan(60);
  });

  it('when the spec is written with a status in the manifest, then the status stays', async () => {
    const manifest = {
      ...manifestWith({ ...sample('transactions').spec, suspend: true }, name),
      status: { phase: 'Pending' },
    };
    await apply(manifest, '--server-side', '--force-conflicts');
    const policy = await getPolicy(name);
    expect(policy.spec.suspend).toBe(true);
    expect(policy.metadata.generation).toBe(2);
    expect(policy.status?.phase).toBe('FailingOver');
  });

  it('when kubectl get lists policies, then the columns answer what people ask', async () => {
    const output = await plane.kubectl(['get', 'drp', name, '-n', namespace]);
    const [header, row] = output.trim().split('\n');
    expect(header!.trim().split(/\s{2,}/)).toEqual(['NAME', 'PHASE', 'PRIMARY', 'LAG', 'READY TO FAIL OVER', 'AGE']);
    expect(row!.trim().split(/\s{2,}/)).toEqual([
      name,
      'FailingOver',
      'us-east-1',
      '120ms',
      'False',
      expect.any(String),
    ]);
  });

  it('when kubectl get -o wide lists policies, then it tells more', async () => {
    const output = await plane.kubectl(['get', 'drp', name, '-n', namespace, '-o', 'wide']);
    const [header, row] = output.trim().split('\n');
    expect(
      header!
        .trim()
        .split(/\s{2,}/)
        .slice(6),
    ).toEqual(['MODE', 'WRITER ENDPOINT', 'DETECTION WINDOW', 'OPERATION', 'SUSPENDED', 'REASON']);
    expect(
      row!
        .trim()
        .split(/\s{2,}/)
        .slice(6),
    ).toEqual([
      'Automatic',
      'aurora-prod.cluster-abc.us-east-1.rds.amazonaws.com',
      '40s',
      'Requested',
      'true',
      'OperationInFlight',
    ]);
  });

  it('when asked by category, by plural and by singular name, then kubectl finds it', async () => {
    for (const resource of ['aurora-dr', 'disasterrecoverypolicies', 'disasterrecoverypolicy']) {
      const output = await plane.kubectl(['get', resource, '-n', namespace, '-o', 'name']);
      expect(output).toContain(`disasterrecoverypolicy.aurora-dr.io/${name}`);
    }
  });

  it.each([
    ['an unknown phase', { phase: 'Happy' }, 'status.phase: Unsupported value: "Happy"'],
    ['eleven operations in the history', { history: Array(11).fill(status.history![0]) }, 'must have at most 10 items'],
    ['a time that is none', { cooldownUntil: 'soon' }, 'cooldownUntil in body must be of type date-time'],
    [
      'a negative lag',
      { regions: [{ ...status.regions![0], replicationLagMilliseconds: -1 }] },
      'should be greater than or equal to 0',
    ],
    ['an operation without a step', { operation: { ...status.operation, step: null } }, 'status.operation.step'],
  ])('when the status has %s, then it is refused', async (_name, patch, says) => {
    await expect(patchStatus(name, { status: patch })).rejects.toThrow(says);
  });
});

/** Paths of all values in the notation of the schema. */
function pathsOf(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsOf(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, field]) => pathsOf(field, `${path}.${key}`));
}
