import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalAws } from '../aws/local-aws.ts';
import type { DbCluster, RoleChange } from '../aws/world/model.ts';
import { completeResynchronization } from '../aws/world/rejoin.ts';
import { createCertificateAuthority } from '../control-plane/certificates.ts';
import type { Watchdog } from '../control-plane/watchdog.ts';
import { DatabaseRigError } from './database-rig-error.ts';
import type { Programs } from './ensure-programs.ts';
import { MariadbServer } from './mariadb-server.ts';
import { ReaderFront } from './reader-front.ts';
import { Toxiproxy, type Address, type Link, type LinkQuality } from './toxiproxy.ts';

const CLUSTER = 'aurora-prod';
const MYSQL_PORT = 3306;
/** The operator's own way to the writer, beside that of the clients: only it can be cut. */
export const OPERATOR_PORT = 3307;
const LINK_PORT = 3308;
const PROXY_API_PORT = 8474;
const HEARTBEAT_MILLISECONDS = 100;
const FOLLOW_MILLISECONDS = 20;
const CATCH_UP_SECONDS = 15;
const RESUME_SECONDS = 4;
/** A statement of the rig's loops that takes longer is given up: the next one is due. */
const LOOP_STATEMENT_MILLISECONDS = 1500;

/** What the secondary's lag does when nothing arrives: no more calculations, or ones that grow with time. */
export type CalculationOnLoss = 'stops' | 'grows';

/** How a region is lost: its server is killed, or it lives on where nobody outside of the region reaches it. */
export type LossMode = 'killed' | 'isolated';

/** Something that the rig did to a server, or saw on it. */
export interface RigAct {
  readonly at: number;
  readonly what: string;
}

/** The data of an old primary as they were before it was cloned anew. */
export interface Rescue {
  readonly region: string;
  readonly folder: string;
}

export interface RigProps {
  readonly aws: LocalAws;
  readonly programs: Programs;
  readonly directory: string;
  readonly template: string;
  readonly watchdog: Watchdog;
  readonly calculationOnLoss: CalculationOnLoss;
}

/** One region's database and the ways to it. */
export interface DatabaseRegion {
  readonly name: string;
  readonly server: MariadbServer;
  /** The writer endpoint, as RDS names it and the operator publishes it. */
  readonly clients: Link;
  readonly operator: Link;
  /** By which the other region's server replicates from this one. */
  readonly link: Link;
  readonly reader: ReaderFront;
  /** Heartbeats are written here. */
  isWriting: boolean;
  /** The last heartbeat, written or on its way. */
  beat: Promise<unknown>;
}

/**
 * Two MariaDB servers that play the two regions' clusters of the local AWS: what AWS does to an Aurora global database is
 * done to them, and the lag that CloudWatch and SQL tell is read from them. An operation of the local AWS stays in its
 * promoting phase until the server is promoted; a member stays `pending-resync` until it is cloned and has caught up.
 */
export class DatabaseRig implements AsyncDisposable {
  readonly aws: LocalAws;
  /** Whom clients of these servers have to trust, in PEM. */
  readonly authority = createCertificateAuthority('databases of the rig');
  readonly acts: RigAct[] = [];
  readonly rescues: Rescue[] = [];
  readonly regions = new Map<string, DatabaseRegion>();
  /** When the last operation's target took writes. */
  promotedAt: number | undefined;
  readonly #props: RigProps;
  readonly #handled = new Set<string>();
  readonly #rejoining = new Set<string>();
  readonly #lost = new Map<string, LossMode>();
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[] = [];
  #proxies: Toxiproxy | undefined;
  #failure: unknown;

  private constructor(props: RigProps) {
    this.#props = props;
    this.aws = props.aws;
  }

