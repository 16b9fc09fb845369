import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Configuration } from '../configuration/configuration.ts';
import type { ProviderConfigSpec } from '../imports/provider.ts';
import { ClusterProviderConfig, ProviderConfig } from '../imports/provider.ts';
import { NEVER_PRUNED } from '../managed/never-pruned.ts';
import type { InfrastructureChartProps } from './infrastructure-chart.ts';
import { InfrastructureChart } from './infrastructure-chart.ts';

type Credentials = NonNullable<Configuration['provider']['credentials']>;

function credentialsOf(credentials: Credentials): ProviderConfigSpec['credentials'] {
  switch (credentials.source) {
    case 'Secret':
      return { source: 'Secret', secretRef: { ...credentials.secret } };
    case 'WebIdentity':
      return { source: 'WebIdentity', webIdentity: { roleARN: credentials.roleArn } };
    case 'IRSA':
    case 'PodIdentity':
      return { source: credentials.source };
  }
}

/** The namespace of everything else, and the provider configuration if the configuration says how to make one. */
export class ProviderChart extends InfrastructureChart {
  constructor(scope: Construct, props: InfrastructureChartProps) {
    super(scope, 'provider', props);
    const { namespace, provider, scope: managedScope } = props.configuration;
    new ApiObject(this, 'namespace', {
      apiVersion: 'v1',
      kind: 'Namespace',
      // Deleting it would delete everything in it.
      metadata: { name: namespace, annotations: { ...NEVER_PRUNED } },
    });
    if (provider.credentials === undefined) return;
    const isShared = managedScope === 'namespaced' && provider.kind === 'ClusterProviderConfig';
    const { kind, apiVersions } = isShared ? { ...ClusterProviderConfig } : { ...ProviderConfig };
    const isNamespaced = managedScope === 'namespaced' && provider.kind === 'ProviderConfig';
    new ApiObject(this, 'provider-config', {
      apiVersion: { cluster: '', ...apiVersions }[managedScope],
      kind,
      metadata: { name: provider.name, ...(isNamespaced ? { namespace } : {}) },
      spec: { credentials: credentialsOf(provider.credentials) } satisfies ProviderConfigSpec,
    });
  }
}
