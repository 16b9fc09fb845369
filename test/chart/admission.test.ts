import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ANNOTATION_PREFIX, REQUEST_ANNOTATIONS } from '../../operator/api/v1alpha1/annotations.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { waitUntilServed } from '../control-plane/serve-crd.ts';
import { Helm, objectOf, type KubernetesObject } from './helm.ts';

/** The first run builds Helm and the API server. */
const START_TIMEOUT_MS = 20 * 60_000;
const TIMEOUT_MS = 60_000;
const POLL_MS = 100;
const SAMPLE = fileURLToPath(new URL('../../crds/samples/minimal.yaml', import.meta.url));
const OPERATION = 'op-20260101-000000-abcdef';
const HISTORY = [
  {
    id: OPERATION,
    type: 'Failover',
    trigger: 'Automatic',
    from: 'us-west-2',
    to: 'us-east-1',
    outcome: 'Succeeded',
    startedAt: '2026-01-01T00:00:00Z',
    completedAt: '2026-01-01T00:01:00Z',
  },
];

let plane: ControlPlane;
let helm: Helm;
const kubectl = (...args: string[]): Promise<string> => plane.kubectl(['--namespace', 'payments', ...args]);
/** What a person types, on one line. */
const annotate = (...pairs: string[]): Promise<string> =>
  kubectl('annotate', 'drp', 'tx', ...pairs.map((pair) => `${ANNOTATION_PREFIX}${pair}`), '--overwrite');
/** Whether it would be taken: the answer alone. */
const probe = (pair: string): Promise<string> =>
  kubectl('annotate', 'drp', 'tx', `${ANNOTATION_PREFIX}${pair}`, '--overwrite', '--dry-run=server').then(
    () => 'taken',
    (error: unknown) => String(error),
  );

function policy(regions: readonly string[] = ['us-east-1', 'us-west-2']): KubernetesObject {
  const sample = parse(readFileSync(SAMPLE, 'utf8')) as KubernetesObject & { spec: object };
  return {
    ...sample,
    metadata: { name: 'tx', namespace: 'payments' },
    spec: { ...sample.spec, regions: regions.map((name) => ({ name, clusterIdentifier: 'aurora-prod' })) },
  };
}

const apply = (object: object): Promise<string> =>
  plane.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) });

/** An API server takes a new admission policy into account some time after it has stored it, and forgets one as late. */
async function untilAnswered(isWanted: (answer: string) => boolean): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    const answer = await probe('drill=Probe');
    if (isWanted(answer)) return;
    if (performance.now() > deadline) throw new Error(`cannot see the admission policy as wanted: ${answer}`);
    await delay(POLL_MS);
  }
}
const isRefused = (answer: string): boolean => answer.includes('cannot take aurora-dr.io/drill');

