import { formatDuration } from '../../../operator/api/v1alpha1/duration.ts';
import { defaultLease, defaultPeerOptions, type PeerLease, type PeerOptions } from './peer.ts';

/**
 * What the operator and the Go controller call alike on their command lines.
 *
 * @param leaseNamespace the flags that ask for an election, up to the namespace of its lease
 */
export function commonFlags(options: PeerOptions, leaseNamespace: readonly string[]): readonly string[] {
  const { workers, readsPerSecond, roleChanges, metricPeriodMilliseconds } = { ...defaultPeerOptions, ...options };
  return [
    ...['--kubeconfig', options.kubeconfig],
    ...['--workers', String(workers)],
    ...['--reads-per-second', String(readsPerSecond)],
    ...['--role-changes-per-second', String(roleChanges.perSecond)],
    ...['--role-changes-burst', String(roleChanges.burst)],
    ...['--metric-period', formatDuration(metricPeriodMilliseconds)],
    ...Object.entries(options.awsEndpoints).flatMap(([region, url]) => ['--aws-endpoint', `${region}=${url}`]),
    ...(options.namespace === undefined ? [] : ['--namespace', options.namespace]),
    ...(options.lease === undefined ? [] : leaseFlags(options.lease, leaseNamespace)),
    ...(options.flags ?? []),
  ];
}

function leaseFlags(lease: PeerLease, leaseNamespace: readonly string[]): readonly string[] {
  const { leaseDurationMilliseconds, renewDeadlineMilliseconds, retryPeriodMilliseconds } = {
    ...defaultLease,
    ...lease,
  };
  return [
    ...[...leaseNamespace, lease.namespace],
    ...['--lease-duration', formatDuration(leaseDurationMilliseconds)],
    ...['--renew-deadline', formatDuration(renewDeadlineMilliseconds)],
    ...['--retry-period', formatDuration(retryPeriodMilliseconds)],
  ];
}
