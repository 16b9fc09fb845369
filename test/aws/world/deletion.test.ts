import { beforeEach, describe, expect, it } from '@jest/globals';
import { addGlobalCluster } from './add-global-cluster.ts';
import type { Answer } from './answer.ts';
import { answer } from './answer.ts';
import { ManualClock } from './clock.ts';
import { World } from './world.ts';

const regions = ['us-east-1', 'us-west-2'];
const globalCluster = { GlobalClusterIdentifier: 'aurora-global-prod' };
const arnOf = (region: string): string => `arn:aws:rds:${region}:123456789012:cluster:aurora-prod`;
const refusal = (code: string): object => ({ kind: 'error', error: { code } });
const done = { kind: 'output' };

let world: World;

const call = (region: string, action: string, input = {}): Answer =>
  answer(world, { region, service: 'rds', action, input });
const removeMember = (region: string): Answer =>
  call(region, 'RemoveFromGlobalCluster', { ...globalCluster, DbClusterIdentifier: arnOf(region) });
const deleteInstance = (region: string): Answer =>
  call(region, 'DeleteDBInstance', { DBInstanceIdentifier: 'aurora-prod-1' });
const deleteCluster = (region: string, input: object = { FinalDBSnapshotIdentifier: 'last' }): Answer =>
  call(region, 'DeleteDBCluster', { DBClusterIdentifier: 'aurora-prod', ...input });

beforeEach(() => {
  world = new World(new ManualClock(Date.parse('2030-01-01T00:00:00Z')), regions);
  addGlobalCluster(world, { regions }, () => '127.0.0.1');
});

describe('taking a global database down', () => {
  it('given the order of the user guide, leaves a snapshot of each cluster and nothing else', () => {
    for (const region of regions.toReversed()) {
      expect(deleteInstance(region)).toMatchObject(done);
      expect(removeMember(region)).toMatchObject(done);
      expect(deleteCluster(region)).toMatchObject(done);
    }
    expect(call('us-east-1', 'DeleteGlobalCluster', globalCluster)).toMatchObject(done);
    expect([world.clusters.size, world.globalClusters.size]).toEqual([0, 0]);
    expect(world.snapshots.map(({ region, identifier }) => [region, identifier])).toEqual([
      ['us-west-2', 'last'],
      ['us-east-1', 'last'],
    ]);
  });

  it('given members, refuses to delete the global cluster, and the primary before its secondaries', () => {
    expect(call('us-east-1', 'DeleteGlobalCluster', globalCluster)).toMatchObject(
      refusal('InvalidGlobalClusterStateFault'),
    );
    expect(removeMember('us-east-1')).toMatchObject(refusal('InvalidGlobalClusterStateFault'));
  });

  it('given a member, or instances, refuses to delete the cluster', () => {
    expect(deleteCluster('us-west-2')).toMatchObject(refusal('InvalidDBClusterStateFault'));
    removeMember('us-west-2');
    expect(deleteCluster('us-west-2')).toMatchObject(refusal('InvalidDBClusterStateFault'));
    deleteInstance('us-west-2');
    expect(deleteCluster('us-west-2')).toMatchObject(done);
  });

  it('given protection, refuses until it is off', () => {
    const identifier = { DBClusterIdentifier: 'aurora-prod' };
    call('us-west-2', 'ModifyDBCluster', { ...identifier, DeletionProtection: true });
    removeMember('us-west-2');
    deleteInstance('us-west-2');
    expect(deleteCluster('us-west-2')).toMatchObject(refusal('InvalidParameterCombination'));
    call('us-west-2', 'ModifyDBCluster', { ...identifier, DeletionProtection: false });
    expect(deleteCluster('us-west-2')).toMatchObject(done);
    call('us-west-2', 'ModifyGlobalCluster', { ...globalCluster, DeletionProtection: true });
    removeMember('us-east-1');
    expect(call('us-east-1', 'DeleteGlobalCluster', globalCluster)).toMatchObject(
      refusal('InvalidGlobalClusterStateFault'),
    );
  });

  it('given neither a snapshot nor the wish for none, refuses', () => {
    removeMember('us-west-2');
    deleteInstance('us-west-2');
    expect(deleteCluster('us-west-2', {})).toMatchObject(refusal('InvalidParameterCombination'));
    expect(deleteCluster('us-west-2', { SkipFinalSnapshot: true })).toMatchObject(done);
    expect(world.snapshots).toEqual([]);
  });

  it('given what is gone, does not find it', () => {
    deleteInstance('us-west-2');
    expect(deleteInstance('us-west-2')).toMatchObject(refusal('DBInstanceNotFound'));
    removeMember('us-west-2');
    expect(removeMember('us-west-2')).toMatchObject(refusal('DBClusterNotFoundFault'));
  });
});
