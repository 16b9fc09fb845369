import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Attempt, RegionObservation, Round } from '../failover/observation.ts';
import { aRound, MINUTE, SECOND } from '../failover/testing/a-round.ts';
import { aSettings, EAST, WEST } from '../failover/testing/a-settings.ts';
import { Watch } from '../failover/testing/watch.ts';
import { statusOf } from './policy-status.ts';
import { anOperation } from './testing/an-operation.ts';
import { aQuestion } from './testing/a-question.ts';

interface Schema {
  readonly type: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Definition {
  readonly spec: {
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

const CRD = new URL('../../crds/aurora-dr.io_disasterrecoverypolicies.yaml', import.meta.url);

function statusSchema(): Schema {
  const definition = parse(readFileSync(CRD, 'utf8')) as Definition;
  const schema = definition.spec.versions[0]?.schema.openAPIV3Schema.properties?.['status'];
  if (schema === undefined) {
    throw new Error('cannot read the schema of status: the CRD has none; run npm run generate');
  }
  return schema;
}

function stringProblems(text: string, schema: Schema): string[] {
  const { length } = Array.from(text);
  return [
    length > (schema.maxLength ?? Infinity) ? `has ${length} characters` : '',
    length < (schema.minLength ?? 0) ? 'is empty' : '',
    schema.enum?.includes(text) === false ? `is ${text}` : '',
    schema.pattern !== undefined && !new RegExp(schema.pattern).test(text) ? `does not match: ${text}` : '',
  ].filter((problem) => problem !== '');
}

function numberProblems(value: unknown, { minimum = -Infinity, maximum = Number.MAX_SAFE_INTEGER }: Schema): string[] {
  const isFit = Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum;
  return isFit ? [] : [`is ${String(value)}`];
}

/** What the API server would refuse, every limit of the schema included; it refuses the whole status for any of it. */
function problemsOf(value: unknown, schema: Schema, path: string): string[] {
  const at = (problems: readonly string[]): string[] => problems.map((problem) => `${path} ${problem}`);
  if (typeof value === 'string') {
    return schema.type === 'string' ? at(stringProblems(value, schema)) : at(['is a string']);
  }
  if (Array.isArray(value)) {
    const items = value.flatMap((item, index) => problemsOf(item, schema.items ?? schema, `${path}[${index}]`));
    return value.length > (schema.maxItems ?? Infinity) ? [...items, ...at(['is too long'])] : items;
  }
  if (schema.type === 'integer') {
    return at(numberProblems(value, schema));
  }
  if (typeof value !== 'object' || value === null) {
    return typeof value === schema.type ? [] : at([`is ${String(value)}`]);
  }
  const missing = (schema.required ?? []).filter((name) => !Object.hasOwn(value, name));
  const found = Object.entries(value).flatMap(([name, property]) => {
    const known = schema.properties?.[name];
    return known === undefined ? at([`has an unknown ${name}`]) : problemsOf(property, known, `${path}.${name}`);
  });
  return [...at(missing.map((name) => `lacks ${name}`)), ...found];
}

const text = fc.oneof(
  fc.constantFrom('', 'available', 'connected', '😀'.repeat(3_000), 'x'.repeat(20_000)),
  fc.string({ unit: 'binary', maxLength: 300 }),
);
const number = fc.oneof(fc.double(), fc.constantFrom(-1, 0, 0.5, 1e300, NaN, Infinity), fc.integer());
const attempt: fc.Arbitrary<Attempt> = fc.oneof(
  fc.constant<Attempt>({ kind: 'answered' }),
  text.map((message): Attempt => ({ kind: 'noAnswer', cause: 'timeout', message })),
  text.map((message): Attempt => ({ kind: 'rejected', cause: 'denied', message })),
  text.map((message): Attempt => ({ kind: 'local', cause: 'resolver', message })),
);

/** What a proxy, or an AWS of another day, may put in the place of what it says today. */
const oddity = fc.record({
  attempt,
  isDescribed: fc.boolean(),
  status: text,
  engineVersion: text,
  endpoint: text,
  synchronizationStatus: text,
  port: number,
  lag: number,
});

type Oddity = typeof oddity extends fc.Arbitrary<infer T> ? T : never;

function oddRegion(region: RegionObservation, odd: Oddity): RegionObservation {
  const { cluster, globalCluster } = region;
  if (cluster === undefined || globalCluster === undefined || !odd.isDescribed) {
    return { region: region.region, clusters: odd.attempt, globalClusters: odd.attempt };
  }
  const { status, engineVersion, endpoint, port, synchronizationStatus } = odd;
  const members = globalCluster.members.map((member) => ({ ...member, synchronizationStatus }));
  return {
    ...region,
    cluster: { ...cluster, status, engineVersion, endpoint, port },
    globalCluster: { ...globalCluster, members, engineVersion },
  };
}

function oddRound(round: Round, odd: Readonly<Record<string, Oddity>>): Round {
  const oddOf = (region: string): Oddity => odd[region]!;
  const map = <T>(record: Readonly<Record<string, T>>, change: (value: T, odd: Oddity) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(record).map(([region, value]) => [region, change(value, oddOf(region))]));
  return {
    ...round,
    regions: map(round.regions, oddRegion),
    endpoints: map(round.endpoints, (endpoint, { attempt: outcome }) => ({ ...endpoint, attempt: outcome })),
    lag: map(round.lag, (lag, { lag: lagMilliseconds }) => ({
      ...lag,
      samples: lag.samples.map((sample) => ({ ...sample, lagMilliseconds })),
    })),
  };
}

describe('statusOf, whatever is observed', () => {
  const schema = statusSchema();

  it('given any texts and numbers of AWS, when status is written, then the API server admits all of it', () => {
    fc.assert(
      fc.property(fc.record({ [EAST]: oddity, [WEST]: oddity }), text, fc.boolean(), (odd, message, isBusy) => {
        const settings = aSettings();
        const watch = new Watch(settings).seeAlike(3, 3 * MINUTE, {});
        watch.see(oddRound(aRound({ at: 4 * MINUTE }), odd), oddRound(aRound({ at: 4 * MINUTE + 10 * SECOND }), odd));
        const { assessment, memory } = watch;
        const written = statusOf({
          ...aQuestion(isBusy ? { record: { operation: anOperation({ message }) } } : {}),
          assessment,
          memory,
          verdict: watch.judge(),
          publication: { isPublished: false, reason: 'Refused', message },
        });
        expect(problemsOf(JSON.parse(JSON.stringify(written)), schema, 'status')).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
