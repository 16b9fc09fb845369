import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConfiguration } from '../../cdk8s/configuration/configuration.ts';
import type { ConfigurationInput } from '../../cdk8s/configuration/schema.ts';
import { createApp } from '../../cdk8s/infrastructure.ts';
import { PolicyChart } from '../../cdk8s/charts/policy-chart.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { startControlPlane } from '../control-plane/control-plane.ts';
import { waitUntilServed } from '../control-plane/serve-crd.ts';

/** The first run builds the API server. */
const START_TIMEOUT_MS = 20 * 60_000;
const TIMEOUT_MS = 60_000;

const CRD = join(import.meta.dirname, '../../crds/aurora-dr.io_disasterrecoverypolicies.yaml');

let plane: ControlPlane;

beforeAll(async () => {
  plane = await startControlPlane();
  await plane.kubectl(['apply', '--server-side', '-f', CRD]);
  await waitUntilServed(plane, 'disasterrecoverypolicies.aurora-dr.io');
}, START_TIMEOUT_MS);

afterAll(() => plane.stop(), TIMEOUT_MS);

/** What each environment of these says of its policy; each is another environment. */
const OPTIONS: Readonly<Record<string, Partial<ConfigurationInput>>> = {
  'all defaults': {},
  'a witness': { policy: { witnessUrl: 'https://witness.example.com/aurora' } },
  'a role': { policy: { roleArn: 'arn:aws:iam::123456789012:role/aurora-dr' } },
  'no loss at all': { policy: { mode: 'Manual', dataLoss: 'Forbid' } },
  'any loss': { policy: { dataLoss: 'Allow', recoveryTime: '5m', recoveryPoint: '30s' } },
  'more of its spec': {
    policy: {
      witnessUrl: 'https://witness.example.com/aurora',
      routing: { namespace: 'Payments/DR', metric: 'Writer' },
      spec: {
        detection: { interval: '5s', timeout: '1s', quorum: 3, signals: { controlPlane: {}, endpoint: {} } },
        failover: { cooldown: '1h', inRegionRecoveryLimit: '30m' },
        failback: { mode: 'Automatic', windows: [{ schedule: '0 3 * * 0', duration: '2h', timeZone: 'UTC' }] },
        fencing: { mode: 'Required' },
        drill: { schedule: '0 3 1 * *' },
        crossplane: { mode: 'Off' },
        suspend: true,
      },
    },
  },
  'a region that is never promoted': { regions: [{ name: 'us-east-1' }, { name: 'us-west-2', promotion: 'Never' }] },
  'four regions': {
    regions: ['us-east-1', 'us-west-2', 'eu-west-1', 'eu-central-1'].map((name) => ({ name })),
  },
};

const CASES = Object.entries(OPTIONS).map(([title, input], index) => ({ title, input, suffix: `e${String(index)}` }));

describe('Given an API server that knows policies', () => {
  it.each(CASES)(
    'when the policy of a set-up with $title is applied, then it is accepted as it is',
    async ({ input, suffix }) => {
      const configuration = createConfiguration({ suffix, accountId: '123456789012', namespace: 'default', ...input });
      const topics = new Map(
        configuration.regions.map(({ name }) => [name, { topicArn: `arn:aws:sns:${name}:123456789012:topic` }]),
      );
      const [policy] = new PolicyChart(createApp(configuration), { configuration, topics }).toJson();
      const applied = await plane.kubectl(['apply', '--server-side', '--validate=strict', '-o', 'json', '-f', '-'], {
        input: JSON.stringify(policy),
      });
      // The server adds defaults, and takes nothing away.
      expect(JSON.parse(applied)).toMatchObject({ spec: (policy as { spec: object }).spec });
    },
    TIMEOUT_MS,
  );
});
