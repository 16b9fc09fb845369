import { describe, expect, it } from '@jest/globals';
import { ApiObject, Testing } from 'cdk8s';
import { createConfiguration } from '../configuration/configuration.ts';
import { InfrastructureChart } from './infrastructure-chart.ts';

class ExampleChart extends InfrastructureChart {
  object(name: string, annotations: Readonly<Record<string, string>>): void {
    new ApiObject(this, name, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, annotations } });
  }
}

describe('a chart', () => {
  it('given objects, puts the wave of its area on each that states none, and names its file by it', () => {
    const configuration = createConfiguration({ suffix: 'test', accountId: '123456789012' });
    const chart = new ExampleChart(Testing.app(), 'database', { configuration });
    chart.object('plain', { other: 'kept' });
    chart.object('own', { 'argocd.argoproj.io/sync-wave': '7' });
    expect(chart.toJson()).toMatchObject([
      { metadata: { annotations: { other: 'kept', 'argocd.argoproj.io/sync-wave': '40' } } },
      { metadata: { annotations: { 'argocd.argoproj.io/sync-wave': '7' } } },
    ]);
    expect(chart.fileName).toBe('40-database.yaml');
  });
});