beforeAll(async () => {
  plane = await startControlPlane();
  helm = await Helm.create();
  await plane.kubectl(['create', 'namespace', 'payments']);
  const objects = await helm.template({ aws: { regions: ['us-east-1', 'us-west-2', 'eu-west-1'] } });
  await apply(objectOf(objects, 'CustomResourceDefinition'));
  await waitUntilServed(plane, 'drp');
  await apply(policy());
  await apply(objectOf(objects, 'ValidatingAdmissionPolicy'));
  await apply(objectOf(objects, 'ValidatingAdmissionPolicyBinding'));
  await untilAnswered(isRefused);
}, START_TIMEOUT_MS);
afterAll(async () => {
  await plane.stop();
  await helm[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await kubectl('delete', 'drp', 'tx', '--ignore-not-found');
  await apply(policy());
  const status = { history: HISTORY };
  await kubectl('patch', 'drp', 'tx', '--subresource=status', '--type=merge', '-p', JSON.stringify({ status }));
});

describe('an annotation that the operator could not work with', () => {
  it.each<[string, readonly string[], string]>([
    [
      'a region that the policy has not',
      ['force-failover=eu-west-1'],
      'eu-west-1 is no region of this policy; write us-east-1, us-west-2, or any',
    ],
    [
      'a type that is none',
      ['force-failover=any', 'force-type=Force'],
      'Force is none; write Auto, Switchover or Failover',
    ],
    ['a type alone', ['force-type=Failover'], 'they count only together with aurora-dr.io/force-failover'],
    ['an acceptance alone', ['accept-data-loss=true'], 'they count only together with aurora-dr.io/force-failover'],
    ['an acceptance that is none', ['force-failover=any', 'accept-data-loss=yes'], 'it accepts with "true" only'],
    ['a failback that is none', ['failback=us-east-1'], 'write "true"'],
    ['a drill that is none', ['drill=Failover'], 'Failover is none; write Simulate or Switchover'],
    ['an operation that is not known', ['acknowledge=op-1'], `it knows ${OPERATION}`],
    ['a fence of an operation that is not known', ['confirm-fenced=op-1'], `it knows ${OPERATION}`],
    [
      'a slip of the pen',
      ['force-failver=any'],
      'the operator knows no aurora-dr.io/force-failver; it knows force-failover',
    ],
  ])(
    'given %s, then kubectl says what to write',
    async (_, pairs, message) => {
      await expect(annotate(...pairs)).rejects.toThrow(message);
      const { metadata } = JSON.parse(await kubectl('get', 'drp', 'tx', '-o', 'json')) as KubernetesObject;
      const left = Object.keys(metadata.annotations ?? {});
      expect(left.filter((name) => name.startsWith(ANNOTATION_PREFIX))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'given no operation at all, then kubectl says that there is none',
    async () => {
      await kubectl(
        'patch',
        'drp',
        'tx',
        '--subresource=status',
        '--type=json',
        '-p',
        '[{"op":"remove","path":"/status"}]',
      );
      await expect(annotate('acknowledge=op-1')).rejects.toThrow('it knows none');
    },
    TIMEOUT_MS,
  );
});

describe('an annotation that the operator takes', () => {
  it.each<[readonly string[]]>([
    [['force-failover=us-west-2']],
    [['force-failover=any', 'force-type=Failover', 'accept-data-loss=true']],
    [['failback=true']],
    [['drill=Simulate']],
    [['drill=Switchover']],
    [[`acknowledge=${OPERATION}`]],
    [[`confirm-fenced=${OPERATION}`]],
  ])(
    '%j is taken, and removed as it came',
    async (pairs) => {
      await annotate(...pairs);
      await annotate(...pairs.map((pair) => `${pair.slice(0, pair.indexOf('='))}-`));
    },
    TIMEOUT_MS,
  );

  it('may be any of those that the code knows, and no other', async () => {
    const rules = JSON.stringify(objectOf(await helm.template(), 'ValidatingAdmissionPolicy')['spec']);
    const named = new Set(rules.match(/aurora-dr\.io\/[a-z-]+/g));
    expect([...named].toSorted()).toEqual([...REQUEST_ANNOTATIONS].toSorted());
  });

  it(
    'is nobody else’s: annotations without the prefix are left alone',
    async () => {
      await kubectl('annotate', 'drp', 'tx', 'example.com/force-failover=whatever', 'force-type=whatever');
    },
    TIMEOUT_MS,
  );
});

describe('what was there before the admission policy', () => {
  it(
    'hinders neither a finalizer, nor another annotation, nor the removal',
    async () => {
      const name = objectOf(await helm.template(), 'ValidatingAdmissionPolicyBinding').metadata.name;
      const binding = await plane.kubectl(['get', 'validatingadmissionpolicybinding', name, '-o', 'json']);
      await plane.kubectl(['delete', 'validatingadmissionpolicybinding', name]);
      await untilAnswered((answer) => answer === 'taken');
      await annotate('drill=Old', 'force-type=Old');
      const { apiVersion, kind, metadata, spec } = JSON.parse(binding) as KubernetesObject;
      await apply({ apiVersion, kind, metadata: { name: metadata.name }, spec });
      await untilAnswered(isRefused);

      const finalizers = { metadata: { finalizers: ['aurora-dr.io/operation'] } };
      await kubectl('patch', 'drp', 'tx', '--type=merge', '-p', JSON.stringify(finalizers));
      await annotate('failback=true');
      await expect(annotate('drill=New')).rejects.toThrow('New is none');
      await annotate('drill-', 'force-type-', 'failback-');
      await kubectl('delete', 'drp', 'tx', '--wait=false');
      await kubectl('patch', 'drp', 'tx', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
    },
    TIMEOUT_MS,
  );
});

describe('a region that the operator has no endpoint for', () => {
  it(
    'is refused when the policy is written, and says which there are',
    async () => {
      const elsewhere = {
        ...policy(['us-east-1', 'ap-south-1', 'sa-east-1']),
        metadata: { name: 'far', namespace: 'payments' },
      };
      await expect(apply(elsewhere)).rejects.toThrow(
        'the operator has no endpoint for ap-south-1, sa-east-1; it has us-east-1, us-west-2, eu-west-1',
      );
      await apply(policy(['us-east-1', 'us-west-2', 'eu-west-1']));
      await expect(apply(policy(['us-east-1', 'us-west-2', 'ap-south-1']))).rejects.toThrow(
        'no endpoint for ap-south-1',
      );
    },
    TIMEOUT_MS,
  );

  it('is anybody’s choice where the chart names none', async () => {
    const { spec } = objectOf(await helm.template(), 'ValidatingAdmissionPolicy') as { spec?: unknown };
    expect(JSON.stringify(spec)).not.toContain('no endpoint');
  });
});
