import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { followReferences } from '../test/infrastructure/references.ts';
import { createConfiguration } from './configuration/configuration.ts';
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
