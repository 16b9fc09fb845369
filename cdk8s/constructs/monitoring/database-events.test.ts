import { describe, expect, it } from '@jest/globals';
import { Testing } from 'cdk8s';
import { Names } from '../../configuration/names.ts';
import { testChart } from '../../managed/test-chart.ts';
import { DatabaseEvents } from './database-events.ts';

describe('the events of a region', () => {
  it.each(['namespaced', 'cluster'] as const)('given the %s scope, are what the snapshot says', (scope) => {
    const chart = testChart({ scope });
    new DatabaseEvents(chart, 'events', {
      names: new Names('test'),
      region: 'us-west-2',
      topic: { name: 'topic-us-west-2-test' },
      cluster: 'aurora-us-west-2-test',
      instances: ['aurora-instance-1-us-west-2-test', 'aurora-instance-2-us-west-2-test'],
    });
    expect(Testing.synth(chart)).toMatchSnapshot();
  });
});
