import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Configuration } from '../configuration/configuration.ts';
import { createConfiguration } from '../configuration/configuration.ts';
import type { ConfigurationInput } from '../configuration/schema.ts';
import { createApp } from '../infrastructure.ts';
import { DnsChart } from './dns-chart.ts';
import { NetworkChart } from './network-chart.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly forProvider: Readonly<Record<string, unknown>> };
}

interface Name {
  readonly name: string;
}

const REGIONS = ['us-east-1', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-south-1'];
const ZONE = 'test.aurora.internal';

const endpointOf = (region: string): string => `aurora-${region}-test.cluster-abc123.${region}.rds.amazonaws.com`;

function configure(count: number, input: Partial<ConfigurationInput> = {}): Configuration {
  const names = REGIONS.slice(0, count);
  const writerEndpoints = Object.fromEntries(names.map((name) => [name, endpointOf(name)]));
  const regions = names.map((name) => ({ name }));
  return createConfiguration({
    suffix: 'test',
    accountId: '123456789012',
    regions,
    dns: { writerEndpoints },
    ...input,
  });
}

function synthesize(configuration: Configuration): Manifest[] {
  const app = createApp(configuration);
  const { networks } = new NetworkChart(app, { configuration });
  return new DnsChart(app, { configuration, networks }).toJson() as Manifest[];
}

/** What CloudWatch of each region was told in the last minute that it heard of: writers' regions. A lost one hears nothing new. */
type Heard = Readonly<Record<string, readonly string[]>>;

/** Answers as Route 53 does: "How Amazon Route 53 chooses records when health checking is configured", developer guide. */
class Resolver {
  readonly #byKind = (kind: string) => this.#manifests.filter((manifest) => manifest.kind === kind);
  readonly #manifests: readonly Manifest[];
  readonly #heard: Heard;

  constructor(manifests: readonly Manifest[], heard: Heard) {
    this.#manifests = manifests;
    this.#heard = heard;
  }

  resolve(name: string): string {
    const records = this.#byKind('Record')
      .map(({ spec }) => spec.forProvider)
      .filter((record) => record['name'] === name);
    const typed = (type: string) =>
      records.find((record) => (record['failoverRoutingPolicy'] as { type?: string }).type === type);
    const chosen = records.length === 1 ? records[0] : this.#choose(typed('PRIMARY'), typed('SECONDARY'));
    const [target] = (chosen?.['records'] ?? []) as string[];
    return target === undefined ? name : this.resolve(target);
  }

  #choose(primary: Manifest['spec']['forProvider'] = {}, secondary: Manifest['spec']['forProvider'] = {}) {
    return this.#isHealthy(primary) || !this.#isHealthy(secondary) ? primary : secondary;
  }

  #isHealthy(record: Manifest['spec']['forProvider']): boolean {
    const check = record['healthCheckIdRef'] as Name | undefined;
    return check === undefined || this.#passes(check.name);
  }

  #passes(name: string): boolean {
    const check = this.#byKind('HealthCheck').find(({ metadata }) => metadata.name === name)?.spec.forProvider ?? {};
    const children = check['childHealthchecksRefs'] as readonly Name[] | undefined;
    if (children !== undefined) {
      return children.filter((child) => this.#passes(child.name)).length >= Number(check['childHealthThreshold']);
    }
    const alarmName = (check['cloudwatchAlarmNameRef'] as Name).name;
    const alarm = this.#byKind('MetricAlarm').find(({ metadata }) => metadata.name === alarmName)?.spec.forProvider;
    const { Region } = alarm?.['dimensions'] as { Region: string };
    const values = (this.#heard[String(alarm?.['region'])] ?? []).map((writer) => writer === Region);
    return alarm?.['statistic'] === 'Minimum' ? values.every(Boolean) : values.some(Boolean);
  }
}

function writerSeen(configuration: Configuration, heard: Heard): string {
  return new Resolver(synthesize(configuration), heard).resolve(`writer.${ZONE}`);
}

const allHear = (regions: readonly string[], ...writers: string[]): Heard =>
  Object.fromEntries(regions.map((region) => [region, writers]));

/** A number of regions, and two of them. */
const moves = fc.integer({ min: 2, max: REGIONS.length }).chain((count) => {
  const region = fc.constantFrom(...REGIONS.slice(0, count));
  return fc.record({ count: fc.constant(count), from: region, to: region });
});

