import { App } from 'cdk8s';
import type { ManagedSettingsProps } from './managed-settings.ts';
import { ManagedSettings } from './managed-settings.ts';
import { WaveChart } from './wave-chart.ts';

/** A chart for tests of constructs: namespace `aurora`, one tag, wave 0. */
export function testChart(settings: Partial<ManagedSettingsProps> = {}): WaveChart {
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
  return new WaveChart(app, 'test', { wave: 0 });
}
