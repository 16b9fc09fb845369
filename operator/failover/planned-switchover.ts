import type { Assessment, Finding } from './assess.ts';
import { isTooOld } from './automatic.ts';
import type { Instant } from './observation.ts';
import type { Settings } from './settings.ts';
import { switchoverObjection } from './switchover-fitness.ts';

/** What of the policy's record a switchover by the operator's own will depends on. */
export interface PlannedFacts {
  readonly cooldownUntil?: Instant;
  /** An operation of this policy's is in flight. */
  readonly hasOperation: boolean;
  /** An old primary has not re-joined. */
  readonly hasSplitBrainRisk: boolean;
  /** Why managed resources could undo a role change; absent when nothing says so. */
  readonly drift?: Finding;
  /** The policy is being deleted. */
  readonly isLeaving: boolean;
}

export interface PlannedQuestion {
  readonly assessment: Assessment;
  readonly settings: Settings;
  readonly facts: PlannedFacts;
  /** Where the writer would go. */
  readonly target: string;
  readonly now: Instant;
}

/** The one that moves a writer which serves is the operator that lives with it: it makes the call in its own region. */
export function leadObstacle(settings: Settings, primaryRegion: string | undefined): Finding | undefined {
  const own = settings.operatorRegion;
  return own === undefined || own === primaryRegion
    ? undefined
    : {
        reason: 'WrongOperatorRegion',
        message: `this operator lives in ${own}: the one in ${primaryRegion ?? 'the primary’s region'} starts switchovers that nobody asked for`,
      };
}

function recordObstacles({ facts, settings, now }: PlannedQuestion): (Finding | undefined)[] {
  const { cooldownUntil, drift } = facts;
  return [
    facts.hasOperation ? { reason: 'OperationInFlight', message: 'an operation is in flight' } : undefined,
    facts.isLeaving ? { reason: 'PolicyDeleted', message: 'the policy is being deleted' } : undefined,
    settings.isSuspended ? { reason: 'Suspended', message: 'spec.suspend is true' } : undefined,
    cooldownUntil !== undefined && now < cooldownUntil
      ? { reason: 'CooldownActive', message: `cooldown until ${new Date(cooldownUntil).toISOString()}` }
      : undefined,
    facts.hasSplitBrainRisk
      ? { reason: 'SplitBrainRisk', message: 'an old primary has not re-joined: see SplitBrainRisk' }
      : undefined,
    drift === undefined ? undefined : { reason: 'ResourceDrift', message: `managed resources: ${drift.message}` },
  ];
}

/**
 * Everything that keeps the operator from a switchover that no person insists on, most telling first; empty when nothing
 * does. Both sides must be seen to be well, the lag be known and within the recovery point, and the record be at rest.
 */
export function plannedObstacles(question: PlannedQuestion): readonly Finding[] {
  const { assessment, settings, target, now } = question;
  const objection = switchoverObjection(assessment, settings, target);
  return [
    ...recordObstacles(question),
    objection === undefined ? undefined : { reason: objection.reason, message: objection.message },
    isTooOld(assessment.round, settings, now)
      ? { reason: 'StaleObservation', message: 'the last round is too old to act on' }
      : undefined,
  ].filter((finding) => finding !== undefined);
}
