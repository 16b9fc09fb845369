import { once } from 'node:events';
import { connect as dial, createServer, type Server, type Socket } from 'node:net';
import { connect as secure, createSecureContext, TLSSocket } from 'node:tls';
import type { CertificateAndKey } from '../control-plane/certificates.ts';
import type { Address } from './toxiproxy.ts';

const HEADER_BYTES = 4;
/** The client's first packet when it wants TLS (MySQL's protocol, SSLRequest). */
const SSL_REQUEST_BYTES = HEADER_BYTES + 32;
const COM_QUERY = 0x03;

/** Aurora's own table, in a schema where nobody can create one; and the view that has its columns here. */
const AURORA_TABLE = 'information_schema.aurora_global_db_status';
const VIEW = 'aurora_local.aurora_global_db_status';

export interface ReaderFrontProps {
  readonly listen: Address;
  readonly upstream: Address;
  readonly certificate: CertificateAndKey;
}

/**
 * The reader endpoint of a secondary: passes a client's connection on to the server as it is, login and TLS on both sides
 * included, but for one name in its queries. So the operator's unchanged query meets a real login, real privileges and a
 * real answer, from a view of a server that cannot have Aurora's table where Aurora has it.
 */
export class ReaderFront {
  readonly #props: ReaderFrontProps;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(props: ReaderFrontProps) {
    this.#props = props;
  }

  async open(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    server.listen(this.#props.listen.port, this.#props.listen.address);
    await once(server, 'listening');
  }

  /** Connections are ended, and new ones refused. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(client: Socket): void {
    const { upstream, certificate } = this.#props;
    const server = dial({ host: upstream.address, port: upstream.port });
    const both = [client, server];
    for (const socket of both) {
      this.#sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          this.#sockets.delete(socket);
          for (const other of both) other.destroy();
        });
    }
    // The handshake goes by as it is: it says nothing of either end's certificate.
    server.once('data', (handshake: Buffer) => {
      server.pause();
      client.write(handshake);
    });
    client.once('data', (request: Buffer) => {
      client.pause();
      if (request.length > SSL_REQUEST_BYTES) client.unshift(request.subarray(SSL_REQUEST_BYTES));
      server.write(request.subarray(0, SSL_REQUEST_BYTES));
      const { certificate: cert, key } = certificate;
      const inner = new TLSSocket(client, { isServer: true, secureContext: createSecureContext({ cert, key }) });
      // The server is this rig's own, on loopback: whose certificate it has is not the question here.
      const outer = secure({ socket: server, rejectUnauthorized: false });
      for (const socket of [inner, outer]) socket.on('error', () => client.destroy());
      outer.pipe(inner);
      inner.on(
        'data',
        packets((packet) => outer.write(rewritten(packet))),
      );
    });
  }
}

/** Cuts a stream into the packets of MySQL's protocol. */
function packets(onPacket: (packet: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER_BYTES && rest.length >= HEADER_BYTES + rest.readUIntLE(0, 3)) {
      const end = HEADER_BYTES + rest.readUIntLE(0, 3);
      onPacket(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  };
}

function rewritten(packet: Buffer): Buffer {
  // Commands begin a sequence; what has another number belongs to the login.
  if (packet[3] !== 0 || packet[HEADER_BYTES] !== COM_QUERY) return packet;
  const sql = packet.subarray(HEADER_BYTES).toString('utf8');
  if (!sql.includes(AURORA_TABLE)) return packet;
  const payload = Buffer.from(sql.replace(AURORA_TABLE, VIEW), 'utf8');
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUIntLE(payload.length, 0, 3);
  return Buffer.concat([header, payload]);
}
