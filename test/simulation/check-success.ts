import type { HistoryEntry, OperationStatus } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { RoleChange } from '../aws/world/model.ts';
import type { World } from '../aws/world/world.ts';
import { ACCOUNT } from './policy-of.ts';
import type { Accuse } from './violation.ts';

export interface SuccessProps {
  readonly world: World;
  /** The identifier of the policy's global cluster. */
  readonly globalCluster: string;
  /** What AWS began on the word of an operation. */
  readonly roleChangesOf: (id: string) => readonly RoleChange[];
  /** AWS may answer what was so a while ago, more than once: who sees a writer that was has to take it for one that is. */
  readonly isStale: boolean;
  readonly accuse: Accuse;
}

/** What was so at moments in the course of an operation. */
interface Followed {
  readonly registeredAt: number;
  /** Whether its old primary was a connected secondary, perhaps again, when its target was first told to be the writer. */
  isConnected?: boolean;
}

/** Holds every success that history claims against what AWS has done: a role change that completed, told of once. */
export class SuccessChecks {
  readonly #props: SuccessProps;
  /** By role change: the entry that tells of it. */
  readonly #told = new Map<RoleChange, string>();
  readonly #followed = new Map<string, Followed>();

  constructor(props: SuccessProps) {
    this.#props = props;
  }

  /** An operator has written down how far an operation is. */
  onOperation({ id, from, promotedAt }: Pick<OperationStatus, 'id' | 'from' | 'promotedAt'>): void {
    const followed: Followed = this.#followed.get(id) ?? { registeredAt: this.#props.world.settle() };
    this.#followed.set(id, followed);
    if (promotedAt !== undefined) followed.isConnected ??= this.#isConnected(from);
  }

  /** History went from one to the other by an operator's write. */
  onHistory(was: readonly HistoryEntry[], is: readonly HistoryEntry[]): void {
    if (was === is) return;
    const known = new Map(was.map(({ id, outcome }) => [id, outcome]));
    for (const entry of is) {
      const { id, type, outcome } = entry;
      if (type !== 'Simulation' && outcome === 'Succeeded' && known.get(id) !== outcome) this.#checkSuccess(entry);
    }
  }

  /** The policy itself is gone: the next one may be told of the same anew. */
  forget(): void {
    this.#told.clear();
    this.#followed.clear();
  }

  #isConnected(region: string): boolean {
    const { world, globalCluster } = this.#props;
    world.settle();
    const members = world.globalClusters.get(`${ACCOUNT}/${globalCluster}`)?.members ?? [];
    return members.some(
      ({ clusterArn, isWriter, synchronizationStatus }) =>
        !isWriter && world.cluster(clusterArn).region === region && synchronizationStatus === 'connected',
    );
  }

  #checkSuccess({ id, type, to, trigger, reason }: HistoryEntry): void {
    const { world, globalCluster, roleChangesOf, isStale, accuse } = this.#props;
    world.settle();
    const own = roleChangesOf(id).find(({ phase }) => phase === 'completed');
    // What somebody else had moved there before AWS took the operation's own call is a success as well; but no failover is
    // that of a switchover, as what it lost would go untold. Of what was never seen in flight only a guess tells the kind:
    // that the old primary is synchronized anew. Once that is over, nothing does.
    const { registeredAt = Infinity, isConnected = false } = this.#followed.get(id) ?? {};
    const isOfKind = ({ kind, promotedAt = -Infinity }: RoleChange): boolean =>
      reason === 'External' ||
      type === 'Failover' ||
      kind === 'switchover' ||
      (isConnected && promotedAt >= registeredAt);
    const foreign = world.operations.findLast(
      (roleChange) =>
        roleChange.phase === 'completed' &&
        isOfKind(roleChange) &&
        roleChange.globalClusterIdentifier === globalCluster &&
        world.cluster(roleChange.toArn).region === to &&
        (this.#told.get(roleChange) ?? id) === id,
    );
    const roleChange = own ?? foreign;
    if (roleChange !== undefined) this.#told.set(roleChange, id);
    else if (!isStale || trigger !== 'External')
      accuse('truth', `${id} (${trigger}) is called a success, and AWS has completed no other role change to ${to}`);
  }
}
