import { startLocalAws } from '../local-aws.ts';
import { startMotoServer } from './moto-server.ts';

/** Something that claims to speak like AWS. */
export interface Backend {
  readonly name: string;
  readonly start: () => Promise<RunningBackend>;
}

export interface RunningBackend {
  endpoint(region: string): string;
  stop(): Promise<void>;
}

/**
 * The local AWS and moto, an independent implementation. What moto is known to do differently, and what therefore is only
 * asserted of the local AWS: it has no FailoverGlobalCluster and SwitchoverGlobalCluster; DescribeGlobalClusters ignores
 * the identifier; GetMetricData ignores the namespace when dimensions are given; ListMetrics lists a
 * series once for each sample; CreateGlobalCluster accepts an identifier that exists; one endpoint serves all regions.
 */
export const backends: readonly Backend[] = [
  {
    name: 'the local AWS',
    start: async () => {
      const aws = await startLocalAws();
      return { endpoint: (region) => aws.endpoints[region]!, stop: () => aws.stop() };
    },
  },
  {
    name: 'moto',
    start: async () => {
      const moto = await startMotoServer();
      return { endpoint: () => moto.url, stop: () => moto.stop() };
    },
  },
];
