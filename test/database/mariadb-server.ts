import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { chmod, cp, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import type { CertificateAndKey } from '../control-plane/certificates.ts';
import type { Watchdog } from '../control-plane/watchdog.ts';
import { DatabaseRigError } from './database-rig-error.ts';
import type { Programs } from './ensure-programs.ts';
import { CLONED_DATABASES, LOGINS, SCHEMA } from './schema.ts';

const run = promisify(execFile);
const START_MILLISECONDS = 60_000;
const POLL_MILLISECONDS = 50;
/** Statements of the rig itself: a frozen server must not freeze the rig. */
export const ADMIN_MILLISECONDS = 10_000;
/** A full disk is played on the binary log: by then it is larger than every file of InnoDB, which aborts when it cannot write. */
const PADDING_BYTES = 24 * 1024 * 1024;
/** What is left of the disk when it is full. */
const SLACK_BYTES = 4 * 1024;

/** MySQL's ER_LOCK_WAIT_TIMEOUT. */
const LOCK_WAIT_TIMEOUT = 1205;
const LOCK_ATTEMPTS = 5;

/** Small files: every database is a copy of the template, and they are many. */
const SIZES = [
  '--innodb-log-file-size=4M',
  '--innodb-data-file-path=ibdata1:4M:autoextend',
  '--innodb-temp-data-file-path=ibtmp1:3M:autoextend',
  '--innodb-autoextend-increment=1',
  '--innodb-undo-tablespaces=0',
];

const isRoot = process.getuid?.() === 0;
/** A server that root starts runs as the package's own user. */
const asUser = isRoot ? ['--user=mysql'] : [];

export type Row = Readonly<Record<string, string | number | null>>;

export interface MariadbProps {
  readonly programs: Programs;
  readonly name: string;
  /** Its data and its socket; created from the template. */
  readonly directory: string;
  readonly template: string;
  readonly address: string;
  readonly port: number;
  readonly serverId: number;
  readonly certificate: CertificateAndKey;
  readonly watchdog: Watchdog;
}

/** A database with the schema of the rig and nothing in it, to copy from. */
export async function makeTemplate(programs: Programs, directory: string, watchdog: Watchdog): Promise<string> {
  const template = join(directory, 'template');
  const log = join(directory, 'template.log');
  await chmod(directory, 0o755);
  const auth = ['--auth-root-authentication-method=normal', '--skip-test-db'];
  await run(programs.installDb, ['--no-defaults', ...asUser, `--datadir=${template}`, ...auth, ...SIZES]);
  const server = await MariadbProcess.start(programs, ['--skip-networking'], template, log, watchdog);
  const connection = await server.connect();
  for (const statement of SCHEMA) await connection.query(statement);
  await connection.end();
  await server.end('SIGTERM');
  return template;
}

/** One run of mariadbd on a folder. */
class MariadbProcess {
  readonly #process: ChildProcess;
  readonly #watchdog: Watchdog;
  readonly socket: string;

  private constructor(process: ChildProcess, socket: string, watchdog: Watchdog) {
    this.#process = process;
    this.#watchdog = watchdog;
    this.socket = socket;
  }

  static async start(
    programs: Programs,
    flags: readonly string[],
    datadir: string,
    logFile: string,
    watchdog: Watchdog,
  ): Promise<MariadbProcess> {
    const socket = join(datadir, 'socket');
    const log = await open(logFile, 'a');
    const own = ['--no-defaults', ...asUser, `--datadir=${datadir}`, `--socket=${socket}`, '--pid-file=pid', ...SIZES];
    // A file size limit is to be met by an error, not by a signal: what is ignored stays so over exec.
    const script = 'trap "" XFSZ; exec "$@"';
    const child = spawn('/bin/sh', ['-c', script, 'sh', programs.mariadbd, ...own, ...flags], {
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
    });
    await once(child, 'spawn');
    await log.close();
    const process = new MariadbProcess(child, socket, watchdog);
    watchdog.watch(process.pid);
    await process.#ready(logFile);
    return process;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  async connect(): Promise<Connection> {
    const options = { socketPath: this.socket, user: 'root', connectTimeout: ADMIN_MILLISECONDS };
    const connection = await createConnection(options);
    // What breaks between two questions is met by the next one.
    connection.on('error', () => undefined);
    return connection;
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.hasEnded) this.#process.kill(signal);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.hasEnded) {
      const ended = once(this.#process, 'exit');
      this.#process.kill(signal);
      // A frozen one hears nothing but SIGKILL.
      this.#process.kill('SIGCONT');
      const impatience = setTimeout(() => this.#process.kill('SIGKILL'), START_MILLISECONDS);
      await ended;
      clearTimeout(impatience);
    }
    this.#watchdog.forget(this.pid);
  }

  async #ready(logFile: string): Promise<void> {
    const deadline = performance.now() + START_MILLISECONDS;
    for (;;) {
      const connection = await this.connect().catch(() => undefined);
      if (connection !== undefined) {
        await connection.end();
        return;
      }
      if (this.hasEnded || performance.now() > deadline) {
        const lines = (await readFile(logFile, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-15);
        await this.end('SIGKILL');
        throw new DatabaseRigError(`cannot start mariadbd: ${lines.join('\n')}`);
      }
      await delay(POLL_MILLISECONDS);
    }
  }
}

/** One connection of the administrator, opened when it is needed and anew after it broke. */
class Admin {
  readonly #process: MariadbProcess | undefined;
  #connection: Promise<Connection> | undefined;

  constructor(process: MariadbProcess | undefined) {
    this.#process = process;
  }

  async query(sql: string, timeoutMilliseconds: number, name: string): Promise<readonly Row[]> {
    if (this.#process === undefined || this.#process.hasEnded) {
      throw new DatabaseRigError(`cannot ask ${name}: it does not run`);
    }
    this.#connection ??= this.#process.connect();
    const opened = this.#connection;
    try {
      const connection = await within(opened, timeoutMilliseconds);
      const [rows] = await within(connection.query<RowDataPacket[]>(sql), timeoutMilliseconds);
      return Array.isArray(rows) ? rows : [];
    } catch (error) {
      if (!isAnswer(error)) {
        if (this.#connection === opened) this.#connection = undefined;
        opened.then((connection) => connection.destroy()).catch(() => undefined);
      }
      throw error;
    }
  }
}

/** A real MariaDB server on loopback. */
export class MariadbServer {
  readonly props: MariadbProps;
  #process: MariadbProcess | undefined;
  #admin = new Admin(undefined);
  #localAdmin = new Admin(undefined);
  #copies = 0;

  constructor(props: MariadbProps) {
    this.props = props;
  }

  get #datadir(): string {
    return join(this.props.directory, 'data');
  }

  get isRunning(): boolean {
    return this.#process?.hasEnded === false;
  }

  /** A new server with the template's data. Read-only until it is told otherwise. */
  async create(): Promise<void> {
    await mkdir(this.props.directory, { recursive: true });
    await rm(this.#datadir, { recursive: true, force: true });
    await copyFolder(this.props.template, this.#datadir);
    await this.start();
  }

  /** Starts on the data that it has: after a crash with InnoDB's and the binary log's own recovery. */
  async start(): Promise<void> {
    const { programs, directory, address, port, serverId, certificate, watchdog } = this.props;
    const [cert, key] = [join(directory, 'server.crt'), join(directory, 'server.key')];
    await writeFile(cert, certificate.certificate);
    await writeFile(key, certificate.key);
    // A key on loopback, for some minutes, of an authority that nothing else trusts.
    await chmod(key, 0o644);
    const flags = [
      `--bind-address=${address}`,
      `--port=${port}`,
      `--server-id=${serverId}`,
      `--ssl-cert=${cert}`,
      `--ssl-key=${key}`,
      '--log-bin=binlog',
      '--binlog-format=ROW',
      '--log-slave-updates',
      '--gtid-strict-mode=ON',
      '--relay-log=relay',
      '--relay-log-recovery=ON',
      '--skip-slave-start',
      '--slave-net-timeout=5',
      '--innodb-flush-log-at-trx-commit=1',
      '--sync-binlog=1',
      '--innodb-buffer-pool-size=32M',
      '--innodb-lock-wait-timeout=3',
      '--max-connections=300',
      '--max-allowed-packet=64M',
      '--read-only=ON',
      '--skip-name-resolve',
      '--performance-schema=OFF',
    ];
    const log = join(directory, 'log');
    this.#process = await MariadbProcess.start(programs, flags, this.#datadir, log, watchdog);
    this.#admin = new Admin(this.#process);
    this.#localAdmin = new Admin(this.#process);
  }

  /** As the administrator, over the server's socket. */
  query(sql: string, timeoutMilliseconds = ADMIN_MILLISECONDS): Promise<readonly Row[]> {
    return this.#admin.query(sql, timeoutMilliseconds, this.props.name);
  }

  /** Likewise, and outside of replication. */
  async queryLocally(sql: string, timeoutMilliseconds = ADMIN_MILLISECONDS): Promise<readonly Row[]> {
    await this.#localAdmin.query('SET SESSION sql_log_bin = 0', timeoutMilliseconds, this.props.name);
    return this.#localAdmin.query(sql, timeoutMilliseconds, this.props.name);
  }

  /** SIGKILL: what was committed is on disk, nothing else is. */
  async kill(): Promise<void> {
    await this.#process?.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#process?.end('SIGTERM');
  }

  /** SIGSTOP: the kernel goes on accepting connections, and nothing is answered. */
  freeze(): void {
    this.#process?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#process?.signal('SIGCONT');
  }

  /** From now on the server can write a few kilobytes more; then every commit fails. */
  async fillDisk(): Promise<void> {
    const pid = this.#process?.pid ?? 0;
    const padding = 'x'.repeat(PADDING_BYTES);
    await this.query('SET SESSION binlog_format = STATEMENT');
    await this.query(
      `INSERT INTO aurora.heartbeat VALUES (2, UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE written_at = UTC_TIMESTAMP(6) /* ${padding} */`,
    );
    await this.query('SET SESSION binlog_format = ROW');
    const files = await readdir(this.#datadir);
    const binlogs = files.filter((file) => /^binlog\.\d+$/.test(file)).toSorted();
    const { size } = await stat(join(this.#datadir, binlogs.at(-1) ?? ''));
    await limitFileSize(pid, String(size + SLACK_BYTES));
  }

  async emptyDisk(): Promise<void> {
    await limitFileSize(this.#process?.pid ?? 0, 'unlimited');
  }

  /** What it acknowledges from now on is on its disk. */
  async takeWrites(): Promise<void> {
    await this.query('SET GLOBAL innodb_flush_log_at_trx_commit = 1, GLOBAL sync_binlog = 1');
    await this.query('SET GLOBAL read_only = OFF');
  }

  /** Waits for commits under way; those that come after are refused. */
  async refuseWrites(): Promise<void> {
    await this.query('SET GLOBAL read_only = ON');
  }

  /** Replicates from a primary, over the link at this address. */
  async replicateFrom(link: { readonly address: string; readonly port: number }, position: string): Promise<void> {
    const { user, password } = LOGINS.replication;
    await this.query('STOP SLAVE');
    await this.query('RESET SLAVE ALL');
    // Transactions of connections that were just cut may hold it for a moment.
    await again(() => this.query(`SET GLOBAL gtid_slave_pos = '${position}'`));
    await this.query(
      `CHANGE MASTER TO MASTER_HOST = '${link.address}', MASTER_PORT = ${link.port}, MASTER_USER = '${user}', ` +
        `MASTER_PASSWORD = '${password}', MASTER_CONNECT_RETRY = 1, MASTER_HEARTBEAT_PERIOD = 1, MASTER_USE_GTID = slave_pos`,
    );
    // A replica acknowledges nothing to anybody; on one disk with its primary it would fall behind by waiting for it.
    await this.query('SET GLOBAL innodb_flush_log_at_trx_commit = 2, GLOBAL sync_binlog = 0');
    await this.query('START SLAVE');
  }

  async slaveStatus(): Promise<Row | undefined> {
    return (await this.query('SHOW SLAVE STATUS'))[0];
  }

  /** Stops receiving, applies what it has received, and takes writes. */
  async promote(): Promise<void> {
    await this.query('STOP SLAVE IO_THREAD');
    const deadline = performance.now() + ADMIN_MILLISECONDS * 3;
    for (;;) {
      const status = await this.slaveStatus();
      const state = String(status?.['Slave_SQL_Running_State'] ?? '');
      if (status === undefined || state.startsWith('Slave has read all relay log')) break;
      if (performance.now() > deadline || status['Slave_SQL_Running'] !== 'Yes') {
        throw new DatabaseRigError(
          `cannot promote ${this.props.name}: it does not apply its relay log: ${state} ${String(status['Last_SQL_Error'])}`,
        );
      }
      await delay(POLL_MILLISECONDS / 5);
    }
    await this.query('STOP SLAVE');
    await this.query('RESET SLAVE ALL');
    await this.takeWrites();
  }

  /** Position of everything that it has committed. */
  async position(): Promise<string> {
    return String((await this.query('SELECT @@gtid_current_pos AS position'))[0]?.['position'] ?? '');
  }

  /** Waits until it has applied everything up to a position. */
  async waitFor(position: string, seconds: number): Promise<boolean> {
    const [row] = await this.query(
      `SELECT MASTER_GTID_WAIT('${position}', ${seconds}) AS result`,
      (seconds + 1) * 1000,
    );
    return Number(row?.['result']) === 0;
  }

  /** A copy of its data as they are on disk; it must not run. Gives the folder. */
  async copyData(): Promise<string> {
    if (this.isRunning) throw new DatabaseRigError(`cannot copy the data of ${this.props.name} while it runs`);
    this.#copies += 1;
    const copy = join(this.props.directory, `copy-${this.#copies}`);
    await copyFolder(this.#datadir, copy);
    return copy;
  }

  /** Begins anew with the data of a running primary, and replicates from it. */
  async recloneFrom(primary: MariadbServer, link: { readonly address: string; readonly port: number }): Promise<void> {
    await this.kill();
    await this.create();
    const { programs, directory } = this.props;
    const dump = join(directory, 'clone.sql');
    const flags = ['--single-transaction', '--gtid', '--master-data=1', '--skip-lock-tables', '--databases'];
    await run(programs.dump, [
      '--no-defaults',
      `--socket=${primary.socket}`,
      '--user=root',
      `--result-file=${dump}`,
      ...flags,
      ...CLONED_DATABASES,
    ]);
    const position = /SET GLOBAL gtid_slave_pos='([^']*)'/.exec(await readFile(dump, 'utf8'))?.[1];
    if (position === undefined)
      throw new DatabaseRigError(`cannot clone ${primary.props.name}: its dump has no position`);
    await this.#load(dump);
    await this.query('RESET MASTER');
    await this.replicateFrom(link, position);
  }

  get socket(): string {
    return join(this.#datadir, 'socket');
  }

  async #load(dump: string): Promise<void> {
    const client = spawn(
      'mariadb',
      ['--no-defaults', `--socket=${this.socket}`, '--user=root', '--init-command=SET sql_log_bin=0'],
      {
        stdio: ['pipe', 'ignore', 'pipe'],
      },
    );
    let complaint = '';
    client.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    const ended = once(client, 'exit');
    await pipeline(createReadStream(dump), client.stdin);
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw new DatabaseRigError(`cannot load ${dump}: ${complaint}`);
  }
}

/** Reads a copy of a database with a server of its own, which changes the copy. */
export async function onCopy<T>(
  { props }: MariadbServer,
  copy: string,
  read: (query: (sql: string) => Promise<readonly Row[]>) => Promise<T>,
): Promise<T> {
  const log = join(props.directory, 'copy.log');
  const flags = ['--skip-networking', '--skip-slave-start', '--log-bin=binlog', '--read-only=ON'];
  const server = await MariadbProcess.start(props.programs, flags, copy, log, props.watchdog);
  try {
    const connection = await server.connect();
    const result = await read(async (sql) => (await connection.query<RowDataPacket[]>(sql))[0]);
    await connection.end();
    return result;
  } finally {
    await server.end('SIGTERM');
  }
}

/** Owners included: root copies for the server's own user. */
async function copyFolder(from: string, to: string): Promise<void> {
  if (isRoot) await run('cp', ['--archive', '--sparse=always', from, to]);
  else await cp(from, to, { recursive: true });
}

/** Only the same user may change another process's limits, root without the capability neither. */
async function limitFileSize(pid: number, limit: string): Promise<void> {
  const command = ['prlimit', `--pid=${pid}`, `--fsize=${limit}:`];
  const [program = '', ...args] = isRoot ? ['runuser', '-u', 'mysql', '--', ...command] : command;
  await run(program, args);
}

/** Tries once more what met a lock of others, a few times. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if ((error as { errno?: unknown }).errno !== LOCK_WAIT_TIMEOUT || attempt === LOCK_ATTEMPTS) throw error;
    }
  }
}

/** An error that the server sent, as opposed to a connection that does not work. */
function isAnswer(error: unknown): boolean {
  const { errno, fatal } = error as { errno?: unknown; fatal?: unknown };
  return typeof errno === 'number' && errno > 0 && fatal !== true;
}

export async function within<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DatabaseRigError(`no answer within ${milliseconds} ms`)), milliseconds);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    // What comes too late is nobody's business.
    work.catch(() => undefined);
  }
}
