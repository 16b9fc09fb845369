import { DescribeDBClustersCommand, DescribeGlobalClustersCommand, type RDSClient } from '@aws-sdk/client-rds';
import { sdkClients, type SdkClients } from '../aws/contract/sdk-clients.ts';
import { names } from './policy.ts';

/** The global cluster as one region's RDS describes it. */
export interface GlobalClusterState {
  readonly writerRegion: string;
  readonly status: string;
  readonly isOperationInFlight: boolean;
  /** Synchronization status by region. */
  readonly synchronization: Readonly<Record<string, string>>;
}

const regionOf = (arn = ''): string => arn.split(':')[3] ?? '';
const nameOf = (error: unknown): string => {
  const { code, name } = error as { code?: string; name?: string };
  return code ?? name ?? String(error);
};

/** The AWS API, asked with the SDK's own clients, apart from the operator. */
export class AwsApi {
  readonly #clients: Readonly<Record<string, SdkClients>>;

  constructor(endpoints: Readonly<Record<string, string>>) {
    this.#clients = Object.fromEntries(
      Object.entries(endpoints).map(([region, url]) => [region, sdkClients(region, url)]),
    );
  }

  /** What RDS of that region says of the global cluster; an error's code instead when it does not answer. */
  async globalCluster(region: string): Promise<GlobalClusterState | string> {
    try {
      const command = new DescribeGlobalClustersCommand({ GlobalClusterIdentifier: names.globalCluster });
      const found = (await this.#rds(region).send(command)).GlobalClusters?.[0];
      const members = found?.GlobalClusterMembers ?? [];
      return {
        writerRegion: regionOf(members.find((member) => member.IsWriter)?.DBClusterArn),
        status: found?.Status ?? '',
        isOperationInFlight: found?.FailoverState?.Status !== undefined,
        synchronization: Object.fromEntries(
          members.map((member) => [regionOf(member.DBClusterArn), member.SynchronizationStatus ?? '']),
        ),
      };
    } catch (error) {
      return nameOf(error);
    }
  }

  /** Host and port of the cluster's writer endpoint in that region. */
  async writerEndpoint(region: string): Promise<string> {
    try {
      const command = new DescribeDBClustersCommand({ DBClusterIdentifier: names.cluster });
      const cluster = (await this.#rds(region).send(command)).DBClusters?.[0];
      return `${cluster?.Endpoint ?? ''}:${cluster?.Port ?? ''}`;
    } catch (error) {
      return nameOf(error);
    }
  }

  close(): void {
    for (const clients of Object.values(this.#clients)) {
      clients.destroy();
    }
  }

  #rds(region: string): RDSClient {
    const clients = this.#clients[region];
    if (clients === undefined) {
      throw new RangeError(`cannot ask RDS in ${region}: the demo has no such region`);
    }
    return clients.rds;
  }
}
