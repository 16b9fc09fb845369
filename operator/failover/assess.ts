import { assessRegions, chooseTarget, type RegionAssessment } from './candidates.ts';
import { defined } from './defined.ts';
import { isQuorum } from './detection-window.ts';
import {
  hasSurvivorAnswered,
  isRegionAlive,
  isTerminalStatus,
  readControlPlane,
  readEndpoint,
  readWitness,
} from './direct-signals.ts';
import { newestAtOrBefore } from './data-loss.ts';
import { lossReference, type Incident, type Memory, type SignalMemory } from './memory.ts';
import type { Instant, LagSample, Round } from './observation.ts';
import { newestProofAfter, readReplication, type SecondaryMember } from './replication-signal.ts';
import type { SignalName, Vantage } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { VANTAGE_OF, type Settings, type SignalSettings } from './settings.ts';
import { unknown, type SignalReading } from './signal.ts';
import { sinceRoleChange } from './since-role-change.ts';
import { trackStability } from './stability.ts';
import { readTopology, type Topology } from './topology.ts';

/** A vote rests on a Passing at most this old: longer ago, nobody knows any more what normal looked like. */
export const VOTE_LIFETIME_MILLISECONDS = 24 * 60 * 60 * 1000;

/** What of the policy's persisted status the assessment needs. */
export interface Recorded {
  readonly primaryRegion?: string;
  /** When it became the primary; absent when it was so all along, as far as the record goes. */
  readonly primarySince?: Instant;
  /** Region of an old primary that has not re-joined since it was failed away from. */
  readonly distrustedRegion?: string;
  /** A role change of this operator's is in flight. Absent when none is. */
  readonly hasOperation?: boolean;
}

/** One listed class in this round. */
export interface SignalAssessment extends SignalReading {
  readonly name: SignalName;
  readonly vantage: Vantage;
  readonly since: Instant;
  readonly lastPassed?: Instant;
  readonly hasVote: boolean;
}

export interface Finding {
  readonly reason: string;
  readonly message: string;
}

/** Everything that one round, with what is remembered, says. The decision is taken on this and nothing else. */
export interface Assessment {
  readonly round: Round;
  readonly topology: Topology;
  readonly signals: readonly SignalAssessment[];
  readonly regions: readonly RegionAssessment[];
  /** The primary's in-region recovery is Aurora's own: automation holds. */
  readonly hold?: Finding;
  /** Evidence, newer than the incident, that the primary serves. */
  readonly veto?: Finding;
  /** A quorum of voting classes is Failing in this round, whatever the hold and the veto say. */
  readonly isQuorumFailing: boolean;
  /** Consecutive rounds of a Failing quorum without hold and veto. */
  readonly quorumRounds: number;
  readonly incident?: Incident;
  /** Fewer classes hold a vote than a quorum needs. */
  readonly quorumProblem?: Finding;
  /** The target that an automatic failover would choose. */
  readonly target?: RegionAssessment;
}

interface Context {
  readonly round: Round;
  readonly settings: Settings;
  readonly memory: Memory;
  readonly topology: Topology;
}

function secondariesOf(topology: Topology): SecondaryMember[] {
  return Object.values(topology.members)
    .filter((member) => member.role === 'Secondary')
    .map((member) => ({ region: member.region, isConnected: member.synchronizationStatus === 'connected' }));
}

function readSignal({ name }: SignalSettings, { round, settings, memory, topology }: Context): SignalReading {
  const primary = topology.primaryRegion;
  if (primary === undefined) {
    return unknown('NoPrimary', 'no primary is known yet');
  }
  switch (name) {
    case 'controlPlane':
      return readControlPlane(round, primary);
    case 'endpoint':
      return readEndpoint(round, primary);
    case 'http':
      return readWitness(round);
    case 'replication':
      return readReplication({
        round,
        secondaries: secondariesOf(topology),
        maximumAgeMilliseconds: settings.replicationMaximumAgeMilliseconds ?? 0,
        ...(memory.incident === undefined ? {} : { incidentStartedAt: memory.incident.startedAt }),
      });
  }
}

