import { FINALIZER } from '../api/v1alpha1/annotations.ts';
import type { DisasterRecoveryPolicy } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { keyOf } from '../runtime/resource.ts';

/** The account in an ARN of IAM or RDS. */
function accountIn(arn: string | undefined): string | undefined {
  const account = arn?.split(':')[4];
  return account === '' ? undefined : account;
}

/** The account of a policy's clusters: as AWS showed it, else that of the role; undefined for the operator's own. */
function accountOf({ spec, status }: DisasterRecoveryPolicy): string | undefined {
  const clusterArn = status?.regions?.find((region) => region.clusterArn !== undefined)?.clusterArn;
  return accountIn(clusterArn) ?? accountIn(spec.aws?.roleArn);
}

/** Deleted, and held only by what others added to it: it is not worked on any more, for however long it stays. */
function isReleased({ metadata }: DisasterRecoveryPolicy): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(FINALIZER) !== true;
}

/** What decides, beside its identifier, whether it has a cluster, and which. */
function meaningOf(policy: DisasterRecoveryPolicy | undefined): string {
  return JSON.stringify(policy && [isReleased(policy), accountOf(policy), policy.spec.aws?.roleArn]);
}

/** Whether two policies of one identifier mean one cluster, as far as is known: equal names live in other accounts too. */
function isSameCluster(one: DisasterRecoveryPolicy, other: DisasterRecoveryPolicy): boolean {
  const [account, otherAccount] = [accountOf(one), accountOf(other)];
  return account === undefined || otherAccount === undefined
    ? one.spec.aws?.roleArn === other.spec.aws?.roleArn
    : account === otherAccount;
}

/** When it was created; equal times, which have whole seconds, are told apart by name. */
function isOlder(one: DisasterRecoveryPolicy, other: DisasterRecoveryPolicy): boolean {
  const born = ({ metadata }: DisasterRecoveryPolicy): number => Date.parse(metadata.creationTimestamp);
  return born(one) === born(other) ? keyOf(one) < keyOf(other) : born(one) < born(other);
}

/**
 * Which policies name which global cluster. Two that acted on one cluster would undo each other's work, so only the oldest
 * does; the API server cannot refuse the second one, because a rule of it sees one object alone.
 */
export class ClusterClaims {
  readonly #policies = new Map<string, Map<string, DisasterRecoveryPolicy>>();

  /** Takes one change of the watch cache: what a policy was and what it is now; absent is not there. */
  note(before: DisasterRecoveryPolicy | undefined, now: DisasterRecoveryPolicy | undefined): void {
    if (before !== undefined) {
      this.#ofCluster(before)?.delete(keyOf(before));
    }
    if (now !== undefined) {
      const { globalClusterIdentifier } = now.spec;
      const known = this.#policies.get(globalClusterIdentifier) ?? new Map<string, DisasterRecoveryPolicy>();
      this.#policies.set(globalClusterIdentifier, known.set(keyOf(now), now));
    } else if (before !== undefined && this.#ofCluster(before)?.size === 0) {
      this.#policies.delete(before.spec.globalClusterIdentifier);
    }
  }

  /** The policy that the cluster is left to; undefined when that is the given one. */
  holderOf(policy: DisasterRecoveryPolicy): DisasterRecoveryPolicy | undefined {
    const older = this.#rivalsOf(policy).filter((rival) => !isReleased(rival) && isOlder(rival, policy));
    return older.toSorted((one, other) => (isOlder(one, other) ? -1 : 1))[0];
  }

  /**
   * The keys of all other policies whose cluster a change that was noted may leave to another one: a policy of the same
   * cluster came, went, was released, or is of another account by now. Who left its cluster to it would not hear of that otherwise.
   */
  concernedBy(before: DisasterRecoveryPolicy | undefined, now: DisasterRecoveryPolicy | undefined): string[] {
    const states = [before, now].filter((state) => state !== undefined);
    const isSame = states.length === 2 && states.every((state) => meaningOf(state) === meaningOf(states[0]));
    return isSame ? [] : [...new Set(states.flatMap((state) => this.#rivalsOf(state).map((rival) => keyOf(rival))))];
  }

  #rivalsOf(policy: DisasterRecoveryPolicy): DisasterRecoveryPolicy[] {
    const key = keyOf(policy);
    return [...(this.#ofCluster(policy) ?? [])].flatMap(([other, rival]) =>
      other !== key && isSameCluster(policy, rival) ? [rival] : [],
    );
  }

  #ofCluster({ spec }: DisasterRecoveryPolicy): Map<string, DisasterRecoveryPolicy> | undefined {
    return this.#policies.get(spec.globalClusterIdentifier);
  }
}
