import { App, Chart } from 'cdk8s';
import type { ManagedSettingsProps } from './managed-settings.ts';
import { ManagedSettings } from './managed-settings.ts';

/** A chart for tests of constructs: namespace `aurora`, one tag. */
export function testChart(settings: Partial<ManagedSettingsProps> = {}): Chart {
  const app = new App();
  ManagedSettings.set(
    app,
    new ManagedSettings({
      scope: 'namespaced',
      namespace: 'aurora',
      providerConfig: { kind: 'ClusterProviderConfig', name: 'default' },
      tags: { Environment: 'test' },
      isDataDeletable: false,
      ...settings,
    }),
  );
  return new Chart(app, 'test');
}
