import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PeerProcess } from './peer-process.ts';
import type { Peer } from './peer.ts';

const compileCache = { NODE_COMPILE_CACHE: join(tmpdir(), 'aurora-dr-bench-compile-cache') };

/** A bare informer of @kubernetes/client-node: the floor in memory, in start, and from an annotation to the request. */
export const informer: Peer = {
  name: 'informer',
  scope: 'a cache, and one request for each forced failover; no observation, no status, no lease',
  isWatchOnly: true,
  async prepare() {
    // Nothing to build.
  },
  start(options) {
    const { kubeconfig, namespace, awsEndpoints, environment, variables, watchdog, flags = [] } = options;
    return PeerProcess.start({
      command: process.execPath,
      args: [
        'test/bench/peers/informer/main.ts',
        ...['--kubeconfig', kubeconfig],
        ...(namespace === undefined ? [] : ['--namespace', namespace]),
        ...Object.entries(awsEndpoints).flatMap(([region, url]) => ['--aws-endpoint', `${region}=${url}`]),
        ...flags,
      ],
      environment: { ...environment, ...compileCache, ...variables },
      watchdog,
      hasLease: false,
      onLine: options.onLine,
    });
  },
};
