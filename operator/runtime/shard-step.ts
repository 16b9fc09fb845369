/** What a process knows of one shard and of its own place in it. */
export interface ShardView {
  /** This process's place in the order of those who are to own the shard; 0: it is preferred. */
  readonly rank: number;
  /** It holds the shard's lease. */
  readonly isOwner: boolean;
  /** The preferred process says that it has observed for long enough to take over. */
  readonly isSuccessorReady: boolean;
  /** Nothing is under way that is better brought to its end first. */
  readonly isAtRest: boolean;
  /** Somebody else is seen to hold the lease. */
  readonly isHeldByOther: boolean;
  /** For how long the lease is seen to be nobody's, milliseconds. */
  readonly freeMilliseconds: number;
}

/**
 * `keep`: go on owning. `handOver`: end the work and let go of the lease. `campaign`: try to get the lease. `prepare`: the
 * same, and observe until it is given up. `standBy`: leave the shard to others.
 */
export type ShardStep = 'keep' | 'handOver' | 'campaign' | 'prepare' | 'standBy';

/**
 * What to do about a shard. Who is preferred owns it in the end; until it has observed for long enough, whoever has it
 * keeps it. A shard that stays without an owner is taken by the next in the order, so that no wrong idea of who is there
 * leaves it alone.
 *
 * @param graceMilliseconds how long each process in the order waits for the one before it
 */
export function nextShardStep(view: ShardView, graceMilliseconds: number): ShardStep {
  const { rank, isOwner, isSuccessorReady, isAtRest, isHeldByOther, freeMilliseconds } = view;
  if (isOwner) {
    return rank > 0 && isSuccessorReady && isAtRest ? 'handOver' : 'keep';
  }
  if (rank === 0) {
    return isHeldByOther ? 'prepare' : 'campaign';
  }
  return !isHeldByOther && freeMilliseconds >= rank * graceMilliseconds ? 'campaign' : 'standBy';
}
