import { hash } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { KubeClient } from './kube-client.ts';
import { isNotFound } from './kube-errors.ts';
import { LEASES, type Lease } from './lease.ts';
import { microTime } from './micro-time.ts';
import { Pause } from './pause.ts';
import { apiVersionOf } from './resource.ts';

export interface MemberLeaseOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** What the names of all members' leases begin with. */
  readonly prefix: string;
  /** Unique for each run of a process. */
  readonly identity: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** After so long without a renewal others take this member for gone. Whole seconds. */
  readonly leaseDurationMilliseconds: number;
  /** Between two renewals. */
  readonly renewMilliseconds: number;
  /** A renewal failed; it is repeated. */
  readonly onError?: (error: unknown) => void;
}

/** The name of a member's lease: its identity as far as a name can bear it, and something that no other identity has. */
export function memberLeaseName(prefix: string, identity: string): string {
  const readable = identity.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return `${prefix}${readable.slice(0, 150)}-${hash('sha256', identity).slice(0, 8)}`;
}

/**
 * Tells the others that this process is there, and what it has to say, in a Lease of its own. Nothing may depend on it
 * but who is preferred for what.
 */
export class MemberLease {
  readonly #options: MemberLeaseOptions;
  readonly #name: string;
  #annotations: Readonly<Record<string, string>>;
  #isTold = false;
  readonly #pause: Pause;

  constructor(options: MemberLeaseOptions, annotations: Readonly<Record<string, string>>) {
    this.#options = options;
    this.#pause = new Pause(options.clock);
    this.#annotations = annotations;
    this.#name = memberLeaseName(options.prefix, options.identity);
  }

  /** Others can know of this member. */
  get isTold(): boolean {
    return this.#isTold;
  }

  /** Says this from now on; a change is written at once. */
  announce(annotations: Readonly<Record<string, string>>): void {
    if (JSON.stringify(annotations) === JSON.stringify(this.#annotations)) return;
    this.#annotations = annotations;
    this.#pause.wake();
  }

  /** Keeps the lease until the signal aborts, and deletes it then. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const told = this.#annotations;
      try {
        await this.#write(told);
        this.#isTold = true;
      } catch (error) {
        this.#options.onError?.(error);
      }
      if (told === this.#annotations) await this.#pause.wait(this.#options.renewMilliseconds, signal);
    }
    await this.#leave();
  }

  async #write(annotations: Readonly<Record<string, string>>): Promise<void> {
    const { client, namespace, identity, clock, leaseDurationMilliseconds, labels } = this.#options;
    const metadata = { labels: { ...labels }, annotations: { ...annotations } };
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: leaseDurationMilliseconds / 1000,
      renewTime: microTime(clock.now()),
    };
    const reference = { namespace, name: this.#name };
    try {
      await client.mergePatch<Lease>(LEASES, reference, { metadata, spec }, this.#callOptions());
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const lease: Lease = {
        apiVersion: apiVersionOf(LEASES),
        kind: LEASES.kind,
        metadata: { ...reference, ...metadata },
        spec,
      };
      await client.create<Lease>(LEASES, lease, this.#callOptions());
    }
  }

  async #leave(): Promise<void> {
    const { client, namespace } = this.#options;
    try {
      await client.delete(LEASES, { namespace, name: this.#name }, this.#callOptions());
    } catch (error) {
      // It expires by itself.
      if (!isNotFound(error)) this.#options.onError?.(error);
    }
  }

  #callOptions(): { readonly timeoutMilliseconds: number } {
    return { timeoutMilliseconds: this.#options.leaseDurationMilliseconds / 3 };
  }
}
