import { hash } from 'node:crypto';

interface Pair {
  readonly shard: number;
  readonly member: string;
  readonly weight: number;
}

/** How much a member is drawn to a shard: 48 bits that nobody can foresee and everybody computes alike. */
function weightOf(shard: number, member: string): number {
  return Number.parseInt(hash('sha256', JSON.stringify([shard, member])).slice(0, 12), 16);
}

/** Of each shard with each member, those first that are drawn to each other most. */
function pairsOf(shards: number, members: readonly string[]): readonly Pair[] {
  return Array.from({ length: shards }, (_, shard) => shard)
    .flatMap((shard) => members.map((member) => ({ shard, member, weight: weightOf(shard, member) })))
    .toSorted(
      (one, other) => other.weight - one.weight || one.shard - other.shard || (one.member < other.member ? -1 : 1),
    );
}

/**
 * For each shard the members in the order in which they are to own it. Everybody who knows the same members comes to the same
 * orders. Rendezvous hashing (highest random weight: Thaler and Ravishankar, 1998) with a bound: the shards that a member
 * is drawn to most are its own until it has its even part of them, rounded up. When a member comes or goes, little more moves
 * than has to.
 */
export function shardOrders(shards: number, members: Iterable<string>): readonly (readonly string[])[] {
  const all = [...new Set(members)];
  const pairs = pairsOf(shards, all);
  const part = Math.ceil(shards / all.length);
  const owners = new Map<number, string>();
  const parts = new Map<string, number>();
  for (const { shard, member } of pairs) {
    const owned = parts.get(member) ?? 0;
    if (owners.has(shard) || owned >= part) continue;
    owners.set(shard, member);
    parts.set(member, owned + 1);
  }
  const orders = Array.from({ length: shards }, (_, shard) => {
    const owner = owners.get(shard);
    return owner === undefined ? [] : [owner];
  });
  for (const { shard, member } of pairs) {
    if (owners.get(shard) !== member) orders[shard]?.push(member);
  }
  return orders;
}
