import { createHash, randomBytes } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

/** What the server says to one statement. */
export type Answer =
  | { readonly row: Readonly<Record<string, string | number | null>> }
  | { readonly error: readonly [errno: number, sqlState: string, message: string] }
  | 'ok'
  | 'silence';

/** PEM. */
export interface FakeCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface FakeMysqlServerProps {
  /** @default - every statement is answered with OK */
  readonly answer?: (sql: string) => Answer;
  /** Where the server stops talking. @default - it does not */
  readonly silentAt?: 'handshake' | 'login';
  /** Sent in place of a handshake. */
  readonly greeting?: Extract<Answer, { error: unknown }>;
  /** @default true */
  readonly hasTls?: boolean;
  readonly password?: string;
}

const CAPABILITIES = 0x1 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x80000;
const SSL = 0x800;
const SSL_REQUEST_BYTES = 4 + 32;

/** Speaks as much of MySQL's protocol as a login over TLS and plain queries need. */
export class FakeMysqlServer {
  readonly props: FakeMysqlServerProps;
  readonly #certificate: FakeCertificate;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Every statement, in order. */
  readonly statements: string[] = [];
  password: string;

  private constructor(certificate: FakeCertificate, props: FakeMysqlServerProps) {
    this.#certificate = certificate;
    this.props = props;
    this.password = props.password ?? 'correct';
    this.#server = createServer((socket) => this.#greet(socket));
  }

  static async start(certificate: FakeCertificate, props: FakeMysqlServerProps = {}): Promise<FakeMysqlServer> {
    const server = new FakeMysqlServer(certificate, props);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #greet(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    const { silentAt, greeting, hasTls = true } = this.props;
    if (silentAt === 'handshake') return;
    if (greeting !== undefined) {
      socket.end(packet(0, errorPayload(greeting)));
      return;
    }
    const salt = Buffer.from(randomBytes(20).map((byte) => (byte % 90) + 33));
    socket.write(packet(0, handshake(salt, hasTls)));
    socket.once('data', (data: Buffer) => {
      socket.pause();
      if (silentAt === 'login') return;
      // The client's TLS hello may have come along.
      if (data.length > SSL_REQUEST_BYTES) socket.unshift(data.subarray(SSL_REQUEST_BYTES));
      const { certificate: cert, key } = this.#certificate;
      const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ cert, key }) });
      secure.on('error', () => undefined);
      this.#serve(secure, salt);
    });
  }

  #serve(secure: TLSSocket, salt: Buffer): void {
    let isLoggedIn = false;
    secure.on('data', (data: Buffer) => {
      const payload = data.subarray(4);
      if (isLoggedIn) {
        this.#answer(secure, payload);
        return;
      }
      isLoggedIn = true;
      const isRight = tokenOf(payload).equals(scramble(this.password, salt));
      const refusal: Answer = { error: [1045, '28000', "Access denied for user 'probe'@'localhost'"] };
      secure.write(packet((data[3] ?? 0) + 1, isRight ? OK : errorPayload(refusal)));
    });
  }

  #answer(secure: TLSSocket, payload: Buffer): void {
    if (payload[0] !== 0x03) return;
    const sql = payload.subarray(1).toString('utf8');
    this.statements.push(sql);
    const answer = this.props.answer?.(sql) ?? 'ok';
    if (answer === 'silence') return;
    if (answer === 'ok') secure.write(packet(1, OK));
    else if ('error' in answer) secure.write(packet(1, errorPayload(answer)));
    else secure.write(resultSet(answer.row));
  }
}

const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
const EOF = Buffer.from([0xfe, 0, 0, 2, 0]);

function packet(sequence: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header[3] = sequence;
  return Buffer.concat([header, payload]);
}

function handshake(salt: Buffer, hasTls: boolean): Buffer {
  const capabilities = CAPABILITIES | (hasTls ? SSL : 0);
  const middle = Buffer.alloc(18);
  middle.writeUInt16LE(capabilities & 0xffff, 0);
  middle[2] = 45;
  middle.writeUInt16LE(2, 3);
  middle.writeUInt16LE(capabilities >>> 16, 5);
  middle[7] = salt.length + 1;
  return Buffer.concat([
    Buffer.from('\x0a8.0.0-fake\0', 'latin1'),
    Buffer.from([1, 0, 0, 0]),
    salt.subarray(0, 8),
    Buffer.from([0]),
    middle,
    salt.subarray(8),
    Buffer.from('\0mysql_native_password\0', 'latin1'),
  ]);
}

function errorPayload({ error: [errno, sqlState, message] }: Extract<Answer, { error: unknown }>): Buffer {
  return Buffer.concat([Buffer.from([0xff, errno & 0xff, errno >> 8]), Buffer.from(`#${sqlState}${message}`, 'utf8')]);
}

const text = (value: string): Buffer => Buffer.concat([Buffer.from([Buffer.byteLength(value)]), Buffer.from(value)]);

function resultSet(row: Readonly<Record<string, string | number | null>>): Buffer {
  const names = Object.keys(row);
  const values = Object.values(row);
  const columns = names.map((name) =>
    Buffer.concat([
      ...['def', '', '', '', name, ''].map(text),
      Buffer.from([0x0c, 45, 0, 255, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0]),
    ]),
  );
  const cells = values.map((value) => (value === null ? Buffer.from([0xfb]) : text(String(value))));
  const payloads = [Buffer.from([names.length]), ...columns, EOF, Buffer.concat(cells), EOF];
  return Buffer.concat(payloads.map((payload, index) => packet(index + 1, payload)));
}

/** The answer to the salt in a HandshakeResponse41: after 32 bytes the user, then its length and itself. */
function tokenOf(response: Buffer): Buffer {
  const start = response.indexOf(0, 32) + 1;
  const length = response[start] ?? 0;
  return response.subarray(start + 1, start + 1 + length);
}

const sha1 = (...parts: readonly Buffer[]): Buffer => createHash('sha1').update(Buffer.concat(parts)).digest();

/** https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_authentication_methods_native_password_authentication.html */
function scramble(password: string, salt: Buffer): Buffer {
  const once = sha1(Buffer.from(password));
  const mask = sha1(salt, sha1(once));
  return Buffer.from(once.map((byte, index) => byte ^ (mask[index] ?? 0)));
}
