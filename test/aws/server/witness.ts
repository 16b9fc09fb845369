import { createServer } from 'node:http';
import { isServing } from '../world/serving.ts';
import type { World } from '../world/world.ts';
import { LoopbackListener } from './loopback-listener.ts';

/** What the witness answers: the truth, a fixed status, or nothing. */
export type WitnessMode = 'auto' | 'hang' | 'refuse' | number;

/**
 * A health check from outside both regions: `GET /<global cluster>` answers 200 while the primary serves and 503 when it
 * does not. It sees regions that the operator is cut off from.
 */
export class Witness {
  readonly listener: LoopbackListener;
  mode: WitnessMode = 'auto';
  private readonly world: World;

  constructor(world: World, address: string) {
    this.world = world;
    this.listener = new LoopbackListener(address, () =>
      createServer((request, response) => {
        const identifier = (request.url ?? '/').slice(1).split('?')[0] ?? '';
        const status = this.status(identifier);
        if (status !== undefined) {
          response.statusCode = status;
          response.end(`${status}\n`);
        }
      }),
    );
  }

  /** Opens the listener, or closes it when the mode says so. */
  follow(): Promise<void> {
    return this.listener.become(this.mode === 'refuse' ? 'refuse' : 'accept');
  }

  /** The status for a global cluster, of any account; undefined: no answer. */
  private status(identifier: string): number | undefined {
    if (typeof this.mode === 'number') {
      return this.mode;
    }
    if (this.mode === 'hang') {
      return undefined;
    }
    this.world.settle();
    const wanted = decodeURIComponent(identifier).toLowerCase();
    const all = [...this.world.globalClusters.values()];
    const globalCluster = all.find((each) => wanted === '' || each.identifier === wanted);
    if (globalCluster === undefined) {
      return 404;
    }
    const writer = this.world.writerOf(globalCluster);
    return writer !== undefined && isServing(this.world, writer) && writer.endpointMode !== 'refuse' ? 200 : 503;
  }
}