/** Remembers one reading: streaks, the last proven Passing, and to which primary and configuration it belongs. */
function rememberSignal(signal: SignalSettings, reading: SignalReading, context: Context): SignalMemory {
  const { round, settings, memory, topology } = context;
  const known = memory.signals[signal.name];
  const previous =
    known?.primary === topology.primaryRegion && known?.configuration === signal.configuration ? known : undefined;
  const now = round.completedAt;
  const passingRounds = reading.state === 'Passing' ? (previous?.passingRounds ?? 0) + 1 : 0;
  const lastPassed = passingRounds >= settings.successThreshold ? now : previous?.lastPassed;
  const counted = countedReading(reading, lastPassed, now);
  return defined({
    state: counted.state,
    since: previous?.state === counted.state ? previous.since : now,
    reason: counted.reason,
    message: counted.message,
    passingRounds,
    configuration: signal.configuration,
    lastPassed,
    primary: topology.primaryRegion,
  });
}

const hasVote = (lastPassed: Instant | undefined, now: Instant): boolean =>
  lastPassed !== undefined && now - lastPassed <= VOTE_LIFETIME_MILLISECONDS;

/** A class that never passed for this primary cannot fail: what was never seen working proves nothing by not working. */
function countedReading(reading: SignalReading, lastPassed: Instant | undefined, now: Instant): SignalReading {
  return reading.state === 'Failing' && !hasVote(lastPassed, now)
    ? unknown(
        'NeverObservedPassing',
        `no vote, since it was not seen passing for this primary; now: ${reading.message}`,
      )
    : reading;
}

function assessSignal(name: SignalName, reading: SignalReading, kept: SignalMemory, now: Instant): SignalAssessment {
  return defined({
    ...countedReading(reading, kept.lastPassed, now),
    name,
    vantage: VANTAGE_OF[name],
    since: kept.since,
    hasVote: hasVote(kept.lastPassed, now),
    lastPassed: kept.lastPassed,
  });
}

const stateOf = (signals: readonly SignalAssessment[], name: SignalName): SignalAssessment | undefined =>
  signals.find((signal) => signal.name === name);

/** The newest evidence in the lag samples that a connected secondary still received. */
function replicationEvidence(signals: readonly SignalAssessment[]): Instant | undefined {
  const replication = stateOf(signals, 'replication');
  return replication?.state === 'Passing' ? replication.evidenceAt : undefined;
}

/** The incident is over once the primary is seen serving, or nothing votes Failing while its control plane is well. */
function isIncidentOver(signals: readonly SignalAssessment[], calmRounds: number, settings: Settings): boolean {
  const isServing = stateOf(signals, 'endpoint')?.state === 'Passing' || stateOf(signals, 'http')?.state === 'Passing';
  const isWell = stateOf(signals, 'controlPlane')?.state === 'Passing' && calmRounds >= settings.successThreshold;
  return isServing || isWell;
}

/**
 * An incident starts with the first round in which a class votes Failing while nothing sees the primary serving, and
 * keeps that start through rounds that could not see (the loss did not move because we were blind). After such a gap,
 * replication evidence from within it proves that the loss came later.
 */
function trackIncident(
  context: Context,
  signals: readonly SignalAssessment[],
  calmRounds: number,
): Incident | undefined {
  const incident = findIncident(context, signals, calmRounds);
  return incident === undefined
    ? undefined
    : defined({
        ...incident,
        provenUntil: newestProof(context, incident) ?? incident.provenUntil,
        aliveSince: aliveSince(context, incident),
      });
}

/**
 * The primary may be lost long after this operator stopped seeing it. What a secondary received meanwhile proves it
 * alive: the loss is later, and a figure from the incident's start says nothing about it.
 */
function newestProof({ round, settings, topology }: Context, incident: Incident): Instant | undefined {
  const since =
    lossReference(incident, round.completedAt) + settings.intervalMilliseconds + settings.timeoutMilliseconds;
  const proofs = secondariesOf(topology)
    .filter((member) => member.isConnected)
    .flatMap((member) => newestProofAfter(round.lag[member.region]?.samples ?? [], since) ?? []);
  return proofs.length === 0 ? undefined : Math.max(...proofs);
}

/** A region that comes back after its loss was confirmed has its whole time for recovery again. */
function aliveSince({ round, memory, settings, topology }: Context, incident: Incident): Instant | undefined {
  if (isRegionAlive(round.regions[topology.primaryRegion ?? ''])) {
    return incident.aliveSince ?? round.startedAt;
  }
  return memory.quorumRounds >= settings.failureThreshold ? undefined : incident.aliveSince;
}

