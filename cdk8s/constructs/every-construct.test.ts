import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { ApiObject, Testing } from 'cdk8s';
import type { Chart } from 'cdk8s';
import { Construct } from 'constructs';
import fc from 'fast-check';
import type { Configuration } from '../configuration/configuration.ts';
import { createConfiguration } from '../configuration/configuration.ts';
import type { ManagedScope } from '../managed/managed-settings.ts';
import { testChart } from '../managed/test-chart.ts';
import { LambdaFunction } from '../imports/lambda.ts';
import { Bucket } from '../imports/s3.ts';
import { VPC } from '../imports/ec2.ts';
import { Zone } from '../imports/route53.ts';
import { GlobalDatabase } from './database/global-database.ts';
import { MemberCluster } from './database/member-cluster.ts';
import { RoutingHealthCheck } from './dns/routing-health-check.ts';
import { WriterRecords } from './dns/writer-records.ts';
import { DeadLetters } from './functions/dead-letters.ts';
import { FunctionAlarms } from './functions/function-alarms.ts';
import { FunctionCodeBucket } from './functions/function-code-bucket.ts';
import { FunctionSchedule } from './functions/function-schedule.ts';
import { PrivateFunction } from './functions/private-function.ts';
import { MasterPassword } from './keys/master-password.ts';
import { MultiRegionKey } from './keys/multi-region-key.ts';
import { DatabaseAlarms } from './monitoring/database-alarms.ts';
import { DatabaseEvents } from './monitoring/database-events.ts';
import { NotificationTopic } from './monitoring/notification-topic.ts';
import { FlowLogs } from './network/flow-logs.ts';
import { InterfaceEndpoint } from './network/interface-endpoint.ts';
import { RegionalNetwork } from './network/regional-network.ts';
import { SecurityGroupRules } from './network/security-group-rules.ts';
import { PeeredRoutes } from './peering/peered-routes.ts';
import { VpcPeering } from './peering/vpc-peering.ts';

/** Where a construct is put, and what it is told. */
interface Site {
  readonly chart: Chart;
  readonly configuration: Configuration;
}

/** The other parts of a set-up, by name: they stand elsewhere. */
const named = (name: string) => ({ name });
const password = { name: 'master-password', key: 'password' };
const code = { zipBase64: 'UEsF', sha256: '0'.repeat(64), runtime: 'nodejs24.x', handler: 'index.handler' };

/** What is common to most of them: the last region, so that nothing rests on the first. */
function common({ configuration }: Site) {
  const { names, accountId, regions, home } = configuration;
  const region = regions.at(-1)!;
  const others = regions.map(({ name }) => name).filter((name) => name !== home);
  return {
    names,
    accountId,
    region: region.name,
    full: region,
    regions: regions.map(({ name }) => name),
    others,
    topicArn: `arn:aws:sns:${region.name}:${accountId}:${names.of('topic', region.name)}`,
    keyAlias: `alias/${names.of('key', region.name)}`,
    queueArn: `arn:aws:sqs:${region.name}:${accountId}:${names.of('dead-letters', region.name, 'health-monitor')}`,
    function: 'health-monitor',
    retentionDays: 14,
  } as const;
}

function member(site: Site) {
  const { region, full, names, accountId } = common(site);
  return {
    region,
    zones: full.subnets.map(({ zone }) => zone),
    subnets: full.subnets.map((_, index) => named(names.of('subnet', region, index + 1))),
    securityGroup: named(names.of('aurora-sg', region)),
    keyArn: `arn:aws:kms:${region}:${accountId}:alias/${names.of('key', region)}`,
    capacity: full.capacity,
  };
}

const networkOf = (site: Site): RegionalNetwork => {
  const { full, names, accountId } = common(site);
  return new RegionalNetwork(site.chart, 'network', {
    names,
    accountId,
    region: full,
    vpcs: site.configuration.regions,
  });
};

const schedule = ({ configuration }: Site) => ({
  minutes: 1,
  namespace: 'AuroraDR',
  heartbeat: 'MonitorHeartbeat',
  globalClusterIdentifier: configuration.names.globalCluster,
});

const key = (site: Site): MultiRegionKey => {
  const { home } = site.configuration;
  return new MultiRegionKey(site.chart, 'key', { ...common(site), home, replicas: common(site).others });
};

