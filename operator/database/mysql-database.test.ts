import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { createCertificateAuthority } from '../../test/control-plane/certificates.ts';
import type { Attempt } from '../failover/observation.ts';
import { createLogger } from '../observability/logger.ts';
import type { DatabaseLogin, DatabaseProbeOptions } from '../observation/probes.ts';
import { SystemClock } from '../runtime/clock.ts';
import { KubeApiError, KubeTimeoutError } from '../runtime/kube-errors.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { eventually } from '../runtime/testing/eventually.ts';
import { MysqlDatabase } from './mysql-database.ts';
import { SecretLogins } from './secret-logins.ts';
import { FakeMysqlServer, type Answer, type FakeMysqlServerProps } from './testing/fake-mysql-server.ts';

const LOGIN: DatabaseLogin = { namespace: 'payments', secret: 'probe', caSecret: 'ca' };
const OPTIONS: DatabaseProbeOptions = { timeoutMilliseconds: 5000 };
const WRITER: Answer = { row: { one: 1, readOnly: 0, innodbReadOnly: 0 } };
const HEARTBEAT = { database: 'aurora_dr', table: 'heartbeat' };

const AUTHORITY = createCertificateAuthority('fake database');
const CERTIFICATE = AUTHORITY.issueServer();

const open: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) await server.stop();
});

/** The Secrets of one API server, which tests may change, and which counts how often it is asked. */
class Secrets {
  readonly values: Record<string, Record<string, string>> = {};
  reads = 0;
  failure: Error | undefined;

  get = (_type: unknown, { name }: { name: string }): Promise<never> => {
    this.reads += 1;
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const value = this.values[name];
    if (value === undefined) {
      return Promise.reject(
        new KubeApiError(`cannot get Secret ${name}: not found`, { code: 404, reason: 'NotFound' }),
      );
    }
    const encode = (plain: string): string => Buffer.from(plain).toString('base64');
    const data: Record<string, string> = {};
    for (const [key, plain] of Object.entries(value)) data[key] = encode(plain);
    return Promise.resolve({ metadata: { namespace: 'payments', name }, data } as never);
  };
}

interface SetUp {
  readonly server: FakeMysqlServer;
  readonly secrets: Secrets;
  readonly clock: ManualClock;
  readonly probe: (options?: Partial<DatabaseProbeOptions>) => Promise<Attempt>;
  readonly database: MysqlDatabase;
}

async function setUp(props: FakeMysqlServerProps = { answer: (sql) => answerOf(sql) }): Promise<SetUp> {
  const server = await FakeMysqlServer.start(CERTIFICATE, props);
  open.push(server);
  const secrets = new Secrets();
  secrets.values['probe'] = { username: 'probe', password: 'correct' };
  secrets.values['ca'] = { 'ca.crt': AUTHORITY.certificate };
  const clock = new ManualClock();
  const database = new MysqlDatabase({ clock, logins: new SecretLogins({ kube: secrets, clock }) });
  const probe: SetUp['probe'] = (options) =>
    database.probe('127.0.0.1', server.port, LOGIN, { ...OPTIONS, ...options });
  return { server, secrets, clock, probe, database };
}

const answerOf = (sql: string, changes: Readonly<Record<string, Answer>> = {}): Answer =>
  Object.entries(changes).find(([start]) => sql.startsWith(start))?.[1] ?? (sql.startsWith('SELECT 1') ? WRITER : 'ok');

