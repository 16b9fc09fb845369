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
