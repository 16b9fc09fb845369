import type { Attempt } from '../failover/observation.ts';

/** An attempt that did not end in an answer. */
export type FailedAttempt = Exclude<Attempt, { kind: 'answered' }>;

export interface AwsCallErrorProps {
  /** The API's action, for instance `FailoverGlobalCluster`. */
  readonly action: string;
  readonly region: string;
  readonly classification: FailedAttempt;
  /** AWS's own error code, for instance `InvalidGlobalClusterStateFault`, where the answer carried one. */
  readonly code?: string;
  /**
   * Whether a mutating call may have taken effect all the same. False only where AWS said no, or where the request
   * certainly never left.
   */
  readonly isEffectPossible: boolean;
  readonly advice: string;
  readonly cause?: unknown;
}

/** Base of everything this room throws. */
export class AwsError extends Error {
  override name = 'AwsError';
}

/** A call to AWS that did not end in a usable answer. */
export class AwsCallError extends AwsError {
  override name = 'AwsCallError';
  readonly action: string;
  readonly region: string;
  readonly classification: FailedAttempt;
  readonly code: string | undefined;
  readonly isEffectPossible: boolean;

  constructor(props: AwsCallErrorProps) {
    const why =
      props.code === undefined ? props.classification.message : `${props.code}: ${props.classification.message}`;
    super(`cannot call ${props.action} in ${props.region}: ${why}; ${props.advice}`, { cause: props.cause });
    this.action = props.action;
    this.region = props.region;
    this.classification = props.classification;
    this.code = props.code;
    this.isEffectPossible = props.isEffectPossible;
  }
}
