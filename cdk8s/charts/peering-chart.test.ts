import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createConfiguration } from '../configuration/configuration.ts';
import type { ConfigurationInput } from '../configuration/schema.ts';
import { createApp } from '../infrastructure.ts';
import { NetworkChart } from './network-chart.ts';
import { PeeringChart } from './peering-chart.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly forProvider: Readonly<Record<string, unknown>> };
}

const REGIONS = ['us-east-1', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-southeast-2', 'sa-east-1'];

function synth(
  regions: readonly string[],
  primary = regions[0] ?? '',
  network: ConfigurationInput['network'] = {},
): Manifest[] {
  const configuration = createConfiguration({
    suffix: 'test',
    accountId: '123456789012',
    regions: regions.map((name) => ({ name })),
    primary,
    network,
  });
  const app = createApp(configuration);
  const { networks } = new NetworkChart(app, { configuration });
  return new PeeringChart(app, { configuration, networks }).toJson() as Manifest[];
}

const someRegions = fc.shuffledSubarray(REGIONS, { minLength: 2 });

describe('the peerings', () => {
  it('given any regions, link every two, and lead from each to the range of every other', () => {
    fc.assert(
      fc.property(someRegions, (regions) => {
        const manifests = synth(regions);
        const count = regions.length;
        const ofKind = (kind: string) => manifests.filter((manifest) => manifest.kind === kind);
        expect(ofKind('VPCPeeringConnection')).toHaveLength((count * (count - 1)) / 2);
        expect(ofKind('VPCPeeringConnectionAccepter')).toHaveLength((count * (count - 1)) / 2);
        const links = new Set(
          ofKind('VPCPeeringConnection').map(
            ({
              spec: {
                forProvider: { region, peerRegion },
              },
            }) => [region, peerRegion].toSorted().join(' '),
          ),
        );
        expect(links.size).toBe((count * (count - 1)) / 2);
        for (const region of regions) {
          const ranges = ofKind('Route')
            .filter(({ spec }) => spec.forProvider['region'] === region)
            .map(({ spec }) => spec.forProvider['destinationCidrBlock']);
          const others = regions.flatMap((other, index) => (other === region ? [] : [`10.${String(index)}.0.0/16`]));
          expect(ranges.toSorted()).toEqual(others.toSorted());
        }
      }),
      { numRuns: 20 },
    );
  });

  it('given any regions, resolve names from both ends of every link', () => {
    fc.assert(
      fc.property(someRegions, (regions) => {
        const options = synth(regions).filter(({ kind }) => kind === 'VPCPeeringConnectionOptions');
        const ends = options.map(({ spec: { forProvider } }) => {
          const { vpcPeeringConnectionIdRef: link, requester, accepter } = forProvider;
          expect(requester ?? accepter).toEqual({ allowRemoteVpcDnsResolution: true });
          return `${(link as { name: string }).name} ${requester === undefined ? 'accepter' : 'requester'}`;
        });
        expect(new Set(ends).size).toBe(regions.length * (regions.length - 1));
        expect(options).toHaveLength(ends.length);
      }),
      { numRuns: 20 },
    );
  });

  it('given that something else connects the VPCs, are none, and every subnet has its table still', () => {
    const manifests = synth(['us-east-1', 'us-west-2'], 'us-east-1', { peering: { enabled: false } });
    expect(new Set(manifests.map(({ kind }) => kind))).toEqual(new Set(['RouteTable', 'RouteTableAssociation']));
    expect(manifests.filter(({ kind }) => kind === 'RouteTableAssociation')).toHaveLength(6);
  });

  it('given that names are not to resolve, say so at both ends', () => {
    const options = synth(['us-east-1', 'us-west-2'], 'us-east-1', { peering: { resolvesNames: false } })
      .filter(({ kind }) => kind === 'VPCPeeringConnectionOptions')
      .map(({ spec }) => spec.forProvider);
    expect(options).toMatchObject([
      { requester: { allowRemoteVpcDnsResolution: false } },
      { accepter: { allowRemoteVpcDnsResolution: false } },
    ]);
  });

  it('given another primary, stay as they are', () => {
    expect(synth(['us-east-1', 'us-west-2', 'eu-west-1'], 'eu-west-1')).toEqual(
      synth(['us-east-1', 'us-west-2', 'eu-west-1']),
    );
  });
});
