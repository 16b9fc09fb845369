import type { RegionHealth } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { estimateLoss, lossObjection, newestAtOrBefore, type LossEstimate } from './data-loss.ts';
import { defined } from './defined.ts';
import { hasAnswered } from './direct-signals.ts';
import type { Memory } from './memory.ts';
import type { Attempt, Instant, LagSample, RegionObservation, Round } from './observation.ts';
import type { RegionSettings, Settings } from './settings.ts';
import type { MemberAssessment, Topology } from './topology.ts';

export interface Objection {
  readonly reason: string;
  readonly message: string;
}

/** Everything known about one configured region, as status shows it and the choice of a target uses it. */
export interface RegionAssessment extends MemberAssessment {
  readonly promotion: RegionSettings['promotion'];
  readonly health: RegionHealth;
  readonly endpoint?: string;
  readonly port?: number;
  readonly clusterStatus?: string;
  readonly engineVersion?: string;
  /** Newest lag sample, for display. */
  readonly lag?: LagSample;
  readonly loss?: LossEstimate;
  /** Why AWS would refuse this region as a target right now, or why nobody can tell; undefined for a fit one. */
  readonly unfit?: Objection;
  /** Why automation may not choose it although it is fit: `Never`, unknown lag, too much loss. */
  readonly excluded?: Objection;
}

export interface CandidateQuestion {
  readonly round: Round;
  readonly settings: Settings;
  readonly topology: Topology;
  /** Its lag samples already take in this round's. */
  readonly memory: Memory;
  /** When the loss happened or would happen: the incident's start, or now. */
  readonly lossAt: Instant;
}

/**
 * Aurora MySQL needs the same patch level on both sides for a managed switchover or failover.
 * Source: "Using switchover or failover in an Amazon Aurora global database", Aurora user guide.
 */
function versionObjection(region: string, question: CandidateQuestion): Objection | undefined {
  const { memory, topology } = question;
  const own = memory.engineVersions[region];
  const primary = memory.engineVersions[topology.primaryRegion ?? ''] ?? topology.engineVersion;
  if (own === undefined || primary === undefined) {
    return { reason: 'EngineVersionUnknown', message: 'its engine version cannot be compared with the primary’s' };
  }
  return own === primary
    ? undefined
    : {
        reason: 'EngineVersionDiffers',
        message: `it runs engine ${own}, the primary ${primary}: AWS refuses to promote it`,
      };
}

const reasonOf = (attempt: Attempt): string => (attempt.kind === 'answered' ? '' : `: ${attempt.message}`);

function clusterObjection(region: string, observation: RegionObservation | undefined): Objection | undefined {
  if (observation === undefined || !hasAnswered(observation)) {
    const why = observation === undefined ? '' : reasonOf(observation.clusters);
    return { reason: 'NotObserved', message: `RDS in ${region} did not answer in this round${why}` };
  }
  const { cluster } = observation;
  if (cluster === undefined) {
    return observation.clusters.kind === 'answered'
      ? { reason: 'ClusterNotFound', message: `RDS in ${region} knows no such cluster` }
      : {
          reason: 'NotObserved',
          message: `RDS in ${region} did not describe the cluster in this round${reasonOf(observation.clusters)}`,
        };
  }
  if (cluster.status !== 'available') {
    return { reason: 'NotAvailable', message: `the cluster is "${cluster.status}", not "available"` };
  }
  return cluster.instanceCount > 0
    ? undefined
    : { reason: 'NoInstance', message: 'the cluster has no instance (headless): add one' };
}

function membershipObjection(member: MemberAssessment): Objection | undefined {
  if (member.role === 'Missing') {
    return { reason: 'NotAMember', message: 'the cluster is not a member of the global cluster' };
  }
  return member.synchronizationStatus === 'connected'
    ? undefined
    : {
        reason: 'NotConnected',
        message: `its synchronization status is ${member.synchronizationStatus ?? 'not reported'}, not connected`,
      };
}

function unfitness(member: MemberAssessment, question: CandidateQuestion): Objection | undefined {
  if (member.role === 'Primary') {
    return { reason: 'IsPrimary', message: 'it is the primary' };
  }
  return (
    clusterObjection(member.region, question.round.regions[member.region]) ??
    membershipObjection(member) ??
    versionObjection(member.region, question)
  );
}

function healthOf(observation: RegionObservation | undefined): RegionHealth {
  if (observation?.cluster !== undefined) {
    return observation.cluster.status === 'available' ? 'Healthy' : 'Unhealthy';
  }
  const isSilent = observation?.clusters.kind === 'noAnswer';
  return isSilent || observation?.clusters.kind === 'answered' ? 'Unhealthy' : 'Unknown';
}

function exclusion(region: RegionSettings, loss: LossEstimate | undefined, settings: Settings): Objection | undefined {
  return region.promotion === 'Never'
    ? { reason: 'PromotionNever', message: 'the policy says promotion: Never' }
    : lossObjection(loss, settings);
}

function assessRegion(region: RegionSettings, member: MemberAssessment, question: CandidateQuestion): RegionAssessment {
  const { round, settings, memory, lossAt } = question;
  const observation = round.regions[region.name];
  const cluster = observation?.cluster;
  const facts = {
    ...member,
    promotion: region.promotion,
    health: healthOf(observation),
    endpoint: cluster?.endpoint,
    port: cluster?.port,
    clusterStatus: cluster?.status,
    engineVersion: memory.engineVersions[region.name],
    unfit: unfitness(member, question),
  };
  if (member.role === 'Primary') {
    return defined(facts);
  }
  const samples = round.lag[region.name]?.samples ?? [];
  const remembered = memory.lag[region.name];
  const atLoss = newestAtOrBefore(remembered === undefined ? [] : [remembered], lossAt);
  const loss = estimateLoss(atLoss, lossAt, settings);
  return defined({ ...facts, lag: samples.at(-1) ?? remembered, loss, excluded: exclusion(region, loss, settings) });
}

/** Assesses every configured region, in the policy's order. */
export function assessRegions(question: CandidateQuestion): readonly RegionAssessment[] {
  return question.settings.regions.flatMap((region) => {
    const member = question.topology.members[region.name];
    return member === undefined ? [] : [assessRegion(region, member, question)];
  });
}

/** Prefer before Allow before Never, then the policy's order; lag only excludes, it never ranks. */
export function byPreference(regions: readonly RegionAssessment[]): readonly RegionAssessment[] {
  const rank = { Prefer: 0, Allow: 1, Never: 2 };
  return [...regions].sort((a, b) => rank[a.promotion] - rank[b.promotion]);
}

/** The target that an automatic failover would choose; undefined when no region is fit and permitted. */
export function chooseTarget(regions: readonly RegionAssessment[]): RegionAssessment | undefined {
  return byPreference(regions).find((region) => region.unfit === undefined && region.excluded === undefined);
}
