import { readFileSync } from 'node:fs';
import { Pool, type Dispatcher } from 'undici';
import type { ControlPlane } from '../../control-plane/control-plane.ts';

const CONNECTIONS = 32;

/** What the API server answered. */
export interface KubeAnswer {
  readonly status: number;
  readonly body: string;
}

export interface KubeCall {
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
  readonly accept?: string;
  /** Told right before the request is written. */
  readonly onSend?: () => void;
}

/** The API server as the harness uses it: an administrator with a pool of connections, and nothing in between. */
export class KubeApi {
  readonly #pool: Pool;
  readonly #token: string;

  constructor({ url, caFile, adminToken }: Pick<ControlPlane, 'url' | 'caFile' | 'adminToken'>) {
    if (adminToken === undefined) {
      throw new Error(
        'cannot use this cluster: the benchmark needs a control plane of its own; unset AURORA_DR_TEST_KUBECONFIG',
      );
    }
    this.#token = adminToken;
    const connect = caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') };
    this.#pool = new Pool(url, { connections: CONNECTIONS, pipelining: 1, connect, headersTimeout: 60_000 });
  }

  /** @throws Error when the API server does not answer with a 2xx. */
  async call(method: Dispatcher.HttpMethod, path: string, call: KubeCall = {}): Promise<string> {
    const { status, body } = await this.attempt(method, path, call);
    if (status < 200 || status > 299) {
      throw new Error(`cannot ${method} ${path}: the API server answers ${status}: ${body.slice(0, 500)}`);
    }
    return body;
  }

  async attempt(method: Dispatcher.HttpMethod, path: string, call: KubeCall = {}): Promise<KubeAnswer> {
    const { body, contentType = 'application/json', accept = 'application/json', onSend } = call;
    const text = body === undefined ? null : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${this.#token}`,
      accept,
      ...(text === null ? {} : { 'content-type': contentType }),
    };
    onSend?.();
    const answer = await this.#pool.request({ method, path, headers, body: text });
    return { status: answer.statusCode, body: await answer.body.text() };
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
