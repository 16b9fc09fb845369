import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Watchdog } from '../control-plane/watchdog.ts';
import { DatabaseRigError } from './database-rig-error.ts';

const START_MILLISECONDS = 20_000;
const POLL_MILLISECONDS = 50;

export interface Address {
  readonly address: string;
  readonly port: number;
}

/** How a link behaves. */
export interface LinkQuality {
  /** Added to each direction, milliseconds. */
  readonly latency?: number;
  readonly jitter?: number;
  /** Kilobytes a second, from the server to its client. */
  readonly bandwidth?: number;
}

const text = ({ address, port }: Address): string => `${address}:${port}`;

/** A toxiproxy server: TCP proxies that can be slow, narrow or cut (https://github.com/Shopify/toxiproxy). */
export class Toxiproxy {
  readonly #process: ChildProcess;
  readonly #watchdog: Watchdog;
  readonly #url: string;

  private constructor(process: ChildProcess, url: string, watchdog: Watchdog) {
    this.#process = process;
    this.#url = url;
    this.#watchdog = watchdog;
  }

  static async start(program: string, api: Address, watchdog: Watchdog): Promise<Toxiproxy> {
    const child = spawn(program, ['-host', api.address, '-port', String(api.port)], {
      stdio: ['ignore', 'ignore', 'ignore'],
      env: { ...process.env, LOG_LEVEL: 'error' },
      detached: true,
    });
    await once(child, 'spawn');
    watchdog.watch(child.pid ?? 0);
    const proxies = new Toxiproxy(child, `http://${text(api)}`, watchdog);
    const deadline = performance.now() + START_MILLISECONDS;
    while (!(await proxies.#isReady())) {
      if (child.exitCode !== null || performance.now() > deadline) {
        throw new DatabaseRigError(`cannot start toxiproxy on ${text(api)}: it does not answer`);
      }
      await delay(POLL_MILLISECONDS);
    }
    return proxies;
  }

  async add(name: string, listen: Address, upstream: Address, isEnabled = true): Promise<Link> {
    await this.request('POST', '/proxies', {
      name,
      listen: text(listen),
      upstream: text(upstream),
      enabled: isEnabled,
    });
    return new Link(this, name, listen);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await ended;
    }
    this.#watchdog.forget(this.#process.pid ?? 0);
  }

  async request(method: string, path: string, body?: object): Promise<void> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await response.text();
    if (!response.ok) throw new DatabaseRigError(`cannot ${method} ${path} of toxiproxy: ${answer}`);
  }

  async #isReady(): Promise<boolean> {
    return fetch(`${this.#url}/version`).then(
      (response) => response.ok,
      () => false,
    );
  }
}

/** One proxy. */
export class Link implements Address {
  readonly address: string;
  readonly port: number;
  readonly name: string;
  readonly #proxies: Toxiproxy;
  #toxics: string[] = [];

  constructor(proxies: Toxiproxy, name: string, { address, port }: Address) {
    this.#proxies = proxies;
    this.name = name;
    this.address = address;
    this.port = port;
  }

  /** Connections are ended, and new ones refused. */
  cut(): Promise<void> {
    return this.#proxies.request('POST', `/proxies/${this.name}`, { enabled: false });
  }

  heal(): Promise<void> {
    return this.#proxies.request('POST', `/proxies/${this.name}`, { enabled: true });
  }

  /** Replaces what it did to the traffic before. */
  async become({ latency, jitter = 0, bandwidth }: LinkQuality): Promise<void> {
    for (const toxic of this.#toxics.splice(0)) {
      await this.#proxies.request('DELETE', `/proxies/${this.name}/toxics/${toxic}`);
    }
    const add = async (name: string, type: string, stream: string, attributes: object): Promise<void> => {
      this.#toxics.push(name);
      await this.#proxies.request('POST', `/proxies/${this.name}/toxics`, { name, type, stream, attributes });
    };
    if (latency !== undefined) {
      for (const stream of ['upstream', 'downstream']) {
        await add(`latency-${stream}`, 'latency', stream, { latency, jitter });
      }
    }
    if (bandwidth !== undefined) await add('bandwidth', 'bandwidth', 'downstream', { rate: bandwidth });
  }
}