describe('a probe by MySQL', () => {
  it('given a writer, is answered, and leaves no connection behind', async () => {
    const { server, probe } = await setUp();
    expect(await probe()).toEqual({ kind: 'answered' });
    expect(server.statements).toEqual([expect.stringMatching(/^SELECT 1/)]);
    await eventually(() => server.connections === 0);
  });

  it('given name servers that are silent, blames the resolver: nothing has been sent to the database', async () => {
    const { secrets, clock } = await setUp();
    const asked = Promise.withResolvers<undefined>();
    const lookup = (): void => asked.resolve(undefined);
    const database = new MysqlDatabase({ clock, lookup, logins: new SecretLogins({ kube: secrets, clock }) });
    const attempt = database.probe('db.example', 3306, LOGIN, OPTIONS);
    await asked.promise;
    await clock.advance(5000);
    expect(await attempt).toMatchObject({
      kind: 'local',
      cause: 'resolver',
      message: expect.stringContaining('db.example'),
    });
  });

  it('given a table for heartbeats, writes its one row', async () => {
    const { server, probe } = await setUp();
    expect(await probe({ heartbeat: HEARTBEAT })).toEqual({ kind: 'answered' });
    expect(server.statements.at(-1)).toMatch(/^INSERT INTO `aurora_dr`.`heartbeat` \(id, written_at\) VALUES \(1, /);
  });

  it('given a table for heartbeats, waits for no lock longer than a second: of its row, the table or all tables', async () => {
    const { server, probe } = await setUp();
    await probe({ heartbeat: HEARTBEAT });
    const write = server.statements.findIndex((sql) => sql.startsWith('INSERT'));
    const before = server.statements.slice(0, write).join('; ');
    expect(before).toMatch(/\binnodb_lock_wait_timeout = 1\b/);
    expect(before).toMatch(/[ ,]lock_wait_timeout = 1\b/);
  });

  it('given a writer that says OFF in place of 0, is answered', async () => {
    const row = { one: 1, readOnly: 'OFF', innodbReadOnly: 0 };
    const { probe } = await setUp({ answer: (sql) => answerOf(sql, { 'SELECT 1': { row } }) });
    expect(await probe()).toEqual({ kind: 'answered' });
  });

  it.each<[string, Answer]>([
    ['read_only', { row: { one: 1, readOnly: 1, innodbReadOnly: 0 } }],
    ['innodb_read_only', { row: { one: 1, readOnly: 0, innodbReadOnly: 1 } }],
  ])('given a server with %s, is told that it is read-only, and writes nothing', async (_, row) => {
    const { server, probe } = await setUp({ answer: (sql) => answerOf(sql, { 'SELECT 1': row }) });
    expect(await probe({ heartbeat: HEARTBEAT })).toMatchObject({ kind: 'rejected', cause: 'readOnly' });
    expect(server.statements).toHaveLength(1);
  });

  it.each<[string, readonly [number, string, string], object]>([
    ['a full disk', [1114, 'HY000', 'The table is full'], { kind: 'noAnswer', cause: 'serverError' }],
    ['a disk error', [1030, 'HY000', 'Got error 28'], { kind: 'noAnswer', cause: 'serverError' }],
    ['a server that ends', [1053, '08S01', 'Server shutdown in progress'], { kind: 'noAnswer', cause: 'serverError' }],
    ['read-only meanwhile', [1290, 'HY000', 'running with --read-only'], { kind: 'rejected', cause: 'readOnly' }],
    ['no privilege', [1142, '42000', 'INSERT command denied'], { kind: 'rejected', cause: 'denied' }],
    ['no such table', [1146, '42S02', "Table doesn't exist"], { kind: 'rejected', cause: 'malformed' }],
    ['a row that others hold', [1205, 'HY000', 'Lock wait timeout'], { kind: 'rejected', cause: 'throttled' }],
    ['an error nobody knows', [9999, 'HY000', 'something new'], { kind: 'rejected', cause: 'malformed' }],
  ])('given a write that meets %s, says so', async (_, error, expected) => {
    const { probe } = await setUp({ answer: (sql) => answerOf(sql, { INSERT: { error } }) });
    const attempt = await probe({ heartbeat: HEARTBEAT });
    expect(attempt).toMatchObject(expected);
    expect('message' in attempt && attempt.message).toContain(error[2]);
  });

  it.each<[string, readonly [number, string, string], object]>([
    ['too many connections', [1040, '08004', 'Too many connections'], { kind: 'rejected', cause: 'throttled' }],
    ['a host that it does not admit', [1130, 'HY000', 'Host is not allowed'], { kind: 'rejected', cause: 'denied' }],
  ])('given %s in place of a handshake, is Unknown to its reader', async (_, error, expected) => {
    const { probe } = await setUp({ greeting: { error } });
    expect(await probe()).toMatchObject(expected);
  });

  it('given nobody who listens, is refused', async () => {
    const { server, database } = await setUp();
    const { port } = server;
    await server.stop();
    expect(await database.probe('127.0.0.1', port, LOGIN, OPTIONS)).toMatchObject({
      kind: 'noAnswer',
      cause: 'refused',
    });
  });

  it('given a server without TLS, sends no login', async () => {
    const { probe } = await setUp({ hasTls: false });
    expect(await probe()).toMatchObject({
      kind: 'rejected',
      cause: 'malformed',
      message: expect.stringContaining('secure'),
    });
  });

  it('given a certificate of somebody else, sends no login', async () => {
    const { server, secrets, probe } = await setUp();
    secrets.values['ca'] = { 'ca.crt': createCertificateAuthority('somebody else').certificate };
    expect(await probe()).toMatchObject({ kind: 'noAnswer', cause: 'tls' });
    expect(server.statements).toEqual([]);
  });

  it('given no authority of its own, trusts those of Amazon RDS', async () => {
    const { server, database } = await setUp();
    const { caSecret: _, ...login } = LOGIN;
    expect(await database.probe('127.0.0.1', server.port, login, OPTIONS)).toMatchObject({ cause: 'tls' });
  });

  it.each<[string, FakeMysqlServerProps, string]>([
    ['accepts and says nothing', { silentAt: 'handshake' }, 'accepted the connection and sent no handshake'],
    ['stops in the middle of the login', { silentAt: 'login' }, 'sent a handshake and did not complete the login'],
    ['logs in and does not answer', { answer: () => 'silence' }, 'took the login and did not answer SELECT'],
  ])('given a server that %s, is told at the timeout that it is frozen, not gone', async (_, props, says) => {
    const { server, clock, probe } = await setUp(props);
    const attempt = probe();
    await eventually(
      () => server.connections === 1 && server.statements.length === (props.answer === undefined ? 0 : 1),
    );
    // What the server has sent is read before the time is up.
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(OPTIONS.timeoutMilliseconds);
    expect(await attempt).toMatchObject({
      kind: 'noAnswer',
      cause: 'timeout',
      isAccepted: true,
      message: expect.stringContaining(says),
    });
    await eventually(() => server.connections === 0);
  });

  it('given a caller who gives up, ends at once', async () => {
    const { probe } = await setUp({ silentAt: 'handshake' });
    const controller = new AbortController();
    const attempt = probe({ signal: controller.signal });
    controller.abort();
    expect(await attempt).toMatchObject({ kind: 'local', cause: 'notAttempted' });
  });

  it('given something else than a database, is no vote', async () => {
    const server = createServer((socket) =>
      socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push({ stop: () => new Promise((resolve) => server.close(resolve)) });
    const { database } = await setUp();
    const attempt = await database.probe('127.0.0.1', (server.address() as AddressInfo).port, LOGIN, OPTIONS);
    expect(attempt.kind).not.toBe('answered');
  });
});

describe('the login of a probe', () => {
  it('given many probes, is read once a minute', async () => {
    const { secrets, clock, probe } = await setUp();
    for (let round = 0; round < 3; round += 1) await probe();
    expect(secrets.reads).toBe(2);
    await clock.advance(60_000);
    expect(await probe()).toEqual({ kind: 'answered' });
    expect(secrets.reads).toBe(4);
  });

  it('given a refusal, is read again for the next probe: a rotated password counts at once', async () => {
    const { server, secrets, probe } = await setUp();
    await probe();
    server.password = 'rotated';
    expect(await probe()).toMatchObject({ kind: 'rejected', cause: 'denied' });
    secrets.values['probe'] = { username: 'probe', password: 'rotated' };
    expect(await probe()).toEqual({ kind: 'answered' });
  });

  it('given an API server that does not answer, stays as it was last read', async () => {
    const { secrets, clock, probe } = await setUp();
    await probe();
    secrets.failure = new KubeTimeoutError('cannot get Secret probe: no answer');
    await clock.advance(60_000);
    expect(await probe()).toEqual({ kind: 'answered' });
  });

  it.each<[string, (secrets: Secrets) => void, string]>([
    ['no Secret', (secrets) => delete secrets.values['probe'], 'not found'],
    ['a Secret without a password', (secrets) => delete secrets.values['probe']?.['password'], 'no key "password"'],
    ['no Secret of the authority', (secrets) => delete secrets.values['ca'], 'not found'],
    [
      'an API server that never answered',
      (secrets) => (secrets.failure = new KubeTimeoutError('cannot get it: no answer')),
      'no answer',
    ],
  ])('given %s, was not attempted, and says what is missing', async (_, change, says) => {
    const { secrets, probe } = await setUp();
    change(secrets);
    expect(await probe()).toMatchObject({
      kind: 'local',
      cause: 'credentials',
      message: expect.stringContaining(says),
    });
  });

  it('given whatever goes wrong, is in no message, and in nothing that is logged of it', async () => {
    const lines: string[] = [];
    const destination = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString());
        done();
      },
    });
    const logger = createLogger({ level: 'trace', destination });
    const error = [9999, 'HY000', 'cannot do it for hunter2 of probe'] as const;
    const worlds: FakeMysqlServerProps[] = [
      { password: 'another' },
      { answer: () => ({ error }) },
      { greeting: { error } },
      { hasTls: false },
    ];
    for (const world of worlds) {
      const { secrets, probe } = await setUp(world);
      secrets.values['probe'] = { username: 'probe', password: 'hunter2' };
      logger.warn({ error: await probe() }, 'probed');
    }
    expect(lines).toHaveLength(worlds.length);
    expect(lines.join('')).not.toMatch(/hunter2|probe\b(?!d)/);
  });
});

