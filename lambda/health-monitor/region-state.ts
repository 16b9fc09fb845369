import { defined } from '../../operator/failover/defined.ts';
import { readControlPlane, readEndpoint } from '../../operator/failover/direct-signals.ts';
import type { Round } from '../../operator/failover/observation.ts';
import { readReplication } from '../../operator/failover/replication-signal.ts';
import type { Settings } from '../../operator/failover/settings.ts';
import type { SignalReading } from '../../operator/failover/signal.ts';
import { readTopology, type MemberAssessment, type Topology } from '../../operator/failover/topology.ts';
import { clusterStateCode } from './cluster-state-code.ts';

/** What a health check came to, as the metric `HealthCheck` has it. */
export const HEALTH = { passing: 1, failing: 0, unchecked: -1 } as const;
export type Health = (typeof HEALTH)[keyof typeof HEALTH];

/** This many newest samples must all be above the threshold before the lag counts as high. */
const HIGH_SAMPLES = 2;

/** One region as one round shows it. */
export interface RegionState {
  readonly region: string;
  readonly health: Health;
  /** Why, when it is not passing. */
  readonly healthMessage: string;
  /** Absent when the region's RDS did not say. */
  readonly clusterState?: number;
  /** Absent where there is no lag, or none is known. */
  readonly isLagHigh?: boolean;
  /** Newest sample, milliseconds. */
  readonly lagMilliseconds?: number;
}

interface Context {
  readonly round: Round;
  readonly settings: Settings;
  readonly topology: Topology;
  readonly lagThresholdMilliseconds: number;
}

const healthOf = (reading: SignalReading): Health => {
  if (reading.state === 'Passing') {
    return HEALTH.passing;
  }
  return reading.state === 'Failing' ? HEALTH.failing : HEALTH.unchecked;
};

/** Everything that is read of a region: the operator's own signals, for a secondary asked of its own region. */
function readingsOf(member: MemberAssessment, { round, settings, topology }: Context): SignalReading[] {
  const { region } = member;
  const controlPlane = readControlPlane(round, region);
  if (region === topology.primaryRegion) {
    return round.endpoints[region] === undefined ? [controlPlane] : [controlPlane, readEndpoint(round, region)];
  }
  const replication = readReplication({
    round,
    secondaries: [{ region, isConnected: member.synchronizationStatus === 'connected' }],
    maximumAgeMilliseconds: settings.replicationMaximumAgeMilliseconds ?? 0,
  });
  // A metric that is late says nothing about the region: only the proof that nothing arrives counts.
  return replication.state === 'Failing' ? [controlPlane, replication] : [controlPlane];
}

/** What RDS calls another status than available is a change of status, told as such, and no failed check. */
const isHealthProblem = ({ state, reason }: SignalReading): boolean =>
  state !== 'Passing' && reason !== 'StatusNotAvailable';

function lagOf(region: string, { round, topology, lagThresholdMilliseconds }: Context) {
  const samples = (round.lag[region]?.samples ?? []).slice(-HIGH_SAMPLES);
  const newest = samples.at(-1);
  if (newest === undefined || topology.members[region]?.role !== 'Secondary') {
    return {};
  }
  const isHigh =
    samples.length === HIGH_SAMPLES &&
    samples.every(({ lagMilliseconds }) => lagMilliseconds > lagThresholdMilliseconds);
  return { isLagHigh: isHigh, lagMilliseconds: newest.lagMilliseconds };
}

function stateOf(member: MemberAssessment, context: Context): RegionState {
  const { region, role } = member;
  const problems = readingsOf(member, context).filter(isHealthProblem);
  const worst = problems.find(({ state }) => state === 'Failing') ?? problems[0];
  const status = context.round.regions[region]?.cluster?.status;
  return defined({
    region,
    health: worst === undefined ? HEALTH.passing : healthOf(worst),
    healthMessage: problems.map(({ message }) => message).join('; '),
    // Who nobody knows the primary of has no role to speak of.
    clusterState:
      status === undefined || context.topology.primaryRegion === undefined
        ? undefined
        : clusterStateCode({ role, status }),
    ...lagOf(region, context),
  });
}

/** Reads every region's state out of one round. */
export function readRegionStates(
  round: Round,
  settings: Settings,
  lagThresholdMilliseconds: number,
): readonly RegionState[] {
  const topology = readTopology({ round, settings });
  const context = { round, settings, topology, lagThresholdMilliseconds };
  return Object.values(topology.members).map((member) => stateOf(member, context));
}
