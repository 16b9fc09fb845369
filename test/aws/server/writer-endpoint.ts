import { createServer } from 'node:net';
import type { DbCluster } from '../world/model.ts';
import { isServing } from '../world/serving.ts';
import type { World } from '../world/world.ts';
import { LoopbackListener, reset } from './loopback-listener.ts';
import type { ListenerState } from './loopback-listener.ts';

/** How an unreachable region looks from outside: connections refused, or packets swallowed. */
export type OutageMode = 'refuse' | 'blackhole';

/** A TCP listener that plays a cluster's writer endpoint. */
export class WriterEndpoint {
  readonly listener: LoopbackListener;
  readonly cluster: DbCluster;
  private readonly world: World;

  constructor(world: World, cluster: DbCluster) {
    this.world = world;
    this.cluster = cluster;
    this.listener = new LoopbackListener(cluster.address, () =>
      createServer((socket) => {
        if (cluster.endpointMode === 'reset') {
          reset(socket);
        } else {
          socket.resume();
        }
      }),
    );
  }

  /** Brings the listener to where the truth, or the mode that was set, wants it. */
  follow(outageMode: OutageMode): Promise<void> {
    return this.listener.become(this.wantedState(outageMode));
  }

  private wantedState(outageMode: OutageMode): ListenerState {
    if (!this.world.isReachable(this.cluster.region)) {
      return outageMode === 'refuse' ? 'refuse' : 'hang';
    }
    switch (this.cluster.endpointMode) {
      case 'auto':
        return isServing(this.world, this.cluster) ? 'accept' : 'refuse';
      case 'refuse':
      case 'hang':
        return this.cluster.endpointMode;
      case 'accept':
      case 'silent':
      case 'reset':
        return 'accept';
    }
  }
}
