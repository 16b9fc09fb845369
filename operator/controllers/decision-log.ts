import type { DisasterRecoveryPolicy } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Assessment, Recorded } from '../failover/assess.ts';
import type { AutomaticQuestion, AutomaticVerdict } from '../failover/automatic.ts';
import type { DecisionHead, DrillStartDecision, DrillStepDecision, FailbackDecision } from '../failover/decision.ts';
import type { FollowAction, FollowQuestion } from '../failover/follow.ts';
import type { ForceRequest, ForceVerdict } from '../failover/force.ts';
import type { Memory } from '../failover/memory.ts';
import type { Instant } from '../failover/observation.ts';
import type { Operation } from '../failover/operation.ts';
import type { Settings } from '../failover/settings.ts';

/** One round taken in by the brain. */
export interface DigestedRound {
  readonly settings: Settings;
  readonly memoryBefore: Memory;
  readonly memory: Memory;
  readonly assessment: Assessment;
  readonly recorded: Recorded;
  readonly cooldownUntil?: Instant;
  readonly operation?: Operation;
}

/** A forced request and what it was judged on. */
export interface ForceQuestion {
  readonly request: ForceRequest;
  readonly assessment: Assessment;
  readonly settings: Settings;
}

/** What a decision about a failback or a drill was judged on besides its facts. */
export interface PlannedContext {
  readonly assessment: Assessment;
  readonly settings: Settings;
  readonly now: Instant;
}

type BodyOf<D extends DecisionHead> = D extends DecisionHead ? Omit<D, keyof DecisionHead> : never;
/** A decision about a failback or a drill, with its facts. */
export type PlannedDecision = BodyOf<FailbackDecision | DrillStartDecision | DrillStepDecision>;

/** Something that was done. */
export interface DecisionEvent {
  /** CamelCase. */
  readonly what: string;
  readonly message: string;
  readonly operation?: Operation;
}

/**
 * Takes down what the brain was given and what it said, so that it can be replayed. Never throws and never waits: a
 * decision does not depend on its record.
 */
export interface DecisionLog {
  digested(policy: DisasterRecoveryPolicy, round: DigestedRound): void;
  judged(policy: DisasterRecoveryPolicy, question: AutomaticQuestion, verdict: AutomaticVerdict): void;
  answered(policy: DisasterRecoveryPolicy, question: ForceQuestion, verdict: ForceVerdict): void;
  followed(policy: DisasterRecoveryPolicy, question: FollowQuestion, action: FollowAction): void;
  planned(policy: DisasterRecoveryPolicy, context: PlannedContext, decision: PlannedDecision): void;
  happened(policy: DisasterRecoveryPolicy, event: DecisionEvent): void;
  /** The policy is not worked on any more. */
  forget(key: string): void;
}
