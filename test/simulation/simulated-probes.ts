import { CallTimeoutError } from '../../operator/aws/call-timeout-error.ts';
import { classifyTransportError } from '../../operator/aws/transport-error.ts';
import type { Attempt } from '../../operator/failover/observation.ts';
import type { EndpointProber, ProbeOptions, WitnessAnswer } from '../../operator/observation/probes.ts';
import { isServing } from '../aws/world/serving.ts';
import type { World } from '../aws/world/world.ts';
import type { CallHooks, Evidence } from './call-hooks.ts';
import { LinkError, type Network, type Served } from './network.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** What the witness does: tells what it sees, or what somebody wants it to. */
export type WitnessMode = 'auto' | 'hang' | number;

export interface SimulatedProbesProps {
  readonly process: SimulatedProcess;
  readonly network: Network;
  readonly world: World;
  readonly hooks: CallHooks;
  readonly witnessMode: () => WitnessMode;
}

/** The connections of one process to writer endpoints and to the witness. */
export class SimulatedProbes implements EndpointProber {
  readonly #props: SimulatedProbesProps;

  constructor(props: SimulatedProbesProps) {
    this.#props = props;
  }

  async probe(host: string, _port: number, { timeoutMilliseconds }: ProbeOptions): Promise<Attempt> {
    const [cluster = '', region = ''] = host.split('.');
    const { world } = this.#props;
    const serve = (): Served<number> => accepts(world, region, cluster);
    const { attempt } = await this.#ask(`endpoint:${region}`, `probe ${region}`, timeoutMilliseconds, serve, () => ({
      kind: 'endpoint',
      region,
      cluster,
    }));
    return attempt;
  }

  /** Never rejects. */
  async fetchWitness(url: string, { timeoutMilliseconds }: ProbeOptions): Promise<WitnessAnswer> {
    const serve = (): Served<number> => {
      const mode = this.#props.witnessMode();
      if (mode === 'hang') return undefined;
      return { value: mode === 'auto' ? (witnessSees(this.#props, url) ? 200 : 503) : mode };
    };
    return this.#ask('witness', 'ask witness', timeoutMilliseconds, serve, (status) => ({
      kind: 'witness',
      url,
      status,
    }));
  }

  #ask(
    place: string,
    what: string,
    timeout: number,
    serve: () => Served<number>,
    evidence: (answer: number) => Evidence,
  ): Promise<WitnessAnswer> {
    const { process, network, hooks } = this.#props;
    return new Promise((resolve) => {
      if (!hooks.beforeCall(process, what)) return;
      const fail = (error: Error): void => {
        timer.cancel();
        const attempt = classifyTransportError(error)?.classification;
        resolve({ attempt: attempt ?? { kind: 'local', cause: 'notAttempted', message: error.message } });
      };
      const timer = process.setTimeout(() => fail(new CallTimeoutError(timeout)), timeout);
      const sentAt = process.scheduler.time;
      const succeed = (statusCode: number): void => {
        timer.cancel();
        hooks.onEvidence(process, evidence(statusCode), sentAt);
        resolve({ attempt: { kind: 'answered' }, statusCode });
      };
      network.send(process, place, serve, succeed, fail);
    });
  }
}

/** Host names of writer endpoints are `CLUSTER.REGION.simulated`. */
export function hostOf(clusterIdentifier: string, region: string): string {
  return `${clusterIdentifier}.${region}.simulated`;
}

export function regionOf(host: string): string {
  return host.split('.')[1] ?? '';
}

function accepts(world: World, region: string, identifier: string): Served<number> {
  world.settle();
  const cluster = [...world.clusters.values()].find((each) => each.region === region && each.identifier === identifier);
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
  const globalCluster = [...world.globalClusters.values()].find((each) => each.identifier === identifier);
  const writer = globalCluster && world.writerOf(globalCluster);
  return (
    writer !== undefined &&
    isServing(world, writer) &&
    (writer.endpointMode === 'auto' || writer.endpointMode === 'accept') &&
    network.state('witness', `endpoint:${writer.region}`) === 'up'
  );
}
