import type { Construct } from 'constructs';
import type { MemberRegion } from '../constructs/database/global-database.ts';
import { GlobalDatabase } from '../constructs/database/global-database.ts';
import type { MasterPassword } from '../constructs/keys/master-password.ts';
import type { MultiRegionKey } from '../constructs/keys/multi-region-key.ts';
import type { InfrastructureChartProps } from './infrastructure-chart.ts';
import { InfrastructureChart } from './infrastructure-chart.ts';
import type { Networks } from './network-chart.ts';

export interface DatabaseChartProps extends InfrastructureChartProps {
  readonly networks: Networks;
  readonly key: Pick<MultiRegionKey, 'aliasArn'>;
  readonly masterPassword: Pick<MasterPassword, 'reference'>;
}

/** The global database: its global cluster, and a member in every region. */
export class DatabaseChart extends InfrastructureChart {
  readonly database: GlobalDatabase;

  constructor(scope: Construct, { configuration, networks, key, masterPassword }: DatabaseChartProps) {
    super(scope, 'database', { configuration });
    const { names, accountId, home, primary, database, deletion } = configuration;
    const regions: MemberRegion[] = [...networks.values()].map(({ region, subnets, auroraSecurityGroup }) => ({
      region: region.name,
      zones: region.subnets.map(({ zone }) => zone),
      subnets: subnets.map((subnet) => subnet.reference),
      securityGroup: auroraSecurityGroup.reference,
      keyArn: key.aliasArn(region.name),
      capacity: region.capacity,
    }));
    this.database = new GlobalDatabase(this, 'database', {
      names,
      accountId,
      home,
      primary,
      regions,
      databaseName: database.name,
      masterUser: { name: database.masterUsername, password: masterPassword.reference },
      options: database,
      deletion,
      isUpdatable: database.updates === 'Allowed',
    });
  }
}
