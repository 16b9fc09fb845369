import { readFile, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ControlPlane } from '../../control-plane/control-plane.ts';

/** A way to the API server whose connections can be cut, as a load balancer or a network does it. */
export class CuttingProxy implements AsyncDisposable {
  /** Path of an administrator's kubeconfig that leads through it. */
  readonly kubeconfig: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(kubeconfig: string, server: Server, sockets: Set<Socket>) {
    this.kubeconfig = kubeconfig;
    this.#server = server;
    this.#sockets = sockets;
  }

  static async start({ url, kubeconfig, directory }: ControlPlane): Promise<CuttingProxy> {
    const sockets = new Set<Socket>();
    const { port } = new URL(url);
    const server = createServer((client) => {
      const upstream = connect(Number(port), '127.0.0.1');
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const own = (server.address() as AddressInfo).port;
    const path = join(directory, 'cutting-proxy.kubeconfig');
    const text = await readFile(kubeconfig, 'utf8');
    await writeFile(path, text.replaceAll(url, `https://127.0.0.1:${own}`), { mode: 0o600 });
    return new CuttingProxy(path, server, sockets);
  }

  /** Resets every connection, watches among them. Gives how many there were. */
  cut(): number {
    const count = this.#sockets.size / 2;
    for (const socket of this.#sockets) socket.resetAndDestroy();
    return count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }
}
