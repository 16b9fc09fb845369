import { invalidParameterValue, rdsFaults } from '../aws-error.ts';
import type { ClusterSnapshot, Tag } from '../model.ts';
import { addSnapshot, copySnapshot, snapshotsAt } from '../snapshots.ts';
import type { Action, Input, Output } from './action.ts';
import { filters, optionalBoolean, optionalString, requiredString, structures } from './input.ts';
import { page } from './page.ts';

/** 1 to 255 letters, digits and hyphens, a letter first, no hyphen last nor two in a row (RDS API reference). */
const manualIdentifier = /^(?=.{1,255}$)[a-z](-?[a-z0-9])*$/i;

export const describeDbClusterSnapshots: Action = ({ world, caller, region, readAt }, input) => {
  const snapshotIdentifier = optionalString(input, 'DBClusterSnapshotIdentifier');
  const clusterIdentifier = optionalString(input, 'DBClusterIdentifier')?.toLowerCase();
  const type = optionalString(input, 'SnapshotType');
  const byFilter = filters(input, ['db-cluster-id', 'db-cluster-snapshot-id', 'snapshot-type', 'engine']);
  const found = snapshotsAt(world, caller.accountId, region, readAt).filter(
    (each) =>
      (snapshotIdentifier === undefined || isNamed(each, snapshotIdentifier)) &&
      (clusterIdentifier === undefined || each.clusterIdentifier === clusterIdentifier) &&
      (type === undefined || each.snapshotType === type) &&
      byFilter.get('db-cluster-id')?.includes(each.clusterIdentifier) !== false &&
      byFilter.get('db-cluster-snapshot-id')?.includes(each.identifier) !== false &&
      byFilter.get('snapshot-type')?.includes(each.snapshotType) !== false &&
      byFilter.get('engine')?.includes(each.engine) !== false,
  );
  if (snapshotIdentifier !== undefined && found.length === 0) {
    throw rdsFaults.snapshotNotFound(snapshotIdentifier);
  }
  const { items, marker } = page(input, found);
  return { Marker: marker, DBClusterSnapshots: items.map(snapshotOutput) };
};

export const createDbClusterSnapshot: Action = ({ world, caller, region, now }, input) => {
  const identifier = requiredIdentifier(input, 'DBClusterSnapshotIdentifier');
  const cluster = world.findCluster(region, requiredString(input, 'DBClusterIdentifier'), caller.accountId);
  const wish = { identifier, snapshotType: 'manual', at: now, duration: 0, tags: tagsOf(input) } as const;
  return { DBClusterSnapshot: snapshotOutput(addSnapshot(world, cluster, wish)) };
};

export const copyDbClusterSnapshot: Action = ({ world, caller, region, now }, input) => {
  const sourceName = requiredString(input, 'SourceDBClusterSnapshotIdentifier');
  const identifier = requiredIdentifier(input, 'TargetDBClusterSnapshotIdentifier');
  const source = snapshotsAt(world, caller.accountId, region, now).find((each) => isNamed(each, sourceName));
  if (source === undefined) {
    throw rdsFaults.snapshotNotFound(sourceName);
  }
  const tags = tagsOf(input);
  const areSourceTagsWanted = optionalBoolean(input, 'CopyTags') === true && tags.length === 0;
  const copy = copySnapshot(world, source, {
    identifier,
    at: now,
    kmsKeyId: optionalString(input, 'KmsKeyId'),
    tags: areSourceTagsWanted ? source.tags : tags,
  });
  return { DBClusterSnapshot: snapshotOutput(copy) };
};

function requiredIdentifier(input: Input, name: string): string {
  const identifier = requiredString(input, name).toLowerCase();
  if (!manualIdentifier.test(identifier)) {
    throw invalidParameterValue(`The parameter ${name} is not a valid identifier: ${identifier}`);
  }
  return identifier;
}

function tagsOf(input: Input): Tag[] {
  return structures(input, 'Tags').map((tag) => ({
    key: requiredString(tag, 'Key'),
    value: optionalString(tag, 'Value') ?? '',
  }));
}

function isNamed({ identifier, arn }: ClusterSnapshot, value: string): boolean {
  return identifier === value.toLowerCase() || arn === value;
}

function snapshotOutput(snapshot: ClusterSnapshot): Output {
  const isComplete = snapshot.status === 'available';
  return {
    DBClusterSnapshotIdentifier: snapshot.identifier,
    DBClusterSnapshotArn: snapshot.arn,
    DBClusterIdentifier: snapshot.clusterIdentifier,
    SnapshotCreateTime: new Date(snapshot.createdAt),
    SnapshotType: snapshot.snapshotType,
    Status: snapshot.status,
    PercentProgress: isComplete ? 100 : 0,
    Engine: snapshot.engine,
    EngineVersion: snapshot.engineVersion,
    StorageEncrypted: true,
    KmsKeyId: snapshot.kmsKeyId,
    SourceDBClusterSnapshotArn: snapshot.sourceArn,
    TagList: snapshot.tags.map(({ key, value }) => ({ Key: key, Value: value })),
  };
}
