import { once } from 'node:events';
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** How long a connection attempt may take before the hole counts as full. */
const fullAfter = 150;

/**
 * A port that swallows connection attempts: nothing is refused, nothing is accepted, as when packets are dropped on the way.
 * A worker listens with the shortest backlog and then sleeps; once the backlog is filled, the kernel drops what comes.
 */
export class BlackHole {
  private readonly worker: Worker;
  private readonly wake: Int32Array;
  private readonly filling: Socket[] = [];

  private constructor(worker: Worker, wake: Int32Array) {
    this.worker = worker;
    this.wake = wake;
  }

  static async open(address: string, port: number): Promise<BlackHole> {
    const wake = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(new URL('./black-hole-worker.ts', import.meta.url), {
      workerData: { address, port, wake },
      // Only what type stripping needs: flags of the parent (a test runner's) are not for a worker.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    worker.unref();
    await once(worker, 'message');
    const hole = new BlackHole(worker, wake);
    await hole.fill(address, port);
    return hole;
  }

  async close(): Promise<void> {
    for (const socket of this.filling) {
      socket.destroy();
    }
    const exited = once(this.worker, 'exit');
    Atomics.store(this.wake, 0, 1);
    Atomics.notify(this.wake, 0);
    await exited;
  }

  private async fill(address: string, port: number): Promise<void> {
    for (let isFull = false; !isFull;) {
      const socket = createConnection({ host: address, port });
      socket.on('error', () => undefined);
      socket.unref();
      this.filling.push(socket);
      const timeout = AbortSignal.timeout(fullAfter);
      isFull = await once(socket, 'connect', { signal: timeout }).then(
        () => false,
        () => true,
      );
    }
  }
}