function findIncident(
  { memory, round, settings, topology }: Context,
  signals: readonly SignalAssessment[],
  calmRounds: number,
): Incident | undefined {
  const hasRoleChanged = Object.values(memory.signals).some((signal) => signal.primary !== topology.primaryRegion);
  const known = hasRoleChanged ? undefined : memory.incident;
  if (isIncidentOver(signals, calmRounds, settings)) {
    return undefined;
  }
  if (calmRounds > 0) {
    return known;
  }
  const failingAt = round.startedAt;
  if (known === undefined || isTooLongBlind(known, round, settings, signals)) {
    return { startedAt: round.startedAt, failingAt };
  }
  const hadGap = memory.calmRounds >= settings.successThreshold;
  const evidence = hadGap ? replicationEvidence(signals) : undefined;
  return evidence === undefined
    ? { ...known, failingAt }
    : { ...known, startedAt: Math.max(known.startedAt, evidence), failingAt };
}

/**
 * Whether nothing tells any more that the loss is still the one that was seen when the incident began: so long a gap
 * that a lag sample would be too old by then, and no replication source that shows when the primary fell silent.
 */
function isTooLongBlind(
  known: Incident,
  round: Round,
  settings: Settings,
  signals: readonly SignalAssessment[],
): boolean {
  const blindFor = round.startedAt - (known.failingAt ?? round.startedAt);
  const replication = stateOf(signals, 'replication')?.state ?? 'Unknown';
  return blindFor > settings.maximumLagAgeMilliseconds && replication === 'Unknown';
}

/** Whether Aurora, by what its control plane says, is not (or no longer expected to be) healing the cluster in place. */
function isBeyondInRegionRecovery(
  context: Context,
  signals: readonly SignalAssessment[],
  incident?: Incident,
): boolean {
  const { round, settings, topology } = context;
  const status = round.regions[topology.primaryRegion ?? '']?.cluster?.status;
  if (status !== undefined && isTerminalStatus(status)) {
    return true;
  }
  if (status === 'available' && (incident === undefined || stateOf(signals, 'endpoint')?.state === 'Passing')) {
    return true;
  }
  return isRecoveryOverdue(round.completedAt, settings, incident?.aliveSince);
}

function isRecoveryOverdue(now: Instant, settings: Settings, aliveSince: Instant | undefined): boolean {
  const limit = settings.inRegionRecoveryLimitMilliseconds;
  return limit !== undefined && aliveSince !== undefined && now - aliveSince >= limit;
}

/** Whether the primary region's own control plane lives, so that the loss is Aurora's to recover in place. */
function findHold(context: Context, signals: readonly SignalAssessment[], incident?: Incident): Finding | undefined {
  const region = context.topology.primaryRegion ?? '';
  const observation = context.round.regions[region];
  if (!isRegionAlive(observation) || isBeyondInRegionRecovery(context, signals, incident)) {
    return undefined;
  }
  const status = observation?.cluster?.status;
  return {
    reason: 'InRegionRecovery',
    message:
      `RDS in ${region} answers (${status === undefined ? 'without a status for the cluster' : `cluster is "${status}"`}), ` +
      'so the loss is Aurora’s own to recover in its region; a forced failover works',
  };
}

const VETO_REASONS: Readonly<Partial<Record<SignalName, string>>> = {
  replication: 'VetoedByReplication',
  http: 'VetoedByWitness',
  // A writer that accepts is served by somebody: safer than the quorum's word, whatever the others say.
  endpoint: 'VetoedByEndpoint',
};

/** Evidence that the primary serves, no older than the incident: it outweighs any quorum. */
function findVeto(signals: readonly SignalAssessment[], incident: Incident | undefined): Finding | undefined {
  for (const signal of signals) {
    const reason = VETO_REASONS[signal.name];
    const isRecent = (signal.evidenceAt ?? -Infinity) >= (incident?.startedAt ?? -Infinity);
    if (reason !== undefined && signal.state === 'Passing' && isRecent) {
      return { reason, message: signal.message };
    }
  }
  return undefined;
}

function findQuorumProblem(signals: readonly SignalAssessment[], settings: Settings): Finding | undefined {
  if (
    isQuorum(
      signals.filter((signal) => signal.hasVote),
      settings.quorum,
    )
  ) {
    return undefined;
  }
  const voteless = signals.filter((signal) => !signal.hasVote).map((signal) => signal.name);
  return {
    reason: 'NeverObservedPassing',
    message:
      `a quorum of ${settings.quorum} from two vantages cannot be met: ${voteless.join(', ')} ` +
      `never passed for ${settings.successThreshold} rounds for this primary and configuration, so it has no vote`,
  };
}

