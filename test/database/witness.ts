import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createConnection } from 'mysql2/promise';
import { within } from './mariadb-server.ts';
import type { DatabaseRig } from './rig.ts';
import { LOGINS } from './schema.ts';
import type { Address } from './toxiproxy.ts';

const WRITE_MILLISECONDS = 700;

const WRITE =
  'INSERT INTO aurora_dr.witness VALUES (1, UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE written_at = UTC_TIMESTAMP(6)';

/**
 * A witness outside both regions: it writes a row through the writer's endpoint as clients do, and answers 200 when that
 * worked and 503 when it did not.
 */
export class DatabaseWitness {
  readonly url: string;
  readonly #rig: DatabaseRig;
  readonly #server: Server;

  private constructor(rig: DatabaseRig, server: Server, { address, port }: Address) {
    this.#rig = rig;
    this.#server = server;
    this.url = `http://${address}:${port}/`;
  }

  static async start(rig: DatabaseRig): Promise<DatabaseWitness> {
    const address = { address: rig.primary.clients.address.replace(/\.\d+$/, '.240'), port: 8080 };
    const server = createServer();
    const witness = new DatabaseWitness(rig, server, address);
    server.on('request', (_request, response) => {
      void witness.#write().then((hasWritten) => {
        response.statusCode = hasWritten ? 200 : 503;
        response.end();
      });
    });
    server.listen(address.port, address.address);
    await once(server, 'listening');
    return witness;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  async #write(): Promise<boolean> {
    const { address, port } = this.#rig.primary.clients;
    const opening = createConnection({ host: address, port, ...LOGINS.witness, connectTimeout: WRITE_MILLISECONDS });
    try {
      const connection = await within(opening, WRITE_MILLISECONDS);
      connection.on('error', () => undefined);
      await within(connection.query(WRITE), WRITE_MILLISECONDS);
      return true;
    } catch {
      return false;
    } finally {
      opening.then((connection) => connection.destroy()).catch(() => undefined);
    }
  }
}
