import type { LookupFunction } from 'node:net';
import type { FailedAttempt } from '../aws/errors.ts';
import type { Attempt } from '../failover/observation.ts';
import type {
  DatabaseClient,
  DatabaseLag,
  DatabaseLogin,
  DatabaseProbeOptions,
  HeartbeatTable,
  ProbeOptions,
} from '../observation/probes.ts';
import type { Clock } from '../runtime/clock.ts';
import { callMysql, type CallOutcome, type Query } from './mysql-call.ts';
import type { SecretLogins } from './secret-logins.ts';

/** The API server may take this share of an attempt's time; the database has the rest, or the attempt proves nothing. */
const LOGIN_SHARE = 0.2;

/** An Aurora reader says innodb_read_only, a replica of MySQL or MariaDB read_only. */
const READ_ONLY = 'SELECT 1 AS one, @@global.read_only AS readOnly, @@global.innodb_read_only AS innodbReadOnly';

/**
 * https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-monitoring.html: one row for each
 * region. The times are compared by the database, whose clock wrote them.
 */
const LAG =
  'SELECT DURABILITY_LAG_IN_MILLISECONDS AS durabilityLag, RPO_LAG_IN_MILLISECONDS AS rpoLag, ' +
  'TIMESTAMPDIFF(MICROSECOND, LAST_LAG_CALCULATION_TIMESTAMP, UTC_TIMESTAMP(6)) AS ageMicroseconds ' +
  'FROM information_schema.aurora_global_db_status WHERE AWS_REGION = ?';

/**
 * A lag that was never calculated has 1970 for its time, as AWS's example at the same place shows: it says nothing, and
 * is not one that has stopped being calculated.
 */
const NEVER_MICROSECONDS = 10 * 365 * 24 * 3600 * 1e6;

export interface MysqlDatabaseProps {
  readonly clock: Clock;
  readonly logins: Pick<SecretLogins, 'read' | 'doubt'>;
  /** How names become addresses. @default - Node's own way, two names at a time */
  readonly lookup?: LookupFunction;
}

/** Databases that speak MySQL's protocol; a connection for every question, as a new client would open one. */
export class MysqlDatabase implements DatabaseClient {
  readonly #props: MysqlDatabaseProps;

  constructor(props: MysqlDatabaseProps) {
    this.#props = props;
  }

  async probe(host: string, port: number, login: DatabaseLogin, options: DatabaseProbeOptions): Promise<Attempt> {
    const outcome = await this.#call(host, port, login, options, async (query): Promise<Attempt> => {
      const [row] = await query(READ_ONLY);
      if (isOn(row?.['readOnly']) || isOn(row?.['innodbReadOnly'])) {
        return { kind: 'rejected', cause: 'readOnly', message: 'it is read-only: another instance may be the writer' };
      }
      if (options.heartbeat !== undefined) await writeHeartbeat(query, options.heartbeat);
      return { kind: 'answered' };
    });
    return 'failed' in outcome ? outcome.failed : outcome.value;
  }

  async readLag(
    host: string,
    port: number,
    login: DatabaseLogin,
    options: ProbeOptions & { readonly region: string },
  ): Promise<DatabaseLag> {
    const outcome = await this.#call(host, port, login, options, async (query) => {
      // Whichever way the server keeps its times, they are UTC in this session.
      await query("SET time_zone = '+00:00'");
      const [row] = await query(LAG, [options.region]);
      return row;
    });
    return 'failed' in outcome ? { attempt: outcome.failed } : lagOf(outcome.value, options.region);
  }

  async #call<T>(
    host: string,
    port: number,
    login: DatabaseLogin,
    options: ProbeOptions,
    work: (query: Query) => Promise<T>,
  ): Promise<CallOutcome<T>> {
    const { clock, logins, lookup } = this.#props;
    const startedAt = clock.monotonic();
    const patience = options.timeoutMilliseconds * LOGIN_SHARE;
    const known = await logins.read(login, patience).catch((error: unknown) => failedLogin(error));
    if ('kind' in known) return { failed: known };
    const timeoutMilliseconds = options.timeoutMilliseconds - (clock.monotonic() - startedAt);
    const outcome = await callMysql(
      { clock, host, port, login: known, options: { ...options, timeoutMilliseconds }, lookup },
      work,
    );
    if ('failed' in outcome && isAboutLogin(outcome.failed)) logins.doubt(login);
    return outcome;
  }
}

/** A number by MySQL, a word by some relatives; what is not there is not known to take writes. */
const isOn = (value: unknown): boolean => value !== 'OFF' && Number(value) !== 0;

/** A certificate that is not trusted may be one whose authority the Secret has by now. */
const isAboutLogin = ({ cause }: FailedAttempt): boolean =>
  cause === 'denied' || cause === 'expiredCredentials' || cause === 'tls';

function failedLogin(error: unknown): FailedAttempt {
  return { kind: 'local', cause: 'credentials', message: error instanceof Error ? error.message : String(error) };
}

/** Identifiers come from a schema that admits nothing to escape. */
async function writeHeartbeat(query: Query, { database, table }: HeartbeatTable): Promise<void> {
  // Who holds the row, the table or all writes (ALTER TABLE, a backup) is no loss; and a probe that is given up here goes on
  // waiting there: without an end of its own, each round would leave the server one connection fewer.
  await query('SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1');
  await query(
    `INSERT INTO \`${database}\`.\`${table}\` (id, written_at) VALUES (1, UTC_TIMESTAMP(6)) ` +
      'ON DUPLICATE KEY UPDATE written_at = UTC_TIMESTAMP(6)',
  );
}

function lagOf(row: Readonly<Record<string, unknown>> | undefined, region: string): DatabaseLag {
  const figures = [row?.['durabilityLag'], row?.['rpoLag'], row?.['ageMicroseconds']].map((value) =>
    value === null || value === undefined ? NaN : Number(value),
  );
  const [durabilityLag = NaN, rpoLag = NaN, ageMicroseconds = NaN] = figures;
  const isCalculated = ageMicroseconds < NEVER_MICROSECONDS;
  if (!figures.every(Number.isFinite) || !isCalculated) {
    const message = `information_schema.aurora_global_db_status has no lag for ${region}`;
    return { attempt: { kind: 'rejected', cause: 'malformed', message } };
  }
  const lagMilliseconds = Math.max(0, durabilityLag, rpoLag);
  return {
    attempt: { kind: 'answered' },
    reading: { lagMilliseconds, ageMilliseconds: Math.max(0, ageMicroseconds / 1000) },
  };
}
