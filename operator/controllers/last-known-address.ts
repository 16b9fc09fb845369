import type { DisasterRecoveryPolicy } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Assessment } from '../failover/assess.ts';

/** Where a region's cluster accepts connections. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The address of a region's cluster: as its region says now, else as status remembers it; undefined when nobody knows. */
export function lastKnownAddress(
  policy: DisasterRecoveryPolicy,
  assessment: Assessment | undefined,
  region: string,
): Address | undefined {
  const seen = assessment?.regions.find((candidate) => candidate.region === region);
  const before = policy.status?.regions?.find((candidate) => candidate.name === region);
  const { endpoint: host, port } = seen?.endpoint === undefined ? (before ?? {}) : seen;
  return host === undefined || port === undefined ? undefined : { host, port };
}
