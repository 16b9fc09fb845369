import type { Decision } from './operator-process.ts';

/** What the measurements are made from, all in milliseconds since the epoch or plain milliseconds. */
export interface MeasuredFacts {
  readonly lostAt: number;
  /** The automatic decision's log line. */
  readonly decision: Decision;
  /** Arrival of FailoverGlobalCluster at the local AWS. */
  readonly callAt: number;
  /** The local AWS shows the new writer. */
  readonly promotedAt: number;
  /** kubectl shows the ConfigMap with the new writer. */
  readonly publishedAt: number;
  /** Of status: what a loss takes at most to be acted on with this configuration. */
  readonly detectionWindow: string;
  readonly estimatedDataLoss: number;
  readonly worstCaseDataLoss: number;
  /** What the local AWS knows to be lost, and no client can know. */
  readonly trueDataLoss: number;
}

/** Measured times of one failover, in milliseconds: the first four follow each other and add up to the recovery. */
export interface Measurements {
  /** Loss → last failing round complete: the configured evidence. */
  readonly evidenceMilliseconds: number;
  /** Last failing round complete → FailoverGlobalCluster arrived: the operator's own share. */
  readonly reactionMilliseconds: number;
  /** Call → new writer visible: Aurora's share. */
  readonly promotionMilliseconds: number;
  /** New writer visible → ConfigMap written: the operator's own share. */
  readonly publicationMilliseconds: number;
  /** Loss → call. */
  readonly detectionMilliseconds: number;
  /** Loss → new writer published. */
  readonly recoveryMilliseconds: number;
  readonly configuredDetectionWindow: string;
  readonly estimatedDataLossMilliseconds: number;
  readonly worstCaseDataLossMilliseconds: number;
  readonly trueDataLossMilliseconds: number;
}

export function measure(facts: MeasuredFacts): Measurements {
  const { lostAt, callAt, promotedAt, publishedAt } = facts;
  const decidedOn = Date.parse(facts.decision.round.completedAt);
  return {
    evidenceMilliseconds: decidedOn - lostAt,
    reactionMilliseconds: callAt - decidedOn,
    promotionMilliseconds: promotedAt - callAt,
    publicationMilliseconds: publishedAt - promotedAt,
    detectionMilliseconds: callAt - lostAt,
    recoveryMilliseconds: publishedAt - lostAt,
    configuredDetectionWindow: facts.detectionWindow,
    estimatedDataLossMilliseconds: facts.estimatedDataLoss,
    worstCaseDataLossMilliseconds: facts.worstCaseDataLoss,
    trueDataLossMilliseconds: facts.trueDataLoss,
  };
}
