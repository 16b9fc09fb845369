import type { RoleChange } from './model.ts';

/** What a role change lost, as the world knows it and no client can. */
export interface DataLoss {
  /** Writes up to this time had arrived at the new primary. */
  readonly replicatedTo: number;
  /** The old primary's last write; undefined while it still takes some. */
  readonly lastWriteAt: number | undefined;
  /** Milliseconds of writes that are lost; undefined while the old primary still takes some. */
  readonly milliseconds: number | undefined;
}

export function dataLoss({ replicatedTo, lastWriteAt, id }: RoleChange): DataLoss {
  if (replicatedTo === undefined) {
    throw new Error(`cannot tell what ${id} lost: it did not cut replication`);
  }
  return {
    replicatedTo,
    lastWriteAt,
    milliseconds: lastWriteAt === undefined ? undefined : Math.max(0, lastWriteAt - replicatedTo),
  };
}
