import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SdkAwsGateway } from '../../operator/aws/sdk-aws-gateway.ts';
import { StsCredentials } from '../../operator/aws/sts-credentials.ts';
import type { Round } from '../../operator/failover/observation.ts';
import { TcpEndpointProber } from '../../operator/observation/endpoint-prober.ts';
import { ObservationService } from '../../operator/observation/observation-service.ts';
import { defaultObservationSettings } from '../../operator/observation/settings.ts';
import { WitnessClient } from '../../operator/observation/witness-client.ts';
import { SystemClock } from '../../operator/runtime/clock.ts';
import { startLocalAws, type LocalAws } from '../aws/local-aws.ts';

const EAST = 'us-east-1';
const WEST = 'us-west-2';
const PATIENCE_MILLISECONDS = 20_000;

let aws: LocalAws;
let gateway: SdkAwsGateway;
let witness: WitnessClient;
let service: ObservationService;
let rounds: Round[];
let onRound: () => void;

beforeEach(async () => {
  aws = await startLocalAws({ settings: { metricPeriod: 1000 } });
  await aws.addGlobalCluster();
  const clock = new SystemClock();
  rounds = [];
  onRound = () => undefined;
  witness = new WitnessClient(clock);
  const endpoints = new Map(Object.entries(aws.endpoints));
  const readOwn = () => Promise.resolve({ accessKeyId: 'AKIALOCAL', secretAccessKey: 'secret' });
  gateway = new SdkAwsGateway({ clock, endpoints, credentials: new StsCredentials({ clock, endpoints, readOwn }) });
  service = new ObservationService({
    gateway,
    clock,
    random: Math.random,
    prober: new TcpEndpointProber(clock),
    fetchWitness: (url, options) => witness.fetch(url, options),
    settings: { ...defaultObservationSettings, metricPeriodMilliseconds: 1000 },
    onRound: (_key, round) => {
      rounds.push(round);
      onRound();
    },
  });
  const east = aws.cluster(EAST, 'aurora-prod');
  service.watch({
    key: 'payments/transactions',
    account: {},
    globalClusterIdentifier: 'aurora-global-prod',
    regions: [EAST, WEST].map((name) => ({ name, clusterIdentifier: 'aurora-prod' })),
    intervalMilliseconds: 1000,
    timeoutMilliseconds: 700,
    endpoints: [{ region: EAST, host: east.address, port: east.port }],
    witness: { url: aws.witnessUrl() },
    isReplicationWatched: true,
    isUnderSuspicion: false,
  });
});

afterEach(async () => {
  await service.close();
  gateway.close();
  await aws.stop();
});

/** The first round, of those to come, that is as described. */
async function roundWhere(isWanted: (round: Round) => boolean): Promise<Round> {
  const from = rounds.length;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no such round came: ${JSON.stringify(rounds.at(-1), undefined, 2)}`));
    }, PATIENCE_MILLISECONDS);
    onRound = () => {
      const found = rounds.slice(from).find(isWanted);
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    };
  });
}

describe('observation of a local AWS', () => {
  it('sees a healthy global cluster, its endpoint, its lag and the witness', async () => {
    const round = await roundWhere(({ lag }) => (lag[WEST]?.samples.length ?? 0) > 2);
    const answered = { kind: 'answered' };
    expect(round.regions[EAST]).toMatchObject({ globalClusters: answered, clusters: answered });
    expect(round.regions[WEST]).toMatchObject({ cluster: { status: 'available', instanceCount: 1 } });
    expect(round.endpoints[EAST]?.attempt).toEqual(answered);
    expect(round.witness).toEqual({ attempt: answered, statusCode: 200 });
    expect(round.lag[WEST]?.samples.at(-1)?.lagMilliseconds).toBeCloseTo(120, 0);
    expect(round.lag[WEST]?.controlSampleEnd).toBeGreaterThan(aws.now() - 10_000);
    expect(round.lag[EAST]).toBeUndefined();
  });

  it.each([
    ['refuse', 'refused'],
    ['blackhole', 'timeout'],
  ] as const)('given a region lost (%s), sees no answer there and all of the other', async (mode, cause) => {
    await roundWhere(({ regions }) => regions[EAST]?.clusters.kind === 'answered');
    await aws.loseRegion(EAST, { mode });
    const gone = { kind: 'noAnswer', cause };
    const round = await roundWhere(({ regions, endpoints, witness: seen }) => {
      const attempts = [regions[EAST]?.globalClusters, regions[EAST]?.clusters, endpoints[EAST]?.attempt];
      return (
        attempts.every((attempt) => attempt?.kind === 'noAnswer' && attempt.cause === cause) && seen?.statusCode === 503
      );
    });
    expect(round.regions[EAST]).toMatchObject({ globalClusters: gone, clusters: gone });
    expect(round.regions[WEST]).toMatchObject({ globalClusters: { kind: 'answered' }, clusters: { kind: 'answered' } });
    await aws.restoreRegion(EAST);
    await roundWhere(({ regions }) => regions[EAST]?.globalClusters.kind === 'answered');
  });
});
