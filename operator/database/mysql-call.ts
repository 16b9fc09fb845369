import { connect, type LookupFunction, type Socket } from 'node:net';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2';
import type { FailedAttempt } from '../aws/errors.ts';
import { watchName } from '../observation/name-watch.ts';
import type { ProbeOptions } from '../observation/probes.ts';
import type { Clock } from '../runtime/clock.ts';
import { classifyMysqlError } from './classify-mysql-error.ts';
import type { Login } from './secret-logins.ts';

/** Longer texts of a server are cut off. */
const LONGEST_MESSAGE = 300;

/** One connection, used for a few statements and closed. */
export interface MysqlCallProps {
  readonly clock: Clock;
  readonly host: string;
  readonly port: number;
  readonly login: Login;
  readonly options: ProbeOptions;
  /** How names become addresses. @default - Node's own way, two names at a time */
  readonly lookup?: LookupFunction | undefined;
}

/** Runs one statement; its rows by column name. */
export type Query = (sql: string, values?: readonly string[]) => Promise<readonly Readonly<Record<string, unknown>>[]>;

export type CallOutcome<T> = { readonly value: T } | { readonly failed: FailedAttempt };

/**
 * Connects, logs in over TLS, lets `work` ask, and ends the connection, all within the timeout. Never rejects. What the
 * server says of a failure is kept, without the login.
 */
export async function callMysql<T>(props: MysqlCallProps, work: (query: Query) => Promise<T>): Promise<CallOutcome<T>> {
  const { clock, host, port, login, options } = props;
  const { lookup, trouble } = watchName(host, props.lookup);
  const socket = connect({ host, port, noDelay: true, lookup });
  const connection = createConnection({
    host,
    port,
    user: login.username,
    password: login.password,
    ssl: login.tls,
    stream: () => socket,
    // The caller's clock bounds the whole.
    connectTimeout: 0,
  });
  let stage = 'did not accept the connection';
  socket.once('connect', () => (stage = 'accepted the connection and sent no handshake'));
  connection.once('connect', () => (stage = 'took the login and left it at that'));
  const query = queryOn(
    connection,
    (sql) => (stage = `took the login and did not answer ${sql.split(/[\s`]/, 1)[0] ?? ''}`),
  );

  const end = Promise.withResolvers<CallOutcome<T>>();
  const fail = (error: unknown): void => end.resolve({ failed: withoutLogin(classifyMysqlError(error), login) });
  const timer = clock.setTimeout(() => {
    const { timeoutMilliseconds } = options;
    end.resolve({ failed: trouble(timeoutMilliseconds) ?? silence(socket, stage, timeoutMilliseconds) });
  }, options.timeoutMilliseconds);
  const giveUp = (): void =>
    end.resolve({ failed: { kind: 'local', cause: 'notAttempted', message: 'given up by the caller' } });
  // The socket's own listener stays for what it reports while it is being destroyed.
  socket.on('error', fail);
  connection.on('error', fail);
  if (options.signal?.aborted === true) giveUp();
  else options.signal?.addEventListener('abort', giveUp, { once: true });
  connection.once('connect', () => void work(query).then((value) => end.resolve({ value }), fail));
  try {
    return await end.promise;
  } finally {
    timer.cancel();
    options.signal?.removeEventListener('abort', giveUp);
    connection.destroy();
    socket.destroy();
  }
}

function queryOn(connection: Connection, onQuery: (sql: string) => void): Query {
  return (sql, values = []) => {
    onQuery(sql);
    return new Promise((resolve, reject) => {
      connection.query<RowDataPacket[]>(sql, [...values], (error, rows) => {
        if (error === null) resolve(Array.isArray(rows) ? rows : []);
        else reject(error);
      });
    });
  };
}

/** A frozen server is told from a dead one by its kernel, which goes on accepting. */
function silence(socket: Socket, stage: string, timeoutMilliseconds: number): FailedAttempt {
  const isConnected = socket.readyState === 'open';
  const isMidway = isConnected && socket.bytesRead > 0 && stage.endsWith('no handshake');
  const what = isMidway ? 'sent a handshake and did not complete the login' : stage;
  const message = `it ${what} within ${timeoutMilliseconds} ms`;
  return { kind: 'noAnswer', cause: 'timeout', message, ...(isConnected ? { isAccepted: true } : {}) };
}

function withoutLogin(attempt: FailedAttempt, { username, password }: Login): FailedAttempt {
  const message = [password, username].reduce((text, word) => text.replaceAll(word, '…'), attempt.message);
  return { ...attempt, message: message.slice(0, LONGEST_MESSAGE) };
}
