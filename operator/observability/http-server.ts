import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What a route answers. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  /** Pieces are sent as they come, no faster than the client takes them. */
  readonly body: string | AsyncIterable<string>;
}

/** Answers a GET. What it throws becomes a 500 without details. */
export type HttpRoute = (url: URL) => HttpAnswer | Promise<HttpAnswer>;

export interface HttpServerProps {
  /** 0: a free one that the system picks. */
  readonly port: number;
  /** @default - every address */
  readonly address?: string;
  /** By path. */
  readonly routes: Readonly<Record<string, HttpRoute>>;
  /** Told what a route threw, and what the server itself met after its start. */
  readonly onError?: (error: unknown) => void;
  /** Connections at once; more are refused. @default 64 */
  readonly maximumConnections?: number;
}

/** The server could not be started. */
export class HttpServerError extends Error {
  override name = 'HttpServerError';
}

/** Without a complete request in this time the connection is closed. */
const requestMilliseconds = 5_000;
const plainText = 'text/plain; charset=utf-8';

/** A small server for GET and HEAD on fixed paths, bounded in connections, sizes and times: health and metrics. */
export class HttpServer {
  readonly #props: HttpServerProps;
  readonly #server: Server;

  constructor(props: HttpServerProps) {
    this.#props = props;
    this.#server = createServer(
      {
        requestTimeout: requestMilliseconds,
        headersTimeout: requestMilliseconds,
        connectionsCheckingInterval: 1_000,
        keepAliveTimeout: requestMilliseconds,
        maxHeaderSize: 8_192,
      },
      (request, response) => void this.#handle(request, response),
    );
    this.#server.maxConnections = props.maximumConnections ?? 64;
  }

  /**
   * Listens.
   * @returns the port, of interest where 0 was asked for
   * @throws HttpServerError when the port is not to be had
   */
  start(): Promise<number> {
    const { port, address } = this.#props;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) => {
        const advice = 'free it, or choose another with --health-port and --metrics-port';
        reject(new HttpServerError(`cannot listen on port ${port}: ${cause.message}; ${advice}`, { cause }));
      });
      this.#server.listen({ port, ...(address === undefined ? {} : { host: address }) }, () => {
        this.#server.removeAllListeners('error').on('error', (error) => this.#props.onError?.(error));
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Takes no new requests, lets those in flight end, and cuts what is left after the grace. */
  async close(graceMilliseconds = 1_000): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const cut = setTimeout(() => this.#server.closeAllConnections(), graceMilliseconds);
    await closed;
    clearTimeout(cut);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Bodies are of no use here; without this a client that sends one would keep its connection busy.
    request.resume();
    const { status, contentType, body } = await this.#answer(request);
    response.writeHead(status, {
      'content-type': contentType,
      ...(typeof body === 'string' ? { 'content-length': Buffer.byteLength(body) } : {}),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
    });
    if (request.method === 'HEAD') response.end();
    else if (typeof body === 'string') response.end(body);
    else await this.#stream(body, response);
  }

  /** A client that goes away, or takes nothing for as long as a request may take, ends it. */
  async #stream(body: AsyncIterable<string>, response: ServerResponse): Promise<void> {
    let isCut = false;
    response.setTimeout(requestMilliseconds, () => {
      isCut = true;
      response.destroy();
    });
    await pipeline(Readable.from(body), response).catch((error: unknown) => {
      // Half an answer cannot be taken back: the client sees that the connection ends before it is whole.
      const isGone = error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
      if (isCut) this.#props.onError?.(new Error('cannot send an answer: the client took nothing of it for 5 s'));
      else if (!isGone) this.#props.onError?.(error);
    });
  }

  async #answer(request: IncomingMessage): Promise<HttpAnswer> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, contentType: plainText, body: 'only GET and HEAD\n' };
    }
    const url = URL.parse(request.url ?? '/', 'http://localhost');
    const route = url === null ? undefined : new Map(Object.entries(this.#props.routes)).get(url.pathname);
    if (url === null || route === undefined) return { status: 404, contentType: plainText, body: 'not found\n' };
    try {
      return await route(url);
    } catch (error) {
      this.#props.onError?.(error);
      return { status: 500, contentType: plainText, body: 'internal error\n' };
    }
  }
}
