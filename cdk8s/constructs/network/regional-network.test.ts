import { describe, expect, it } from '@jest/globals';
import { Testing } from 'cdk8s';
import fc from 'fast-check';
import { createConfiguration } from '../../configuration/configuration.ts';
import type { RegionConfiguration } from '../../configuration/configuration.ts';
import { testChart } from '../../managed/test-chart.ts';
import { InterfaceEndpoint } from './interface-endpoint.ts';
import type { RegionalNetworkProps } from './regional-network.ts';
import { RegionalNetwork } from './regional-network.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly forProvider: Readonly<Record<string, unknown>> };
}

const { names, accountId, regions } = createConfiguration({ suffix: 'test', accountId: '123456789012' });
const [east, west] = regions as [RegionConfiguration, RegionConfiguration];

function synth(props: Partial<RegionalNetworkProps> = {}): Manifest[] {
  const chart = testChart();
  new RegionalNetwork(chart, 'network', { names, accountId, region: east, vpcs: [east, west], ...props });
  return Testing.synth(chart) as Manifest[];
}

function rulesOf(manifests: readonly Manifest[], group: string): string[] {
  return manifests
    .filter(({ kind }) => kind.startsWith('SecurityGroup') && kind.endsWith('Rule'))
    .filter(({ spec }) => (spec.forProvider['securityGroupIdRef'] as { name: string }).name.startsWith(group))
    .map(({ kind, spec: { forProvider: rule } }) => {
      const peer =
        (rule['cidrIpv4'] as string | undefined) ?? (rule['referencedSecurityGroupIdRef'] as { name: string }).name;
      return `${kind.includes('Ingress') ? 'from' : 'to'} ${peer}:${String(rule['toPort'])}`;
    });
}

describe('Given a network with everything on', () => {
  const flowLogs = { retentionDays: 90, trafficType: 'ALL', aggregationSeconds: 60 } as const;

  it('then it is this', () => {
    expect(synth({ flowLogs, hasInternetGateway: true, logKey: { name: 'key' } })).toMatchSnapshot();
  });

  it('then Aurora takes MySQL from every VPC, and opens nothing outwards', () => {
    expect(rulesOf(synth(), 'aurora-sg')).toEqual(['from 10.0.0.0/16:3306', 'from 10.1.0.0/16:3306']);
  });

  it('then functions reach databases, and the endpoints of both regions', () => {
    expect(rulesOf(synth(), 'functions-sg').toSorted()).toEqual([
      'to 10.0.0.0/16:3306',
      'to 10.1.0.0/16:3306',
      'to 10.1.0.0/16:443',
      'to endpoints-sg-us-east-1-test:443',
    ]);
  });

  it('then the endpoints take everybody in the VPCs, whose names of the services lead to them', () => {
    expect(rulesOf(synth(), 'endpoints-sg')).toEqual(['from 10.0.0.0/16:443', 'from 10.1.0.0/16:443']);
  });
});

describe('Given a network with everything off', () => {
  it('then there are neither flow logs nor an internet gateway', () => {
    const kinds = synth().map(({ kind }) => kind);
    for (const kind of ['FlowLog', 'Group', 'Role', 'InternetGateway']) expect(kinds).not.toContain(kind);
  });

  it('when there are no functions, then nothing is opened for them', () => {
    const manifests = synth({ hasFunctions: false });
    expect(rulesOf(manifests, 'functions-sg')).toEqual([]);
    expect(rulesOf(manifests, 'endpoints-sg')).toEqual(rulesOf(synth(), 'endpoints-sg'));
  });
});

describe('Given any number of zones and regions', () => {
  it('then every zone has a private subnet, and no rule is open to the world', () => {
    const zones = fc.integer({ min: 2, max: 6 });
    const vpcs = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(zones, vpcs, (count, others) => {
        const subnets = Array.from({ length: count }, (_, index) => ({
          zone: `us-east-1${'abcdef'.charAt(index)}`,
          cidr: `10.0.${String(index)}.0/24`,
        }));
        const peers = others.map((octet) => ({ name: `region-${String(octet)}`, cidr: `10.${String(octet)}.0.0/16` }));
        const manifests = synth({ region: { ...east, subnets }, vpcs: [east, ...peers] });
        const made = manifests.filter(({ kind }) => kind === 'Subnet').map(({ spec }) => spec.forProvider);
        expect(made.map(({ availabilityZone }) => availabilityZone)).toEqual(subnets.map(({ zone }) => zone));
        expect(made.every(({ mapPublicIpOnLaunch }) => mapPublicIpOnLaunch === false)).toBe(true);
        expect(rulesOf(manifests, 'aurora-sg')).toHaveLength(peers.length + 1);
        expect(JSON.stringify(manifests)).not.toMatch(/0\.0\.0\.0\/0|::\/0/);
      }),
      { numRuns: 25 },
    );
  });
});

describe('Given an interface endpoint', () => {
  it('then it is in every subnet, and in a security group of its own in place of the default one', () => {
    const chart = testChart({ scope: 'cluster' });
    const network = new RegionalNetwork(chart, 'network', { names, accountId, region: east, vpcs: [east, west] });
    new InterfaceEndpoint(chart, 'rds', { names, accountId, network, service: 'rds' });
    const manifests = Testing.synth(chart) as Manifest[];
    expect(manifests.filter(({ kind }) => kind.startsWith('VPCEndpoint'))).toMatchSnapshot();
  });

  it.each(['rds', 'sts'])(
    'of %s, then it serves this account alone, and tokens only where roles are taken on',
    (service) => {
      const chart = testChart();
      const network = new RegionalNetwork(chart, 'network', { names, accountId, region: east, vpcs: [east] });
      new InterfaceEndpoint(chart, service, { names, accountId, network, service });
      const [endpoint] = (Testing.synth(chart) as Manifest[]).filter(({ kind }) => kind === 'VPCEndpoint');
      const { Statement } = JSON.parse(String(endpoint?.spec.forProvider['policy'])) as { Statement: object[] };
      expect(Statement).toMatchObject([
        { Action: ['*'], Condition: { StringEquals: { 'aws:PrincipalAccount': accountId } } },
        // Whoever comes with a token is no principal yet.
        ...(service === 'sts'
          ? [
              {
                Action: ['sts:AssumeRoleWithWebIdentity'],
                Condition: { StringEquals: { 'aws:ResourceAccount': accountId } },
              },
            ]
          : []),
      ]);
    },
  );
});
