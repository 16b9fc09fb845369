import { hash } from 'node:crypto';

/** How much a member is drawn to a shard: 48 bits that nobody can foresee and everybody computes alike. */
function weightOf(shard: string, member: string): number {
  return Number.parseInt(hash('sha256', JSON.stringify([shard, member])).slice(0, 12), 16);
}

/**
 * The members in the order in which they are to own a shard, the first before all others (rendezvous hashing, highest
 * random weight: Thaler and Ravishankar, 1998). Everybody who knows the same members comes to the same order. When a
 * member leaves, only its own shards get another first; when one joins, only shards that become its own do.
 */
export function rendezvousOrder(shard: string, members: Iterable<string>): readonly string[] {
  return [...new Set(members)]
    .map((member) => ({ member, weight: weightOf(shard, member) }))
    .toSorted((one, other) => other.weight - one.weight || (one.member < other.member ? -1 : 1))
    .map(({ member }) => member);
}
