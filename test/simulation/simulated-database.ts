import type { Attempt } from '../../operator/failover/observation.ts';
import type {
  DatabaseClient,
  DatabaseLag,
  DatabaseLogin,
  DatabaseProbeOptions,
  ProbeOptions,
} from '../../operator/observation/probes.ts';
import { hasSampleAt } from '../aws/world/lag-curve.ts';
import type { DbCluster } from '../aws/world/model.ts';
import { replicatedTo } from '../aws/world/replication.ts';
import type { World } from '../aws/world/world.ts';
import { LinkError, type Served } from './network.ts';
import { ask, type ConnectionProps } from './simulated-connection.ts';
import { accepts, partsOf } from './simulated-probes.ts';

/** How often a secondary computes its lag anew, milliseconds. */
const CALCULATION_PERIOD = 1_000;

/** One row of `information_schema.aurora_global_db_status`. */
interface LagRow {
  /** When it was computed, milliseconds since the Unix epoch. */
  readonly at: number;
  readonly lagMilliseconds: number;
}

/** What a reader answers. */
interface LagAnswer {
  /** Absent: the table has no lag for this region. */
  readonly row?: LagRow;
  readonly ageMilliseconds: number;
}

/** The databases as one process reaches them, asked as clients ask them. */
export class SimulatedDatabase implements DatabaseClient {
  readonly #props: ConnectionProps;

  constructor(props: ConnectionProps) {
    this.#props = props;
  }

  async probe(
    host: string,
    _port: number,
    _login: DatabaseLogin,
    { timeoutMilliseconds }: DatabaseProbeOptions,
  ): Promise<Attempt> {
    const { cluster, region } = partsOf(host);
    const { attempt } = await ask(this.#props, {
      place: `endpoint:${region}`,
      what: `log in to ${region}`,
      timeoutMilliseconds,
      // An endpoint that accepts connections leads to the writer here: who logs in finds one that takes writes.
      serve: () => accepts(this.#props.world, region, cluster),
      evidence: () => ({ kind: 'endpoint', region, cluster }),
    });
    return attempt;
  }

  async readLag(
    host: string,
    _port: number,
    _login: DatabaseLogin,
    { timeoutMilliseconds }: ProbeOptions & { readonly region: string },
  ): Promise<DatabaseLag> {
    const { cluster, region } = partsOf(host);
    const { attempt, answer } = await ask(this.#props, {
      place: `endpoint:${region}`,
      what: `read lag ${region}`,
      timeoutMilliseconds,
      serve: () => serveLag(this.#props.world, region, cluster),
      evidence: ({ row }) => row && { kind: 'lag', region, cluster, ...row },
    });
    if (answer === undefined) return { attempt };
    const { row, ageMilliseconds } = answer;
    if (row === undefined) {
      return { attempt: { kind: 'rejected', cause: 'malformed', message: `no lag for ${region} in the table` } };
    }
    return { attempt, reading: { lagMilliseconds: row.lagMilliseconds, ageMilliseconds } };
  }
}

/** A reader's answer: as long as the cluster has an instance, whatever becomes of its primary. */
function serveLag(world: World, region: string, identifier: string): Served<LagAnswer> {
  const now = world.settle();
  const cluster = world.findCluster(region, identifier);
  if (!world.isAlive(region)) return undefined;
  if (cluster.instances.length === 0) return { error: new LinkError('ECONNREFUSED') };
  const row = lagRow(world, cluster, now);
  return { value: { ...(row && { row }), ageMilliseconds: row === undefined ? 0 : now - row.at } };
}

/** What the secondary computed last: with a severed stream it goes on, or stays as it was, as its metric does. */
function lagRow(world: World, cluster: DbCluster, now: number): LagRow | undefined {
  const member = world.memberOf(cluster);
  if (member === undefined || member.isWriter || member.synchronizationStatus !== 'connected') return undefined;
  const { stopped, lag, lagSince } = cluster.replication;
  const isStill = stopped !== undefined && world.settings.lagMetricOnLoss === 'stops';
  const last = isStill ? stopped.at : now;
  const at = Math.min(last, Math.max(lagSince, Math.floor(last / CALCULATION_PERIOD) * CALCULATION_PERIOD));
  if (stopped !== undefined && at >= stopped.at) return { at, lagMilliseconds: at - stopped.replicatedTo };
  return hasSampleAt(lag, at - lagSince) ? { at, lagMilliseconds: at - flowedTo(cluster, at) } : undefined;
}

/** Up to when writes had arrived, of a time at which they still flowed. */
function flowedTo(cluster: DbCluster, at: number): number {
  const { replication } = cluster;
  return replicatedTo({ ...cluster, replication: { ...replication, stopped: undefined } }, at);
}
