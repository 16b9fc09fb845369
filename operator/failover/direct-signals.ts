import type { Attempt, RegionObservation, Round } from './observation.ts';
import { failing, passing, unknown, type SignalReading } from './signal.ts';

/**
 * Statuses of a DB cluster that Aurora does not leave by itself.
 * Source: "Viewing DB cluster status" in the Aurora user guide.
 */
const TERMINAL_STATUSES: readonly string[] = ['failed', 'inaccessible-encryption-credentials'];

export const isTerminalStatus = (status: string): boolean => TERMINAL_STATUSES.includes(status);

/** Whether one region's RDS gave a proper answer in this round. */
export function hasAnswered(observation: RegionObservation | undefined): boolean {
  return observation?.clusters.kind === 'answered' || observation?.globalClusters.kind === 'answered';
}

/**
 * Whether RDS of at least one region other than `primaryRegion` answered in this round. When none did, this operator
 * may be the one that is cut off, and silence says nothing about the primary.
 */
export function hasSurvivorAnswered(round: Round, primaryRegion: string): boolean {
  return Object.values(round.regions).some((region) => region.region !== primaryRegion && hasAnswered(region));
}

/**
 * Whether the primary region's RDS gave any sign of life in this round: an answer or a rejection (throttling, 403). A
 * region whose control plane lives is Aurora's own to recover.
 */
export function isRegionAlive(observation: RegionObservation | undefined): boolean {
  const isAlive = (attempt: Attempt): boolean => attempt.kind === 'answered' || attempt.kind === 'rejected';
  return observation !== undefined && (isAlive(observation.clusters) || isAlive(observation.globalClusters));
}

const CAUSE_WORDS: Readonly<Record<string, string>> = {
  refused: 'refused the connection',
  reset: 'reset the connection',
  tls: 'failed the TLS handshake',
  timeout: 'stayed silent until the timeout',
  serverError: 'answered with a server error',
};

function noAnswerReading(what: string, attempt: Attempt & { kind: 'noAnswer' }, hasSurvivor: boolean): SignalReading {
  const seen = `${what} ${CAUSE_WORDS[attempt.cause] ?? attempt.cause}: ${attempt.message}`;
  return hasSurvivor
    ? failing(attempt.isAccepted === true ? 'Frozen' : 'NoAnswer', seen)
    : unknown('SelfIsolated', `${seen}; RDS of no surviving region answered either, so this operator may be cut off`);
}

function withoutAnswer(what: string, attempt: Attempt, hasSurvivor: boolean): SignalReading {
  switch (attempt.kind) {
    case 'noAnswer':
      return noAnswerReading(what, attempt, hasSurvivor);
    case 'rejected':
      return unknown('Rejected', `${what} answered, but not the question (${attempt.cause}): ${attempt.message}`);
    case 'local':
      return unknown('LocalTrouble', `${what} was not really asked (${attempt.cause}): ${attempt.message}`);
    case 'answered':
      return unknown('ClusterNotFound', `${what} answered without the cluster`);
  }
}

/** Class `controlPlane`: does RDS of the primary's region answer, and call the cluster `available`? */
export function readControlPlane(round: Round, primaryRegion: string): SignalReading {
  const observation = round.regions[primaryRegion];
  const what = `RDS in ${primaryRegion}`;
  if (observation === undefined) {
    return unknown('NotObserved', `${what} was not observed in this round`);
  }
  const { cluster, clusters, globalClusters } = observation;
  if (cluster === undefined) {
    // Half an answer proves the region's RDS alive: it is not "no answer".
    const isHalfAnswered = clusters.kind === 'noAnswer' && isRegionAlive({ ...observation, clusters: globalClusters });
    return isHalfAnswered
      ? unknown('PartialAnswer', `${what} answered for the global cluster, not for the cluster: ${clusters.message}`)
      : withoutAnswer(what, clusters, hasSurvivorAnswered(round, primaryRegion));
  }
  const says = `${what} calls cluster ${cluster.identifier} "${cluster.status}"`;
  if (cluster.status === 'available') {
    return passing('Available', says, round.startedAt);
  }
  return isTerminalStatus(cluster.status) ? failing('TerminalStatus', says) : unknown('StatusNotAvailable', says);
}

/** Class `endpoint`: does the writer's endpoint accept, or where it is probed by MySQL, does it serve? */
export function readEndpoint(round: Round, primaryRegion: string): SignalReading {
  const observation = round.endpoints[primaryRegion];
  if (observation === undefined) {
    return unknown(
      'NotObserved',
      `the writer's endpoint in ${primaryRegion} was not probed: its address is not known yet`,
    );
  }
  const what = `writer endpoint ${observation.target} in ${primaryRegion}`;
  const { attempt, type } = observation;
  if (attempt.kind === 'answered') {
    return type === 'MySQL'
      ? passing('Serves', `${what} serves: it took the login and answered`, round.startedAt)
      : passing('Accepts', `${what} accepts`, round.startedAt);
  }
  if (attempt.kind === 'rejected' && attempt.cause === 'readOnly') {
    // Somebody serves there: in a role change the old address, else a person's doing. No reason to leave the region.
    return unknown('ReadOnly', `${what} answers and takes no writes: ${attempt.message}`);
  }
  return withoutAnswer(what, attempt, hasSurvivorAnswered(round, primaryRegion));
}

/** What a witness answers that sees the primary lost. */
export const WITNESS_SEES_LOSS = 503;

/** Class `http`: what does the witness outside both regions see? 2xx: the primary serving; 503: it lost. */
export function readWitness(round: Round): SignalReading {
  const witness = round.witness;
  if (witness === undefined) {
    return unknown('NotObserved', 'the witness was not asked in this round');
  }
  const { attempt, statusCode } = witness;
  if (attempt.kind !== 'answered' || statusCode === undefined) {
    return unknown(
      'Unreachable',
      `the witness did not answer${attempt.kind === 'answered' ? '' : `: ${attempt.message}`}`,
    );
  }
  if (statusCode >= 200 && statusCode < 300) {
    return passing(
      'WitnessSeesPrimary',
      `the witness answers ${statusCode}: it sees the primary serving`,
      round.startedAt,
    );
  }
  return statusCode === WITNESS_SEES_LOSS
    ? failing('WitnessSeesLoss', 'the witness answers 503: it sees the primary lost')
    : unknown(
        'UnexpectedStatus',
        `the witness answers ${statusCode}, which means neither serving (2xx) nor lost (503)`,
      );
}
