import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { followReferences } from '../test/infrastructure/references.ts';
import { createConfiguration } from './configuration/configuration.ts';
import { ConfigurationError } from './configuration/configuration-error.ts';
import type { ConfigurationInput } from './configuration/schema.ts';
import { configurationSchema } from './configuration/schema.ts';
import { createInfrastructure, manifestFiles } from './infrastructure.ts';
import { arbitraryConfiguration } from './testing/arbitrary-configuration.ts';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Kinds whose ARNs follow from names, by the part of the ARN that says what it is. */
const NAMED_BY_ARN = new Map([
  ['sns', ['Topic']],
  ['rds:cluster', ['Cluster']],
  ['kms:alias', ['Alias']],
  ['cloudwatch:alarm', ['MetricAlarm', 'CompositeAlarm']],
]);

/** ARNs and aliases in manifests that no object makes. Crossplane does not resolve these: they have to be right. */
function lostArns(manifests: readonly Manifest[]): string[] {
  const made = new Set(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  const arns =
    /arn:aws:(sns|rds|kms|cloudwatch):[a-z0-9-]+:\d{12}:(?:(cluster|alias|alarm)[:/])?([a-zA-Z0-9-]+)(?![\w*:/-])/g;
  const found = [...JSON.stringify(manifests).matchAll(arns)];
  expect(found.length).toBeGreaterThan(0);
  return found.flatMap(([arn, service = '', type, name = '']) => {
    const kinds = NAMED_BY_ARN.get(type === undefined ? service : `${service}:${type}`) ?? [];
    return kinds.some((kind) => made.has(`${kind} ${name}`)) ? [] : [arn];
  });
}

/** What people, templates and other tools put where something else belongs. */
const JUNK: readonly unknown[] = [
  ...[null, '', ' ', '(', '*', 'x', '0', 0, -1, 1.5, 1e308, Number.NaN, true, [], {}, [null], [[]], { a: 1 }],
  ...['10.0.0.0/8', '10.0.0.0/16', '300.1.1.1/16', 'us-east-1', 'us-gov-west-1', 'us-east-1a', '__proto__', 'toString'],
  ...['a'.repeat(300), 'é', '\u0000', 'a\nb', 'arn:aws:iam::1:role/x', new Date(0), 'mon:23:45-tue:00:15'],
];

/** The paths of everything in a value. */
function pathsIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [path, ...inner.flatMap(([key, field]) => pathsIn(field, [...path, key]))];
}

/** The value with another one at a path. */
function withAt(value: unknown, [key, ...rest]: readonly string[], other: unknown): unknown {
  if (key === undefined) return other;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<string, unknown>;
  copy[key] = withAt(copy[key], rest, other);
  return copy;
}

describe('Given a configuration with something in it that does not belong there', () => {
  const stated = configurationSchema.parse({
    suffix: 'test',
    accountId: '123456789012',
    functions: { enabled: false },
  });
  const paths = pathsIn(stated);

  it('when it is synthesized, then manifests come out, or a list of mistakes that have a path: never a crash', () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.constantFrom(...JUNK), (path, junk) => {
        try {
          const configuration = createConfiguration(withAt(stated, path, junk) as ConfigurationInput);
          expect(manifestFiles(createInfrastructure(configuration)).length).toBeGreaterThan(0);
        } catch (error) {
          if (!(error instanceof ConfigurationError)) throw error;
          refused += 1;
          for (const problem of error.problems) {
            expect(problem.message).not.toBe('');
            if (path.length > 0) expect(problem.path).not.toBe('');
          }
        }
      }),
      { numRuns: 400 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});

describe('Given any valid configuration', () => {
  it('when it is synthesized, then names are unique and every reference leads somewhere', () => {
    fc.assert(
      fc.property(arbitraryConfiguration, (input) => {
        const files = manifestFiles(createInfrastructure(createConfiguration(input)));
        const manifests = files.flatMap((file) => file.manifests as readonly Manifest[]);
        const identities = manifests.map(
          ({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.namespace ?? ''}/${metadata.name}`,
        );
        expect(identities.filter((identity, index) => identities.indexOf(identity) !== index)).toEqual([]);
        expect(followReferences(manifests).problems).toEqual([]);
        expect(lostArns(manifests)).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it('when it is synthesized twice, then the manifests are the same', () => {
    fc.assert(
      fc.property(arbitraryConfiguration, (input) => {
        const once = () => JSON.stringify(manifestFiles(createInfrastructure(createConfiguration(input))));
        expect(once()).toBe(once());
      }),
      { numRuns: 5 },
    );
  });
});
