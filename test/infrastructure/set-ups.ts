import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Configuration } from '../../cdk8s/configuration/configuration.ts';
import { createConfiguration } from '../../cdk8s/configuration/configuration.ts';
import type { ConfigurationInput } from '../../cdk8s/configuration/schema.ts';
import { createInfrastructure, manifestFiles } from '../../cdk8s/infrastructure.ts';
import type { Manifest } from './manifest.ts';

const examples = join(import.meta.dirname, '..', '..', 'cdk8s', 'examples');

/** A configuration and all that is made of it. */
export interface SetUp {
  readonly title: string;
  readonly configuration: Configuration;
  readonly manifests: readonly Manifest[];
}

function setUpOf(title: string, input: ConfigurationInput): SetUp {
  const configuration = createConfiguration(input);
  const files = manifestFiles(createInfrastructure(configuration));
  return { title, configuration, manifests: files.flatMap(({ manifests }) => manifests as readonly Manifest[]) };
}

const endpointsOf = (region: string) =>
  Object.fromEntries(
    ['rds', 'monitoring'].map((service) => [service, `vpce-0a1b-2c3d.${service}.${region}.vpce.amazonaws.com`]),
  );

/** After the second run, which knows the names that AWS gave, and after a failover that Git has followed. */
const LATER: ConfigurationInput = {
  suffix: 'later',
  accountId: '123456789012',
  primary: 'us-west-2',
  network: { endpointNames: { 'us-east-1': endpointsOf('us-east-1'), 'us-west-2': endpointsOf('us-west-2') } },
  dns: {
    writerEndpoints: Object.fromEntries(
      ['us-east-1', 'us-west-2'].map((region) => [
        region,
        `aurora-${region}-later.cluster-abcdefghijkl.${region}.rds.amazonaws.com`,
      ]),
    ),
  },
};

/** What no example says. */
const OTHERWISE: ConfigurationInput = {
  suffix: 'otherwise',
  accountId: '123456789012',
  namespace: 'databases',
  provider: {
    name: 'databases',
    credentials: { source: 'Secret', secret: { name: 'aws', namespace: 'crossplane-system', key: 'credentials' } },
  },
  network: { peering: { resolvesNames: false }, flowLogs: { trafficType: 'REJECT', aggregationSeconds: 600 } },
  database: { port: 3307, updates: 'Allowed', parameters: { general_log: '1' }, logs: ['general', 'instance'] },
  monitoring: { compositeAlarm: false, events: false },
  dns: { visibility: 'Public', zone: 'db.example.com', alarmPeriods: 3 },
  functions: { scheduleMinutes: 5 },
  policy: {
    namespace: 'payments',
    witnessUrl: 'https://witness.example.com/otherwise',
    roleArn: 'arn:aws:iam::123456789012:role/aurora-dr',
    routing: { namespace: 'Payments/DR', metric: 'Writer' },
    spec: { fencing: { mode: 'Required' }, drill: { schedule: '0 3 1 * *' } },
  },
};

const INPUTS: readonly (readonly [title: string, input: ConfigurationInput])[] = [
  ...readdirSync(examples).map(
    (file) => [file, parse(readFileSync(join(examples, file), 'utf8')) as ConfigurationInput] as const,
  ),
  ['a later run with another primary', LATER],
  ['what no example says', OTHERWISE],
];

/** Every example, and a later run, in both scopes. */
export const SET_UPS: readonly SetUp[] = INPUTS.flatMap(([title, input]) =>
  (['namespaced', 'cluster'] as const).map((scope) => setUpOf(`${title}, ${scope}`, { ...input, scope })),
);
