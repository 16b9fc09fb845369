import { snapshotArn } from './arn.ts';
import { rdsFaults } from './aws-error.ts';
import type { ClusterSnapshot, DbCluster, Tag } from './model.ts';
import type { World } from './world.ts';

export interface NewSnapshot {
  readonly identifier: string;
  readonly snapshotType: ClusterSnapshot['snapshotType'];
  readonly at: number;
  /** Until it is complete, milliseconds. */
  readonly duration: number;
  readonly tags?: readonly Tag[];
}

export interface SnapshotCopy {
  readonly identifier: string;
  readonly at: number;
  /** What the caller asks for instead of the source's key. */
  readonly kmsKeyId: string | undefined;
  readonly tags: readonly Tag[];
}

/** Begins a snapshot of a cluster; throws the fault that AWS would answer. */
export function addSnapshot(world: World, cluster: DbCluster, wish: NewSnapshot): ClusterSnapshot {
  const { accountId, region, engine, engineVersion } = cluster;
  const { identifier, snapshotType, at } = wish;
  if (snapshotType === 'manual') {
    assertRoom(world, cluster, identifier);
  }
  return begin(world, at + wish.duration, {
    accountId,
    region,
    identifier,
    arn: snapshotArn(region, accountId, identifier),
    clusterArn: cluster.arn,
    clusterIdentifier: cluster.identifier,
    engine,
    engineVersion,
    createdAt: at,
    snapshotType,
    status: 'creating',
    kmsKeyId: `arn:aws:kms:${region}:${accountId}:key/of-${cluster.identifier}`,
    tags: wish.tags ?? [{ key: 'cluster', value: cluster.identifier }],
    sourceArn: undefined,
    expiresAt: snapshotType === 'automated' ? at + world.settings.snapshotRetention : undefined,
  });
}

/** Begins a copy in the same region; throws the fault that AWS would answer. */
export function copySnapshot(world: World, source: ClusterSnapshot, copy: SnapshotCopy): ClusterSnapshot {
  const { identifier, at, kmsKeyId = source.kmsKeyId, tags } = copy;
  assertRoom(world, source, identifier);
  if (source.status !== 'available') {
    throw rdsFaults.invalidSnapshotState(`Cannot copy ${source.identifier}: it is in state ${source.status}.`);
  }
  return begin(world, at + world.settings.snapshotCopyDuration, {
    ...source,
    identifier,
    arn: snapshotArn(source.region, source.accountId, identifier),
    snapshotType: 'manual',
    status: 'copying',
    kmsKeyId,
    tags,
    sourceArn: source.arn,
    expiresAt: undefined,
  });
}

/** The snapshots of an account in a region that exist at `at`. */
export function snapshotsAt(world: World, accountId: string, region: string, at: number): ClusterSnapshot[] {
  return world.snapshots.filter(
    (each) =>
      each.accountId === accountId &&
      each.region === region &&
      each.createdAt <= at &&
      at < (each.expiresAt ?? Infinity),
  );
}

function begin(world: World, completeAt: number, snapshot: ClusterSnapshot): ClusterSnapshot {
  world.snapshots.push(snapshot);
  world.agenda.add(completeAt, () => {
    snapshot.status = 'available';
  });
  return snapshot;
}

function assertRoom(
  world: World,
  { accountId, region }: { readonly accountId: string; readonly region: string },
  identifier: string,
): void {
  const known = snapshotsAt(world, accountId, region, world.clock.now());
  if (known.some((each) => each.identifier === identifier)) {
    throw rdsFaults.snapshotExists(identifier);
  }
  if (known.filter(({ snapshotType }) => snapshotType === 'manual').length >= world.settings.snapshotQuota) {
    throw rdsFaults.snapshotQuotaExceeded();
  }
}