/** How each construct of these folders is made. */
const MAKERS: Readonly<Record<string, (site: Site) => unknown>> = {
  GlobalDatabase: (site) => {
    const { names, accountId, home, primary, regions, database, deletion } = site.configuration;
    const members = regions.map(({ name, capacity }) => ({ ...member(site), region: name, capacity }));
    const masterUser = { name: 'admin', password };
    return new GlobalDatabase(site.chart, 'it', {
      ...{ names, accountId, home, primary, regions: members, databaseName: 'transactions', masterUser },
      ...{ options: database, deletion },
    });
  },
  MemberCluster: (site) => {
    const { names, database, deletion } = site.configuration;
    const role = { forProvider: {}, initProvider: { sourceRegion: site.configuration.home } };
    return new MemberCluster(site.chart, 'it', { names, ...member(site), options: database, deletion, role });
  },
  RoutingHealthCheck: (site) => {
    const { names, region, regions } = common(site);
    const metric = { namespace: 'AuroraDR', name: 'WriterRegion', globalClusterIdentifier: names.globalCluster };
    return new RoutingHealthCheck(site.chart, 'it', { names, metric, region, regions });
  },
  WriterRecords: (site) => {
    const { names, regions } = common(site);
    const zone = new Zone(site.chart, 'zone', {
      name: names.of('zone', 'global'),
      forProvider: { name: 'example.com' },
    });
    const healthChecks = new Map(regions.map((region) => [region, named(names.of('health-check', region))]));
    const { primary } = site.configuration;
    return new WriterRecords(site.chart, 'it', {
      ...{ names, zone, domain: 'example.com', record: 'writer', ttlSeconds: 5, regions, primary, healthChecks },
      endpoints: {},
    });
  },
  DeadLetters: (site) => new DeadLetters(site.chart, 'it', common(site)),
  FunctionAlarms: (site) =>
    new FunctionAlarms(site.chart, 'it', {
      ...common(site),
      functionName: 'function',
      queueName: 'queue',
      schedule: schedule(site),
    }),
  FunctionCodeBucket: (site) => new FunctionCodeBucket(site.chart, 'it', common(site)),
  FunctionSchedule: (site) => {
    const { names, region } = common(site);
    const lambda = new LambdaFunction(site.chart, 'lambda', {
      name: names.of('function', region, 'health-monitor'),
      forProvider: { region },
    });
    return new FunctionSchedule(site.chart, 'it', { ...common(site), lambda, minutes: 5 });
  },
  PrivateFunction: (site) => {
    const { names, region, accountId } = common(site);
    const bucket = new Bucket(site.chart, 'bucket', {
      name: names.of('functions-bucket', region, accountId),
      forProvider: { region },
    });
    return new PrivateFunction(site.chart, 'it', {
      ...common(site),
      ...{ description: 'A function', code, bucket, environment: { KEY: 'value' }, metricNamespace: 'AuroraDR' },
      ...{ memoryMegabytes: 256, timeoutSeconds: 30, logRetentionDays: 30, deadLetterRetentionDays: 14 },
      subnets: member(site).subnets,
      securityGroup: named(names.of('functions-sg', region)),
      schedule: schedule(site),
    });
  },
  MasterPassword: (site) => {
    const { names, others } = common(site);
    const { home } = site.configuration;
    return new MasterPassword(site.chart, 'it', { names, home, replicas: others, key: key(site), generatedInWave: 40 });
  },
  MultiRegionKey: key,
  DatabaseAlarms: (site) =>
    new DatabaseAlarms(site.chart, 'it', { ...common(site), thresholds: site.configuration.monitoring }),
  DatabaseEvents: (site) =>
    new DatabaseEvents(site.chart, 'it', {
      ...common(site),
      topic: named(common(site).names.of('topic', common(site).region)),
      cluster: common(site).names.of('aurora', common(site).region),
      instances: [common(site).names.of('aurora-instance', common(site).region, 1)],
    }),
  NotificationTopic: (site) => new NotificationTopic(site.chart, 'it', { ...common(site), emails: ['a@example.com'] }),
  FlowLogs: (site) => {
    const { names, accountId, region } = common(site);
    const vpc = new VPC(site.chart, 'vpc', { name: names.of('vpc', region), forProvider: { region } });
    return new FlowLogs(site.chart, 'it', {
      ...{ names, accountId, region, vpc },
      options: { retentionDays: 7, trafficType: 'ALL', aggregationSeconds: 60 },
    });
  },
  InterfaceEndpoint: (site) => {
    const { names, accountId } = common(site);
    return new InterfaceEndpoint(site.chart, 'it', { names, accountId, network: networkOf(site), service: 'rds' });
  },
  RegionalNetwork: networkOf,
  SecurityGroupRules: (site) => {
    const vpcs = site.configuration.regions;
    // Its own rules have other identities: these are for the databases alone.
    const { names, full, accountId } = common(site);
    const network = new RegionalNetwork(site.chart, 'network', {
      ...{ names, accountId, region: full, vpcs: [], hasFunctions: false },
    });
    return new SecurityGroupRules(site.chart, 'it', { names, network, vpcs, hasFunctions: false });
  },
  PeeredRoutes: (site) => {
    const { names, region } = common(site);
    const [peer] = site.configuration.regions;
    const connection = named(names.of('peering', peer!.name, region));
    return new PeeredRoutes(site.chart, 'it', {
      ...{ names, region, vpc: named(names.of('vpc', region)), subnets: member(site).subnets },
      peers: [{ region: peer!.name, cidr: peer!.cidr, connection }],
    });
  },
  VpcPeering: (site) => {
    const { names, accountId, region } = common(site);
    const side = (of: string) => ({ region: of, vpc: named(names.of('vpc', of)) });
    const [first] = site.configuration.regions;
    return new VpcPeering(site.chart, 'it', { names, accountId, requester: side(first!.name), accepter: side(region) });
  },
};

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: {
    readonly forProvider?: { readonly region?: string; readonly tags?: Readonly<Record<string, string>> };
    readonly managementPolicies?: readonly string[];
    readonly providerConfigRef?: object;
  };
}

