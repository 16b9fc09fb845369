import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { BlackHole } from './black-hole.ts';

/** What a connection attempt meets: an answer, a refusal, or silence from the first packet on. */
export type ListenerState = 'accept' | 'refuse' | 'hang';

const listenAttempts = 20;
const listenPause = 50;

/** A listener on one loopback address and port, which keeps both while it is closed and opened again. */
export class LoopbackListener {
  readonly address: string;
  private readonly createServer: () => Server;
  private boundPort: number | undefined;
  private server: Server | undefined;
  private blackHole: BlackHole | undefined;
  private readonly sockets = new Set<Socket>();
  private wanted: ListenerState = 'refuse';
  private work: Promise<void> = Promise.resolve();

  constructor(address: string, createServer: () => Server, port?: number) {
    this.address = address;
    this.createServer = createServer;
    this.boundPort = port;
  }

  /** The port; known once the listener was opened. */
  get port(): number {
    if (this.boundPort === undefined) {
      throw new Error('cannot tell the port: the listener was never opened');
    }
    return this.boundPort;
  }

  get state(): ListenerState {
    return this.wanted;
  }

  /** Goes over to the state; resolves when connection attempts meet it. Changes happen one after the other. */
  become(state: ListenerState): Promise<void> {
    if (state !== this.wanted) {
      this.wanted = state;
      const change = this.work.then(() => this.change(state));
      // Whoever asked sees the failure; later changes are tried all the same.
      this.work = change.catch(() => undefined);
      return change;
    }
    return this.work;
  }

  private async change(state: ListenerState): Promise<void> {
    await this.blackHole?.close();
    this.blackHole = undefined;
    if (state !== 'accept') {
      await this.close();
    }
    if (state === 'hang') {
      this.blackHole = await BlackHole.open(this.address, this.port);
    }
    if (state === 'accept') {
      await this.open();
    }
  }

  private async open(): Promise<void> {
    const server = this.createServer();
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      // A peer that goes away is none of our business.
      socket.on('error', () => undefined);
    });
    await this.listen(server);
    const bound = server.address();
    this.boundPort = typeof bound === 'object' && bound !== null ? bound.port : this.boundPort;
    this.server = server;
  }

  /** A port that was given up for a while may be held for a moment by what is being torn down. */
  private async listen(server: Server): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        server.listen(this.boundPort ?? 0, this.address);
        await once(server, 'listening');
        return;
      } catch (error) {
        if (attempt === listenAttempts) {
          throw new Error(`cannot listen on ${this.address}:${this.boundPort ?? 0}: somebody else does`, {
            cause: error,
          });
        }
        await delay(listenPause);
      }
    }
  }

  private async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) {
      return;
    }
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.sockets) {
      reset(socket);
    }
    await closed;
  }
}

/** Resets a connection; one that is ending already is only dropped: libuv cannot reset it and would keep it for ever. */
export function reset(socket: Socket): void {
  if (socket.writableEnded) {
    socket.destroy();
  } else {
    socket.resetAndDestroy();
  }
}