describe('the DNS chart', () => {
  it.each([2, 3])('given %i regions, makes a private zone, alarms, health checks and records', (count) => {
    expect(synthesize(configure(count))).toMatchSnapshot();
  });

  it('names the writer, wherever it is, while all regions are there', () => {
    fc.assert(
      fc.property(moves, ({ count, from }) => {
        const regions = REGIONS.slice(0, count);
        expect(writerSeen(configure(count), allHear(regions, from))).toBe(endpointOf(from));
      }),
      { numRuns: 30 },
    );
  });

  it('names the new writer when the old one’s region is lost with its CloudWatch, without a change of DNS', () => {
    fc.assert(
      fc.property(moves, ({ count, from, to }) => {
        fc.pre(from !== to);
        const regions = REGIONS.slice(0, count);
        const heard = { ...allHear(regions, to), [from]: [from] };
        // With two regions DNS is prepared for the loss of the declared primary; with more for that of any.
        const configuration = configure(count, count === 2 ? { primary: from } : {});
        expect(writerSeen(configuration, heard)).toBe(endpointOf(to));
      }),
      { numRuns: 60 },
    );
  });

  it('given three regions or more, names the writer whatever a lost one heard last', () => {
    fc.assert(
      fc.property(moves, fc.constantFrom(...REGIONS), ({ count, from, to }, stale) => {
        const regions = REGIONS.slice(0, count);
        fc.pre(count > 2 && regions.includes(stale));
        const heard = { ...allHear(regions, from), [stale]: [to] };
        expect(writerSeen(configure(count), heard)).toBe(endpointOf(from));
      }),
      { numRuns: 60 },
    );
  });

  it('names the old or the new writer and no third one in the minute of a change', () => {
    fc.assert(
      fc.property(moves, ({ count, from, to }) => {
        const heard = allHear(REGIONS.slice(0, count), from, to);
        expect([from, to].map(endpointOf)).toContain(writerSeen(configure(count), heard));
      }),
      { numRuns: 30 },
    );
  });

  it('keeps each region’s alarms in other regions, where two or more than three are', () => {
    for (const count of [2, 4, 5]) {
      const alarms = synthesize(configure(count)).filter(({ kind }) => kind === 'MetricAlarm');
      for (const { spec } of alarms) {
        expect((spec.forProvider['dimensions'] as { Region: string }).Region).not.toBe(spec.forProvider['region']);
      }
    }
  });

  it('moves by nothing but what is said: silence keeps alarms and checks where they are', () => {
    for (const { kind, spec } of synthesize(configure(3))) {
      if (kind === 'MetricAlarm')
        expect(spec.forProvider).toMatchObject({ treatMissingData: 'ignore', evaluationPeriods: 1 });
      if (spec.forProvider['type'] === 'CLOUDWATCH_METRIC') {
        expect(spec.forProvider).toMatchObject({ insufficientDataHealthStatus: 'LastKnownStatus' });
      }
    }
  });

  it('given another declared primary of two, changes the one value of the writer’s record; of three, nothing', () => {
    const changed = (count: number) => {
      const [one, other] = ['us-east-1', 'us-west-2'].map((primary) => synthesize(configure(count, { primary })));
      return (one ?? []).filter((manifest, index) => JSON.stringify(manifest) !== JSON.stringify(other?.[index]));
    };
    expect(changed(2)).toMatchObject([
      { kind: 'Record', spec: { forProvider: { name: `writer.${ZONE}`, records: [`writer-from-us-east-1.${ZONE}`] } } },
    ]);
    expect(changed(3)).toEqual([]);
  });

  it('given no endpoints yet, makes everything but the names of the clusters', () => {
    const records = synthesize(configure(2, { dns: {} })).filter(({ kind }) => kind === 'Record');
    expect(records).toHaveLength(5);
    expect(JSON.stringify(records)).not.toContain('rds.amazonaws.com');
  });

  it('given a public zone, puts it into no VPC; given no DNS, makes nothing', () => {
    const zones = synthesize(configure(2, { dns: { visibility: 'Public', zone: 'db.example.com' } }));
    expect(zones.find(({ kind }) => kind === 'Zone')?.spec.forProvider).not.toHaveProperty('vpc');
    expect(synthesize(configure(2, { dns: { enabled: false } }))).toEqual([]);
  });
});
