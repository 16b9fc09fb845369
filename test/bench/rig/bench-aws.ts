import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Watchdog } from '../../control-plane/watchdog.ts';
import type { AwsCommands, AwsReady, AwsReply, AwsRequest } from './aws-commands.ts';

const program = fileURLToPath(new URL('aws-process.ts', import.meta.url));

type Answer<K extends keyof AwsCommands> = Awaited<ReturnType<AwsCommands[K]>>;

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** The local AWS in a process of its own, seen from the harness. */
export class BenchAws implements AsyncDisposable {
  readonly endpoints: Readonly<Record<string, string>>;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #child: ChildProcess;
  readonly #watchdog: Watchdog;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  private constructor(child: ChildProcess, watchdog: Watchdog, { endpoints, environment }: AwsReady) {
    this.#child = child;
    this.#watchdog = watchdog;
    this.endpoints = endpoints;
    this.#environment = environment;
    child.on('message', (reply: AwsReply) => this.#take(reply));
    child.on('exit', (code, signal) => {
      const error = new Error(`cannot ask the local AWS: its process ended (${signal ?? code})`);
      for (const { reject } of this.#pending.values()) reject(error);
      this.#pending.clear();
    });
  }

  static async start(watchdog: Watchdog): Promise<BenchAws> {
    const child = fork(program, [], { serialization: 'advanced', execArgv: [] });
    if (child.pid !== undefined) watchdog.watch(child.pid);
    const [ready] = (await once(child, 'message')) as [AwsReady];
    return new BenchAws(child, watchdog, ready);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** For a process that is to use this AWS under an access key of its own. */
  environmentOf(accessKeyId: string): Readonly<Record<string, string>> {
    return { ...this.#environment, AWS_ACCESS_KEY_ID: accessKeyId };
  }

  /** Has the local AWS carry out one of its commands. */
  ask<K extends keyof AwsCommands>(command: K, ...parameters: Parameters<AwsCommands[K]>): Promise<Answer<K>> {
    this.#lastId += 1;
    const request: AwsRequest = { id: this.#lastId, command, parameters };
    return new Promise<Answer<K>>((resolve, reject) => {
      this.#pending.set(request.id, { resolve, reject });
      this.#child.send(request);
    });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    this.#watchdog.forget(this.pid);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #take({ id, result, error }: AwsReply): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(result as never);
    else pending?.reject(new Error(error));
  }
}
