import type { DisasterRecoveryPolicy } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { defined } from '../failover/defined.ts';
import type { Settings } from '../failover/settings.ts';
import type { ObservationTarget, TargetEndpoint } from '../observation/observation-target.ts';
import type { DatabaseLogin } from '../observation/probes.ts';
import { keyOf } from '../runtime/resource.ts';
import { lastKnownAddress } from './last-known-address.ts';
import type { PolicySession } from './policy-session.ts';

/** The regions whose writer endpoint matters now: the primary's, and during a role change the target's. */
function probedRegions({ status }: DisasterRecoveryPolicy): readonly string[] {
  const regions = [status?.operation?.to, status?.primaryRegion].filter((region) => region !== undefined);
  return [...new Set(regions)];
}

interface LoginSpec {
  readonly secretRef?: { readonly name: string };
  readonly tls?: { readonly caSecretRef?: { readonly name: string } };
}

/** Secrets are of the policy's own namespace: nobody reads another's through a policy. */
function loginOf({ metadata }: DisasterRecoveryPolicy, { secretRef, tls }: LoginSpec): DatabaseLogin {
  const { namespace } = metadata;
  return defined({ namespace, secret: secretRef?.name ?? '', caSecret: tls?.caSecretRef?.name });
}

function endpointsOf(policy: DisasterRecoveryPolicy, session: PolicySession): readonly TargetEndpoint[] {
  const signal = policy.spec.detection.signals.endpoint;
  if (signal === undefined) {
    return [];
  }
  const isMysql = signal.type === 'MySQL';
  const login = isMysql ? loginOf(policy, signal) : undefined;
  // A failover leaves the old primary: nothing is written there any more.
  const writer = policy.status?.operation?.to ?? policy.status?.primaryRegion;
  return probedRegions(policy).flatMap((region) => {
    const address = lastKnownAddress(policy, session.assessment, region);
    // Who only observes changes nothing, not even that row: the policy's owner writes it.
    const heartbeat = isMysql && region === writer && !session.isObserving ? signal.writeProbe : undefined;
    return address === undefined
      ? []
      : [defined({ region, host: address.host, port: signal.port ?? address.port, login, heartbeat })];
  });
}

/** What is to be observed for a policy as it is now: at its own pace, and faster while an operation is in flight. */
export function observationTargetOf(
  policy: DisasterRecoveryPolicy,
  settings: Settings,
  session: PolicySession,
  followIntervalMilliseconds: number,
): ObservationTarget {
  const isFollowing = policy.status?.operation !== undefined;
  const interval = settings.intervalMilliseconds;
  const pace = isFollowing ? Math.min(followIntervalMilliseconds, interval) : interval;
  const { http, replication } = policy.spec.detection.signals;
  const url = http?.url;
  return defined({
    key: keyOf(policy),
    account: policy.spec.aws ?? {},
    // Whose loss is confirmed first has its call first, while there is room in the rate.
    priority: policy.spec.failover.priority,
    globalClusterIdentifier: settings.globalClusterIdentifier,
    regions: settings.regions.map(({ name, clusterIdentifier }) => ({ name, clusterIdentifier })),
    intervalMilliseconds: pace,
    // A round must be over before the next begins; the lost region would otherwise hold every round of the follow-up.
    timeoutMilliseconds: isFollowing
      ? Math.min(settings.timeoutMilliseconds, pace * 0.9)
      : settings.timeoutMilliseconds,
    endpoints: endpointsOf(policy, session),
    witness: url === undefined ? undefined : { url },
    // The estimate of a loss needs the lag, whether or not replication is listed as a signal.
    isReplicationWatched: true,
    lagLogin: replication?.source === 'SQL' ? loginOf(policy, replication) : undefined,
    isUnderSuspicion: session.memory.incident !== undefined || isFollowing,
  });
}
