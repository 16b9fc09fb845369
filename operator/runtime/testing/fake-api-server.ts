import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

import { KubeConfig } from '@kubernetes/client-node';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers a request, later or never if it likes. */
export type Answer = (request: ReceivedRequest, response: ServerResponse) => void;

/** An HTTP server on loopback that behaves as badly as a test wants, and counts connections and requests. */
export class FakeApiServer {
  readonly requests: ReceivedRequest[] = [];
  /** TCP connections accepted so far. */
  connections = 0;
  answer: Answer;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(answer: Answer) {
    this.answer = answer;
    this.#server = createServer((incoming, response) => {
      void text(incoming).then((body) => {
        const url = new URL(incoming.url ?? '/', 'http://localhost');
        const request: ReceivedRequest = {
          method: incoming.method ?? '',
          path: url.pathname,
          query: url.searchParams,
          headers: incoming.headers,
          body,
        };
        this.requests.push(request);
        this.answer(request, response);
      });
    });
    this.#server.on('connection', (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(answer: Answer): Promise<FakeApiServer> {
    const server = new FakeApiServer(answer);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get watches(): ReceivedRequest[] {
    return this.requests.filter(isWatch);
  }

  get lists(): ReceivedRequest[] {
    return this.requests.filter((request) => !isWatch(request));
  }

  kubeConfig(): KubeConfig {
    const { port } = this.#server.address() as AddressInfo;
    const config = new KubeConfig();
    // client-node refuses plain HTTP unless TLS verification is off.
    config.loadFromClusterAndUser(
      { name: 'fake', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
      { name: 'user', token: 'secret' },
    );
    return config;
  }

  /** Resets all connections, as a dying server or a firewall does. */
  cutConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    this.cutConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function isWatch(request: ReceivedRequest): boolean {
  return request.query.get('watch') === 'true';
}

export function sendJson(response: ServerResponse, body: unknown, code = 200): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** A Status object, as the API server explains an error. */
export function status(code: number, reason: string, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}

export function sendStatus(response: ServerResponse, code: number, reason: string, message = reason): void {
  sendJson(response, status(code, reason, message), code);
}

/** Accepts a watch. */
export function openWatch(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
}

export function sendEvent(response: ServerResponse, type: string, object: unknown): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}
