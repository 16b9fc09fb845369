import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { formatDuration } from '../../../operator/api/v1alpha1/duration.ts';
import { PeerProcess } from './peer-process.ts';
import { defaultLease, defaultPeerOptions, type Peer, type PeerLease, type PeerOptions } from './peer.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Node keeps what it compiled here: half of an operator's start is compilation, which an image has behind it. */
const compileCache = { NODE_COMPILE_CACHE: join(tmpdir(), 'aurora-dr-bench-compile-cache') };

/** This repository's operator, from its sources. */
export const operator: Peer = {
  name: 'operator',
  scope: 'everything that the policies ask for',
  async prepare() {
    // Operators that are killed would never keep what they compiled.
    const env = { ...process.env, NODE_OPTIONS: '', ...compileCache };
    await promisify(execFile)(process.execPath, ['operator/main.ts', '--version'], { cwd: root, env });
  },
  start(options) {
    const { environment, variables, watchdog, lease } = options;
    return PeerProcess.start({
      command: process.execPath,
      args: ['operator/main.ts', ...operatorFlags(options)],
      environment: { ...environment, ...compileCache, ...variables },
      watchdog,
      hasLease: lease !== undefined,
      onLine: options.onLine,
    });
  },
};

/** The operator's command line for these options. */
export function operatorFlags(options: PeerOptions): readonly string[] {
  const { workers, readsPerSecond, metricPeriodMilliseconds } = { ...defaultPeerOptions, ...options };
  return [
    ...['--kubeconfig', options.kubeconfig],
    ...['--bind-address', '127.0.0.1'],
    ...['--metrics-port', '0'],
    ...['--health-port', '0'],
    ...['--workers', String(workers)],
    ...['--reads-per-second', String(readsPerSecond)],
    ...['--metric-period', formatDuration(metricPeriodMilliseconds)],
    ...Object.entries(options.awsEndpoints).flatMap(([region, url]) => ['--aws-endpoint', `${region}=${url}`]),
    ...(options.namespace === undefined ? [] : ['--namespace', options.namespace]),
    ...(options.lease === undefined ? [] : leaseFlags(options.lease)),
    ...(options.flags ?? []),
  ];
}

function leaseFlags(lease: PeerLease): readonly string[] {
  const { leaseDurationMilliseconds, renewDeadlineMilliseconds, retryPeriodMilliseconds } = {
    ...defaultLease,
    ...lease,
  };
  return [
    '--leader-elect',
    ...['--leader-election-namespace', lease.namespace],
    ...['--lease-duration', formatDuration(leaseDurationMilliseconds)],
    ...['--renew-deadline', formatDuration(renewDeadlineMilliseconds)],
    ...['--retry-period', formatDuration(retryPeriodMilliseconds)],
  ];
}