function rememberLag({ round, memory, settings }: Context, incident: Incident | undefined): Record<string, LagSample> {
  const kept: Record<string, LagSample> = {};
  const reference = lossReference(incident, round.completedAt);
  for (const { name } of settings.regions) {
    const known = memory.lag[name];
    const samples = round.lag[name]?.samples ?? [];
    const newest = newestAtOrBefore(known === undefined ? samples : [known, ...samples], reference) ?? known;
    if (newest !== undefined) {
      kept[name] = incident === undefined ? newest : neverLowered(newest, known, incident);
    }
  }
  return kept;
}

/** A sample from after the first failing round may raise the estimate; it never lowers it. */
function neverLowered(newest: LagSample, known: LagSample | undefined, incident: Incident): LagSample {
  const isLater = newest.periodEnd > incident.startedAt;
  return isLater && known !== undefined && known.lagMilliseconds > newest.lagMilliseconds
    ? { ...newest, lagMilliseconds: known.lagMilliseconds }
    : newest;
}

function rememberFacts({ round, memory }: Context): Pick<Memory, 'engineVersions' | 'endpointPassed'> {
  const engineVersions: Record<string, string> = { ...memory.engineVersions };
  const endpointPassed: Record<string, Instant> = { ...memory.endpointPassed };
  for (const { region, cluster } of Object.values(round.regions)) {
    if (cluster?.engineVersion !== undefined) {
      engineVersions[region] = cluster.engineVersion;
    }
  }
  for (const { region, attempt } of Object.values(round.endpoints)) {
    if (attempt.kind === 'answered') {
      endpointPassed[region] = round.completedAt;
    }
  }
  return { engineVersions, endpointPassed };
}

/** Whether this round counts towards automation: a Failing quorum of an incident that nothing holds, vetoes or blurs. */
function isAutomationRound(
  found: Pick<Assessment, 'isQuorumFailing' | 'hold' | 'veto' | 'topology' | 'incident'>,
): boolean {
  return (
    found.isQuorumFailing &&
    found.incident !== undefined &&
    found.hold === undefined &&
    found.veto === undefined &&
    found.topology.dispute === undefined
  );
}

/** Takes one round in: what it says together with what is remembered, and what to remember from now on. */
export function assess(
  memory: Memory,
  round: Round,
  settings: Settings,
  recorded: Recorded,
): { readonly memory: Memory; readonly assessment: Assessment } {
  const topology = readTopology(
    defined({
      round,
      settings,
      recordedPrimary: recorded.primaryRegion,
      distrustedRegion: recorded.distrustedRegion,
    }),
  );
  const context: Context = { ...sinceRoleChange(round, memory, recorded.primarySince), settings, topology };
  const now = round.completedAt;

  const kept: Partial<Record<SignalName, SignalMemory>> = {};
  const signals = settings.signals.map((signal) => {
    const reading = readSignal(signal, context);
    const remembered = rememberSignal(signal, reading, context);
    kept[signal.name] = remembered;
    return assessSignal(signal.name, reading, remembered, now);
  });
  const failingVotes = signals.filter((signal) => signal.state === 'Failing');
  // Replication alone says nothing about the primary: the link between the regions may be what is lost.
  const isCalm = failingVotes.every((signal) => signal.vantage === 'secondary');
  const calmRounds = isCalm ? memory.calmRounds + 1 : 0;
  const incident = trackIncident(context, signals, calmRounds);
  const isSurvivorHeard = topology.primaryRegion !== undefined && hasSurvivorAnswered(round, topology.primaryRegion);
  const found = defined({
    topology,
    signals,
    isQuorumFailing: isSurvivorHeard && isQuorum(failingVotes, settings.quorum),
    hold: findHold(context, signals, incident),
    veto: findVeto(signals, incident),
    incident,
  });
  const quorumRounds = isAutomationRound(found) ? memory.quorumRounds + 1 : 0;
  const next: Memory = defined({
    signals: kept,
    quorumRounds,
    calmRounds,
    lag: rememberLag(context, incident),
    ...rememberFacts(context),
    incident,
  });
  const regions = assessRegions({
    round: context.round,
    settings,
    topology,
    memory: next,
    lossAt: lossReference(incident, now),
  });
  const assessment = defined({
    ...found,
    round,
    regions,
    quorumRounds,
    quorumProblem: findQuorumProblem(signals, settings),
    target: chooseTarget(regions),
  });
  const stability = trackStability(memory.stability, assessment, settings, recorded);
  return { memory: defined({ ...next, stability }), assessment };
}