describe('the lag by SQL', () => {
  const read = async (answer: Answer): Promise<unknown> => {
    const { server, database } = await setUp({ answer: (sql) => answerOf(sql, { 'SELECT DURABILITY': answer }) });
    const lag = await database.readLag('127.0.0.1', server.port, LOGIN, { ...OPTIONS, region: 'us-west-2' });
    expect(server.statements[0]).toBe("SET time_zone = '+00:00'");
    expect(server.statements[1]).toMatch(
      /FROM information_schema.aurora_global_db_status WHERE AWS_REGION = 'us-west-2'/,
    );
    return lag;
  };

  it.each([
    [
      { durabilityLag: 428, rpoLag: 0, ageMicroseconds: 1_500_000 },
      { lagMilliseconds: 428, ageMilliseconds: 1500 },
    ],
    [
      { durabilityLag: 10, rpoLag: 70.5, ageMicroseconds: 0 },
      { lagMilliseconds: 70.5, ageMilliseconds: 0 },
    ],
    [
      { durabilityLag: 1, rpoLag: 2, ageMicroseconds: -900 },
      { lagMilliseconds: 2, ageMilliseconds: 0 },
    ],
  ])('given %j, is the longer of the two, with the age of its calculation', async (row, reading) => {
    expect(await read({ row })).toEqual({ attempt: { kind: 'answered' }, reading });
  });

  it('given no row for the region, says that there is none', async () => {
    expect(await read('ok')).toMatchObject({
      attempt: { kind: 'rejected', message: expect.stringContaining('us-west-2') },
    });
  });

  it('given a row that is not computed, takes no NULL for zero', async () => {
    expect(await read({ row: { durabilityLag: null, rpoLag: 0, ageMicroseconds: 0 } })).toMatchObject({
      attempt: { kind: 'rejected' },
    });
  });

  it('given a lag that was never calculated, takes it for none, not for one that stands still', async () => {
    const since1970 = 56 * 365 * 24 * 3600 * 1e6;
    expect(await read({ row: { durabilityLag: 0, rpoLag: 0, ageMicroseconds: since1970 } })).toMatchObject({
      attempt: { kind: 'rejected', message: expect.stringContaining('has no lag') },
    });
  });

  it('given a version without the table, says what the server says', async () => {
    const error = [1109, '42S02', "Unknown table 'aurora_global_db_status' in information_schema"] as const;
    expect(await read({ error })).toMatchObject({
      attempt: { kind: 'rejected', cause: 'malformed', message: expect.stringContaining('Unknown table') },
    });
  });
});

describe('the real clock', () => {
  it('given a server that is frozen, bounds the probe', async () => {
    const server = await FakeMysqlServer.start(CERTIFICATE, { silentAt: 'handshake' });
    open.push(server);
    const secrets = new Secrets();
    secrets.values['probe'] = { username: 'probe', password: 'correct' };
    secrets.values['ca'] = { 'ca.crt': AUTHORITY.certificate };
    const clock = new SystemClock();
    const database = new MysqlDatabase({ clock, logins: new SecretLogins({ kube: secrets, clock }) });
    const attempt = await database.probe('127.0.0.1', server.port, LOGIN, { timeoutMilliseconds: 300 });
    expect(attempt).toMatchObject({ kind: 'noAnswer', cause: 'timeout', isAccepted: true });
  });
});
