import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** How long a connection attempt may take before the hole counts as full, in milliseconds. */
const fullAfter = 150;

/**
 * A port that swallows connection attempts: nothing is refused, nothing is accepted, as when packets are dropped on the way.
 * A process of its own listens with the shortest backlog and then sleeps (an event loop would accept); once the backlog is
 * filled, the kernel drops what comes.
 */
export class BlackHole {
  private readonly sleeper: ChildProcess;
  private readonly filling: Socket[] = [];

  private constructor(sleeper: ChildProcess) {
    this.sleeper = sleeper;
  }

  static async open(address: string, port: number): Promise<BlackHole> {
    const script = path.join(import.meta.dirname, 'black-hole-process.ts');
    const sleeper = fork(script, [address, String(port)], {
      // Flags of this process (a test runner's) are not for the sleeper.
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const isListening = await Promise.race([
      once(sleeper, 'message').then(() => true),
      once(sleeper, 'exit').then(() => false),
    ]);
    if (!isListening) {
      throw new Error(`cannot swallow what comes to ${address}:${port}: the listening process ended`);
    }
    sleeper.disconnect();
    sleeper.unref();
    const hole = new BlackHole(sleeper);
    await hole.fill(address, port);
    return hole;
  }

  async close(): Promise<void> {
    for (const socket of this.filling) {
      socket.destroy();
    }
    if (this.sleeper.exitCode === null && this.sleeper.signalCode === null) {
      const exited = once(this.sleeper, 'exit');
      this.sleeper.ref();
      this.sleeper.kill('SIGKILL');
      await exited;
    }
  }

  private async fill(address: string, port: number): Promise<void> {
    for (let isFull = false; !isFull;) {
      const socket = createConnection({ host: address, port });
      socket.on('error', () => undefined);
      this.filling.push(socket);
      isFull = await Promise.race([once(socket, 'connect').then(() => false), delay(fullAfter, true)]);
    }
  }
}
