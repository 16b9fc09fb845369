import type { OldPrimaryState } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Assessment } from '../failover/assess.ts';
import type { GlobalClusterMemberView, GlobalClusterView, RegionObservation } from '../failover/observation.ts';
import type { SplitBrain } from '../failover/operation.ts';
import { regionSettings, type Settings } from '../failover/settings.ts';
import { parseClusterArn } from '../failover/topology.ts';

/** What became of an old primary: the states that are reported while it is outstanding, and how that ends. */
export type OldPrimaryFinding = OldPrimaryState | 'Connected' | 'Deleted' | 'NotInPolicy';

export interface OldPrimaryQuestion {
  readonly splitBrain: SplitBrain;
  readonly assessment: Assessment;
  readonly settings: Settings;
  /** The present writer's region. */
  readonly primaryRegion: string | undefined;
}

/** How one region's RDS describes the old primary's membership. */
function memberIn(
  view: GlobalClusterView,
  { region, clusterIdentifier }: SplitBrain,
): GlobalClusterMemberView | undefined {
  return view.members.find(({ clusterArn }) => {
    const name = parseClusterArn(clusterArn);
    return name?.region === region && name.identifier === clusterIdentifier;
  });
}

/**
 * What one round shows of the old primary. Only its own region's word counts for its return: other regions call it
 * `pending-resync` from the failover on, while it is still lost.
 */
export function findOldPrimary({
  splitBrain,
  assessment,
  settings,
  primaryRegion,
}: OldPrimaryQuestion): OldPrimaryFinding {
  const configured = regionSettings(settings, splitBrain.region);
  if (configured?.clusterIdentifier !== splitBrain.clusterIdentifier) {
    return 'NotInPolicy';
  }
  const { regions } = assessment.round;
  const own = regions[splitBrain.region];
  if (own?.globalCluster === undefined) {
    return 'NotObserved';
  }
  const member = memberIn(own.globalCluster, splitBrain);
  if (member !== undefined) {
    return memberFinding(member, own.cluster?.status);
  }
  const writersView = primaryRegion === undefined ? undefined : regions[primaryRegion]?.globalCluster;
  return absenceFinding(splitBrain, own, writersView);
}

/** Gone from the global cluster: the new primary's region has to say the same, and its own region whether it exists. */
function absenceFinding(
  splitBrain: SplitBrain,
  own: RegionObservation,
  writersView: GlobalClusterView | undefined,
): OldPrimaryFinding {
  const isSeenOutside = writersView !== undefined && memberIn(writersView, splitBrain) === undefined;
  if (!isSeenOutside || own.clusters.kind !== 'answered') {
    return 'NotObserved';
  }
  return own.cluster === undefined ? 'Deleted' : 'Detached';
}

function memberFinding(
  { isWriter, synchronizationStatus }: GlobalClusterMemberView,
  status: string | undefined,
): OldPrimaryFinding {
  if (isWriter) {
    return 'StillWriter';
  }
  return synchronizationStatus === 'connected' && status === 'available' ? 'Connected' : 'Resynchronizing';
}
