import type { Construct } from 'constructs';
import { MasterPassword } from '../constructs/keys/master-password.ts';
import { MultiRegionKey } from '../constructs/keys/multi-region-key.ts';
import type { InfrastructureChartProps } from './infrastructure-chart.ts';
import { InfrastructureChart } from './infrastructure-chart.ts';
import { WAVES } from './waves.ts';

/** What everything else is encrypted with, and the password of the database. Its home is the same whoever is the primary. */
export class FoundationChart extends InfrastructureChart {
  readonly key: MultiRegionKey;
  readonly masterPassword: MasterPassword;

  constructor(scope: Construct, props: InfrastructureChartProps) {
    super(scope, 'foundation', props);
    const { names, accountId, home, deletion, regions, monitoring } = props.configuration;
    const replicas = regions.map(({ name }) => name).filter((name) => name !== home);
    this.key = new MultiRegionKey(this, 'key', {
      names,
      accountId,
      home,
      replicas,
      deletionWindowDays: deletion.keyWindowDays,
      hasDatabaseEvents: monitoring.events,
    });
    this.masterPassword = new MasterPassword(this, 'master-password', {
      names,
      home,
      replicas,
      key: this.key,
      recoveryWindowDays: deletion.secretWindowDays,
      generatedInWave: WAVES.database,
    });
  }
}