  /** Starts everything: replication runs, the first region is the primary. The AWS must have no global cluster yet. */
  static async start(props: RigProps): Promise<DatabaseRig> {
    const rig = new DatabaseRig(props);
    try {
      await rig.#start();
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  region(name: string): DatabaseRegion {
    const region = this.regions.get(name);
    if (region === undefined) throw new DatabaseRigError(`cannot find region ${name} in the rig`);
    return region;
  }

  /** The region whom AWS calls the writer. */
  get primary(): DatabaseRegion {
    return this.region(this.aws.primaryRegion());
  }

  get secondary(): DatabaseRegion {
    const primary = this.aws.primaryRegion();
    const other = [...this.regions.values()].find(({ name }) => name !== primary);
    if (other === undefined) throw new DatabaseRigError('cannot find the secondary of the rig');
    return other;
  }

  /** @throws whatever went wrong in the background */
  check(): void {
    if (this.#failure !== undefined) throw new DatabaseRigError('the rig has failed', { cause: this.#failure });
  }

  note(what: string): number {
    const at = Date.now();
    this.acts.push({ at, what });
    return at;
  }

  /** Takes a region away, with its database. */
  async lose(name: string, mode: LossMode): Promise<number> {
    const region = this.region(name);
    this.#lost.set(name, mode);
    const at = this.note(`${name} is lost (${mode})`);
    const work = [this.aws.loseRegion(name), this.#cutOutside(region), this.secondary.link.cut()];
    if (mode === 'killed') work.push(region.server.kill());
    await Promise.all(work);
    return at;
  }

  /** Brings a lost region back. Its server recovers in place, unless another has become the primary. */
  async restore(name: string): Promise<void> {
    const region = this.region(name);
    this.note(`${name} is back`);
    this.#lost.delete(name);
    if (this.aws.primaryRegion() === name) {
      if (!region.server.isRunning) await this.recover(name);
      await this.#openOutside(region);
    }
    await Promise.all([...this.regions.values()].map(({ link }) => link.heal()));
    await this.aws.restoreRegion(name);
  }

  /** Starts a primary's server in place after a crash. */
  async recover(name: string): Promise<void> {
    const { server } = this.region(name);
    await server.start();
    await server.takeWrites();
    this.note(`${name}: the server has recovered in place`);
  }

  /** There is room on the primary's disk again. Replication that broke on what was half written begins anew, as a clone. */
  async emptyDisk(): Promise<void> {
    const { primary, secondary } = this;
    await primary.server.emptyDisk();
    this.note('there is room again');
    await waitUntil(
      () =>
        primary.server.query('FLUSH BINARY LOGS').then(
          () => true,
          () => false,
        ),
      'a disk with room',
    );
    const trouble = await this.replicationTrouble(RESUME_SECONDS);
    if (trouble === undefined) return;
    this.note(`replication has broken: ${trouble}`);
    await secondary.server.recloneFrom(primary.server, primary.link);
    this.note(`${secondary.name} is a new clone`);
  }

  /** The operator alone reaches nothing in this region any more; everybody else does. */
  async cutOperatorOff(name: string): Promise<number> {
    const { operator } = this.region(name);
    const at = this.note(`the operator is cut off from ${name}`);
    await Promise.all([this.aws.cutOff(name), operator.cut()]);
    return at;
  }

  async reconnectOperator(name: string): Promise<void> {
    this.note(`the operator reaches ${name} again`);
    await Promise.all([this.aws.restoreRegion(name), this.region(name).operator.heal()]);
  }

  /** The link between the regions. */
  async cutReplication(): Promise<number> {
    const at = this.note('the link between the regions is cut');
    await Promise.all([...this.regions.values()].map(({ link }) => link.cut()));
    return at;
  }

  async healReplication(): Promise<void> {
    this.note('the link between the regions is whole');
    await Promise.all([...this.regions.values()].map(({ link }) => link.heal()));
  }

  async slowReplication(quality: LinkQuality): Promise<void> {
    this.note(`the link between the regions: ${JSON.stringify(quality)}`);
    await Promise.all([...this.regions.values()].map(({ link }) => link.become(quality)));
  }

  /** How far the secondary is behind, by its heartbeat; undefined when it does not say. */
  async lagMilliseconds(): Promise<number | undefined> {
    const rows = await this.secondary.server
      .query(
        'SELECT TIMESTAMPDIFF(MICROSECOND, written_at, UTC_TIMESTAMP(6)) AS age FROM aurora.heartbeat WHERE id = 1',
        LOOP_STATEMENT_MILLISECONDS,
      )
      .catch(() => []);
    return rows[0] === undefined ? undefined : Number(rows[0]['age']) / 1000;
  }

  /** Waits until the secondary has everything that the primary has now. */
  async caughtUp(seconds = CATCH_UP_SECONDS): Promise<boolean> {
    return this.secondary.server.waitFor(await this.primary.server.position(), seconds);
  }

  /** Undefined once the secondary has everything that the primary has now; otherwise why it has not. */
  async replicationTrouble(seconds = CATCH_UP_SECONDS): Promise<string | undefined> {
    const { server } = this.secondary;
    if (await this.caughtUp(seconds).catch(() => false)) return undefined;
    const status = await server.slaveStatus();
    const fields = ['Slave_IO_Running', 'Last_IO_Error', 'Slave_SQL_Running', 'Last_SQL_Error', 'Gtid_IO_Pos'];
    return fields.map((field) => `${field} ${String(status?.[field])}`).join(', ');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
    const { directory } = this.#props;
    const regions = [...this.regions.values()];
    await Promise.all(regions.map(({ reader }) => reader.close()));
    await Promise.all(regions.map(({ server }) => server.kill()));
    await this.#proxies?.stop();
    await rm(directory, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    const { aws, programs, directory, watchdog } = this.#props;
    await mkdir(directory, { recursive: true });
    const names = Object.keys(aws.endpoints);
    const { clusters } = await aws.addGlobalCluster({ regions: names, hasEndpoints: false });
    const base = baseOf(clusters[0]);
    this.#proxies = await Toxiproxy.start(
      programs.toxiproxy,
      { address: `${base}.250`, port: PROXY_API_PORT },
      watchdog,
    );
    await Promise.all(clusters.map((cluster, index) => this.#addRegion(cluster, index, base)));
    const [first, second] = names.map((name) => this.region(name));
    if (first === undefined || second === undefined) throw new DatabaseRigError('cannot start: two regions are needed');
    await first.server.takeWrites();
    first.isWriting = true;
    await second.server.replicateFrom(first.link, '');
    await Promise.all([first.clients.heal(), first.operator.heal()]);
    for (const region of this.regions.values()) {
      this.#loop(HEARTBEAT_MILLISECONDS, () => this.#beat(region));
      const calculation = new Calculation(region, this.#props.calculationOnLoss, aws);
      this.#loop(HEARTBEAT_MILLISECONDS, () => calculation.calculate());
    }
    this.#loop(FOLLOW_MILLISECONDS, () => this.#follow());
    await waitUntil(async () => (await this.lagMilliseconds()) !== undefined, 'replication');
  }

  async #addRegion(cluster: DbCluster, index: number, base: string): Promise<void> {
    const { programs, directory, template, watchdog, aws } = this.#props;
    const name = cluster.region;
    const own: Address = { address: `${base}.${100 + index}`, port: MYSQL_PORT };
    const reader: Address = { address: `${base}.${200 + index}`, port: MYSQL_PORT };
    const certificate = this.authority.issueServer();
    const server = new MariadbServer({
      programs,
      name,
      directory: join(directory, name),
      template,
      ...own,
      serverId: index + 1,
      certificate,
      watchdog,
    });
    await server.create();
    const proxies = this.#proxies;
    if (proxies === undefined) throw new DatabaseRigError('cannot add a region: there are no proxies');
    const { address } = cluster;
    const front = new ReaderFront({ listen: reader, upstream: own, certificate });
    await front.open();
    this.regions.set(name, {
      name,
      server,
      clients: await proxies.add(`clients-${name}`, { address, port: MYSQL_PORT }, own, false),
      operator: await proxies.add(`operator-${name}`, { address, port: OPERATOR_PORT }, own, false),
      link: await proxies.add(`link-${name}`, { address, port: LINK_PORT }, own),
      reader: front,
      isWriting: false,
      beat: Promise.resolve(),
    });
    cluster.port = MYSQL_PORT;
    cluster.readerAddress = reader.address;
    aws.world.clusterChanged(cluster);
  }

  #loop(pauseMilliseconds: number, work: () => Promise<void>): void {
    const { signal } = this.#stopping;
    const loop = async (): Promise<void> => {
      while (!signal.aborted) {
        await work().catch((error: unknown) => (this.#failure ??= error));
        await delay(pauseMilliseconds, undefined, { signal }).catch(() => undefined);
      }
    };
    this.#loops.push(loop());
  }

  async #beat(region: DatabaseRegion): Promise<void> {
    const { server, isWriting } = region;
    if (!isWriting || !server.isRunning) return;
    const sql = 'REPLACE INTO aurora.heartbeat VALUES (1, UTC_TIMESTAMP(6))';
    // A primary that cannot write has no heartbeat: that is what lag is told from.
    region.beat = server.query(sql, LOOP_STATEMENT_MILLISECONDS).catch(() => undefined);
    await region.beat;
  }

  async #follow(): Promise<void> {
    const operation = this.aws.operations.at(-1);
    const isDue = operation?.phase === 'failing-over' || operation?.phase === 'switching-over';
    if (operation !== undefined && isDue && !this.#handled.has(operation.id)) {
      this.#handled.add(operation.id);
      await this.#changeRoles(operation);
    }
    for (const region of this.regions.values()) {
      const cluster = this.aws.cluster(region.name, CLUSTER);
      if (cluster.status === 'creating' && !this.#rejoining.has(region.name)) {
        this.#rejoining.add(region.name);
        await this.#rejoin(region, cluster).finally(() => this.#rejoining.delete(region.name));
      }
    }
  }

  async #changeRoles(operation: RoleChange): Promise<void> {
    const [from, to] = [operation.fromArn, operation.toArn].map((arn) =>
      this.region(this.aws.world.cluster(arn).region),
    );
    if (from === undefined || to === undefined) return;
    try {
      if (operation.kind === 'failover') await this.#failOver(operation, from, to);
      else await this.#switchOver(from, to);
    } catch (error) {
      this.note(`${operation.kind} to ${to.name} failed: ${error instanceof Error ? error.message : String(error)}`);
      await this.aws.releaseOperation('failed');
      return;
    }
    this.promotedAt = this.note(`${to.name} takes writes`);
    await this.#openOutside(to);
    await this.aws.releaseOperation('complete');
  }

  async #failOver({ fence }: RoleChange, from: DatabaseRegion, to: DatabaseRegion): Promise<void> {
    if (fence === 'succeeded') {
      // Aurora blocks writes in the storage, whatever state the instance is in.
      from.isWriting = false;
      await from.server.kill();
      this.note(`${from.name} is fenced: its storage takes no writes`);
    }
    await Promise.all([this.#cutOutside(from), from.link.cut()]);
    await to.server.promote();
    to.isWriting = true;
  }

  async #switchOver(from: DatabaseRegion, to: DatabaseRegion): Promise<void> {
    from.isWriting = false;
    // The administrator is above read_only: its last write has to be part of the position.
    await from.beat;
    await from.server.refuseWrites();
    this.note(`${from.name} takes no more writes`);
    try {
      const hasDrained = await to.server.waitFor(await from.server.position(), CATCH_UP_SECONDS);
      if (!hasDrained) throw new DatabaseRigError('the lag did not drain');
      await this.#cutOutside(from);
      await to.server.promote();
    } catch (error) {
      await from.server.takeWrites();
      from.isWriting = true;
      await this.#openOutside(from);
      throw error;
    }
    to.isWriting = true;
    await to.link.heal();
    // The writer has moved: what is left to do cannot undo that.
    await from.server
      .replicateFrom(to.link, await from.server.position())
      .catch(() => from.server.recloneFrom(to.server, to.link));
    await from.reader.open();
  }

  /** The old primary's own data are kept first; then it begins anew as a replica of the new one. */
  async #rejoin(region: DatabaseRegion, cluster: DbCluster): Promise<void> {
    const { primary } = this;
    region.isWriting = false;
    await region.server.kill();
    this.rescues.push({ region: region.name, folder: await region.server.copyData() });
    this.note(`${region.name}: its data are kept aside`);
    await region.server.recloneFrom(primary.server, primary.link);
    if (!(await region.server.waitFor(await primary.server.position(), CATCH_UP_SECONDS))) {
      throw new DatabaseRigError(`cannot connect ${region.name} again: its clone does not catch up`);
    }
    await region.reader.open();
    completeResynchronization(this.aws.world, cluster);
    this.note(`${region.name} has re-joined as a clone`);
  }

  async #openOutside({ name, clients, operator, reader, link }: DatabaseRegion): Promise<void> {
    if (this.#lost.has(name)) return;
    await Promise.all([clients.heal(), operator.heal(), reader.open(), link.heal()]);
  }

  async #cutOutside({ clients, operator, reader, link }: DatabaseRegion): Promise<void> {
    await Promise.all([clients.cut(), operator.cut(), reader.close(), link.cut()]);
  }
}

/** A secondary's own view of its lag, from the heartbeat that has arrived. */
class Calculation {
  readonly #region: DatabaseRegion;
  readonly #onLoss: CalculationOnLoss;
  readonly #aws: LocalAws;
  #lastHeartbeat: unknown;

  constructor(region: DatabaseRegion, onLoss: CalculationOnLoss, aws: LocalAws) {
    this.#region = region;
    this.#onLoss = onLoss;
    this.#aws = aws;
  }

  async calculate(): Promise<void> {
    const { name, server, isWriting } = this.#region;
    if (isWriting || !server.isRunning) return;
    const rows = await server
      .query(
        'SELECT CAST(written_at AS CHAR) AS heartbeat, TIMESTAMPDIFF(MICROSECOND, written_at, UTC_TIMESTAMP(6)) / 1000 AS lag ' +
          'FROM aurora.heartbeat WHERE id = 1',
        LOOP_STATEMENT_MILLISECONDS,
      )
      .catch(() => []);
    const [row] = rows;
    if (row === undefined || (this.#onLoss === 'stops' && row['heartbeat'] === this.#lastHeartbeat)) return;
    this.#lastHeartbeat = row['heartbeat'];
    const lag = Math.max(0, Number(row['lag']));
    this.#aws.setLag(name, CLUSTER, lag);
    const sql = `REPLACE INTO aurora_local.calculation VALUES (1, '${name}', ${lag}, ${lag}, UTC_TIMESTAMP(6))`;
    await server.queryLocally(sql, LOOP_STATEMENT_MILLISECONDS).catch(() => undefined);
  }
}

/** The first three numbers of the addresses that the local AWS of this process has. */
function baseOf(cluster: DbCluster | undefined): string {
  const parts = cluster?.address.split('.') ?? [];
  if (parts.length !== 4 || parts.slice(0, 3).join('.') === '127.0.0') {
    throw new DatabaseRigError('cannot place the databases: this system has one loopback address; use Linux');
  }
  return parts.slice(0, 3).join('.');
}

export async function waitUntil(
  isFulfilled: () => Promise<boolean> | boolean,
  what: string,
  timeoutMilliseconds = 60_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMilliseconds;
  while (!(await isFulfilled())) {
    if (performance.now() > deadline) {
      throw new DatabaseRigError(`cannot see ${what} within ${timeoutMilliseconds / 1000} s`);
    }
    await delay(50);
  }
}
