import type { Attempt } from '../../operator/failover/observation.ts';
import type { EndpointProber, ProbeOptions, WitnessAnswer } from '../../operator/observation/probes.ts';
import { isServing } from '../aws/world/serving.ts';
import type { World } from '../aws/world/world.ts';
import { LinkError, type Served } from './network.ts';
import { ask, type ConnectionProps } from './simulated-connection.ts';

/** What the witness does: tells what it sees, or what somebody wants it to. */
export type WitnessMode = 'auto' | 'hang' | number;

export interface SimulatedProbesProps extends ConnectionProps {
  readonly witnessMode: () => WitnessMode;
}

/** The connections of one process to writer endpoints and to the witness. */
export class SimulatedProbes implements EndpointProber {
  readonly #props: SimulatedProbesProps;

  constructor(props: SimulatedProbesProps) {
    this.#props = props;
  }

  async probe(host: string, _port: number, { timeoutMilliseconds }: ProbeOptions): Promise<Attempt> {
    const { cluster, region } = partsOf(host);
    const { attempt } = await ask(this.#props, {
      place: `endpoint:${region}`,
      what: `probe ${region}`,
      timeoutMilliseconds,
      serve: () => accepts(this.#props.world, region, cluster),
      evidence: () => ({ kind: 'endpoint', region, cluster }),
    });
    return attempt;
  }

  /** Never rejects. */
  async fetchWitness(url: string, { timeoutMilliseconds }: ProbeOptions): Promise<WitnessAnswer> {
    const { attempt, answer } = await ask(this.#props, {
      place: 'witness',
      what: 'ask witness',
      timeoutMilliseconds,
      serve: (): Served<number> => {
        const mode = this.#props.witnessMode();
        if (mode === 'hang') return undefined;
        return { value: mode === 'auto' ? (witnessSees(this.#props, url) ? 200 : 503) : mode };
      },
      evidence: (status) => ({ kind: 'witness', url, status }),
    });
    return answer === undefined ? { attempt } : { attempt, statusCode: answer };
  }
}

/** Host names of writer endpoints are `CLUSTER.REGION.simulated`. */
export function hostOf(clusterIdentifier: string, region: string): string {
  return `${clusterIdentifier}.${region}.simulated`;
}

export function partsOf(host: string): HostParts {
  const known = parts.get(host);
  if (known !== undefined) return known;
  const [cluster = '', region = ''] = host.split('.');
  parts.set(host, { cluster, region });
  return { cluster, region };
}

interface HostParts {
  readonly cluster: string;
  readonly region: string;
}

/** Of all simulations: there are only so many names. */
const parts = new Map<string, HostParts>();

/** What a writer endpoint does with a connection. */
export function accepts(world: World, region: string, identifier: string): Served<number> {
  world.settle();
  const cluster = find(world.clusters.values(), (each) => each.region === region && each.identifier === identifier);
  if (cluster === undefined || !world.isAlive(region)) return undefined;
  switch (cluster.endpointMode) {
    case 'accept':
      return { value: 0 };
    case 'hang':
    case 'silent':
      return undefined;
    case 'reset':
      return { error: new LinkError('ECONNRESET') };
    case 'refuse':
      return { error: new LinkError('ECONNREFUSED') };
    case 'auto':
      return isServing(world, cluster) ? { value: 0 } : { error: new LinkError('ECONNREFUSED') };
  }
}

/**
 * The witness sees the truth, unless it is cut off from the writer itself. Which global cluster it is asked about is the
 * last part of its address.
 */
export function witnessSees({ world, network }: Pick<SimulatedProbesProps, 'world' | 'network'>, url: string): boolean {
  world.settle();
  const identifier = url.slice(url.lastIndexOf('/') + 1);
  const globalCluster = find(world.globalClusters.values(), (each) => each.identifier === identifier);
  const writer = globalCluster && world.writerOf(globalCluster);
  return (
    writer !== undefined &&
    isServing(world, writer) &&
    (writer.endpointMode === 'auto' || writer.endpointMode === 'accept') &&
    network.state('witness', `endpoint:${writer.region}`) === 'up'
  );
}

function find<T>(all: Iterable<T>, isWanted: (one: T) => boolean): T | undefined {
  for (const one of all) if (isWanted(one)) return one;
  return undefined;
}
