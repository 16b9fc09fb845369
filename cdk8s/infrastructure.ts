import { App } from 'cdk8s';
import { DatabaseChart } from './charts/database-chart.ts';
import { DnsChart } from './charts/dns-chart.ts';
import { EndpointsChart } from './charts/endpoints-chart.ts';
import { FoundationChart } from './charts/foundation-chart.ts';
import type { InfrastructureChart } from './charts/infrastructure-chart.ts';
import { FunctionsChart } from './charts/functions-chart.ts';
import { MonitoringChart } from './charts/monitoring-chart.ts';
import { NetworkChart } from './charts/network-chart.ts';
import { PeeringChart } from './charts/peering-chart.ts';
import { PolicyChart } from './charts/policy-chart.ts';
import { ProviderChart } from './charts/provider-chart.ts';
import type { Configuration } from './configuration/configuration.ts';
import { ManagedSettings } from './managed/managed-settings.ts';

/** An app whose managed resources all have what the configuration says of them. */
export function createApp(configuration: Configuration): App {
  const app = new App();
  ManagedSettings.set(
    app,
    new ManagedSettings({
      scope: configuration.scope,
      namespace: configuration.namespace,
      providerConfig: configuration.provider,
      tags: configuration.tags,
      isDataDeletable: configuration.deletion.data === 'Allowed',
    }),
  );
  return app;
}

/** The whole set-up: one chart an area, in the order in which they refer to each other. */
export function createInfrastructure(configuration: Configuration): readonly InfrastructureChart[] {
  const app = createApp(configuration);
  const provider = new ProviderChart(app, { configuration });
  const foundation = new FoundationChart(app, { configuration });
  const network = new NetworkChart(app, { configuration });
  const endpoints = new EndpointsChart(app, { configuration, networks: network.networks });
  const peering = new PeeringChart(app, { configuration, networks: network.networks });
  const { key, masterPassword } = foundation;
  const database = new DatabaseChart(app, { configuration, networks: network.networks, key, masterPassword });
  const monitoring = new MonitoringChart(app, { configuration, key, database: database.database });
  const dns = new DnsChart(app, { configuration, networks: network.networks });
  const { topics } = monitoring;
  const functions = new FunctionsChart(app, { configuration, networks: network.networks, topics, key });
  const policy = new PolicyChart(app, { configuration, topics });
  return [provider, foundation, network, endpoints, peering, database, monitoring, dns, functions, policy];
}

/** A file of manifests. */
export interface ManifestFile {
  readonly name: string;
  readonly manifests: readonly object[];
}

/** What `npm run synth` writes: a file for each chart that has objects, by name. */
export function manifestFiles(charts: readonly InfrastructureChart[]): ManifestFile[] {
  return charts
    .map((chart) => ({ name: chart.fileName, manifests: chart.toJson() }))
    .filter(({ manifests }) => manifests.length > 0)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}