interface Options {
  readonly scope?: ManagedScope;
  readonly suffix?: string;
  readonly regions?: readonly string[];
}

const REGIONS = ['us-east-1', 'us-west-2', 'eu-west-1', 'eu-central-1'];

function synthesize(
  name: string,
  { scope = 'namespaced', suffix = 'test', regions = REGIONS.slice(0, 2) }: Options = {},
) {
  const configuration = createConfiguration({
    suffix,
    accountId: '123456789012',
    regions: regions.map((region) => ({ name: region })),
  });
  const chart = testChart({ scope });
  MAKERS[name]?.({ chart, configuration });
  return Testing.synth(chart) as readonly Manifest[];
}

/** The constructs that the files of these folders export. */
async function exportedConstructs(): Promise<string[]> {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
  const modules = await Promise.all(
    files.map(
      (file) => import(pathToFileURL(join(import.meta.dirname, file)).href) as Promise<Record<string, unknown>>,
    ),
  );
  return modules
    .flatMap((exported) => Object.entries(exported))
    .filter(([, value]) => typeof value === 'function' && value.prototype instanceof Construct)
    .filter(([, value]) => !((value as { prototype: unknown }).prototype instanceof ApiObject))
    .map(([name]) => name);
}

const suffixes = fc.stringMatching(/^[a-z][a-z0-9]{0,7}(-[a-z0-9]{1,4})?$/);
const someRegions = fc.shuffledSubarray(REGIONS, { minLength: 2 });

/** Those whose own tests have a snapshot; in it are the parts of which they are made. */
const WITH_OWN_SNAPSHOT: ReadonlySet<string> = new Set([
  'GlobalDatabase',
  'MultiRegionKey',
  'MasterPassword',
  'DatabaseAlarms',
  'DatabaseEvents',
  'NotificationTopic',
  'RegionalNetwork',
  'InterfaceEndpoint',
  'PrivateFunction',
  'VpcPeering',
]);

describe('Given the constructs', () => {
  it('then each is made here', async () => {
    expect((await exportedConstructs()).toSorted()).toEqual(Object.keys(MAKERS).toSorted());
  });

  it.each(Object.keys(MAKERS).filter((name) => !WITH_OWN_SNAPSHOT.has(name)))(
    '%s is what the snapshot says',
    (name) => {
      expect(synthesize(name)).toMatchSnapshot();
    },
  );

  describe.each(Object.keys(MAKERS))('%s', (name) => {
    it('given any suffix and regions, is named by both and tagged, and takes on nothing that AWS has changed', () => {
      fc.assert(
        fc.property(suffixes, someRegions, (suffix, regions) => {
          const manifests = synthesize(name, { suffix, regions });
          expect(manifests.length).toBeGreaterThan(0);
          for (const { kind, metadata, spec } of manifests) {
            const place = [...regions, 'global'].find((region) => metadata.name.endsWith(`-${region}-${suffix}`));
            expect([kind, place ?? metadata.name]).toEqual([
              kind,
              metadata.name === `aurora-global-${suffix}`
                ? 'global'
                : expect.stringMatching(/^([a-z]+-[a-z]+-\d|global)$/),
            ]);
            if (kind === 'Secret' && spec === undefined) continue;
            const { region, tags } = spec?.forProvider ?? {};
            if (place !== 'global' && region !== undefined) expect(region).toBe(place);
            if (tags !== undefined) expect(tags).toMatchObject({ Environment: 'test', Name: metadata.name });
            expect(spec?.managementPolicies).not.toContain('LateInitialize');
          }
        }),
        { numRuns: 10 },
      );
    });

    it('given either scope, is the same but for group, namespace and provider configuration', () => {
      const withoutScope = (manifests: readonly Manifest[]) =>
        manifests.map(({ apiVersion, metadata, spec, ...rest }) => {
          const { namespace: _namespace, ...own } = metadata;
          const { providerConfigRef: _ref, ...said } = spec ?? {};
          const text = JSON.stringify({ ...rest, metadata: own, spec: said }).replaceAll(',"namespace":"aurora"', '');
          return [apiVersion.replace('.aws.m.', '.aws.').split('/')[0], text];
        });
      const [namespaced, cluster] = [synthesize(name), synthesize(name, { scope: 'cluster' })];
      expect(withoutScope(cluster)).toEqual(withoutScope(namespaced));
      expect(namespaced.every(({ metadata }) => metadata.namespace === 'aurora')).toBe(true);
    });
  });
});
