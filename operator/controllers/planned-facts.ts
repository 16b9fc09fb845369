import { DRIFT_REASONS } from '../api/v1alpha1/conditions.ts';
import { defined } from '../failover/defined.ts';
import type { Finding } from '../failover/assess.ts';
import type { DrillFacts } from '../failover/drill.ts';
import type { FailbackFacts, FailbackTry } from '../failover/failback.ts';
import type { PlannedFacts } from '../failover/planned-switchover.ts';
import { keyOf } from '../runtime/resource.ts';
import { primarySince, type PolicyRecord } from './policy-record.ts';
import type { PolicyTurn } from './policy-turn.ts';

/** What facts are read out of: a turn, with the record as it is or is about to be. */
export type FactsSource = Pick<PolicyTurn, 'policy' | 'session' | 'dependencies'> & { readonly record: PolicyRecord };

/**
 * Reports of drift that keep the operator from a switchover of its own: a provider might undo it. Resources that are
 * paused are no danger, and after a failover only the failback makes their declared roles true again.
 */
const DANGEROUS_DRIFT: readonly string[] = [
  DRIFT_REASONS.RolesDiffer,
  DRIFT_REASONS.AccessDenied,
  DRIFT_REASONS.NotObserved,
];

function driftOf({ policy, session, dependencies }: FactsSource): Finding | undefined {
  const { drift } = session;
  if (drift === undefined) {
    const isAwaited = dependencies.managedResources !== undefined && policy.spec.crossplane.mode === 'Auto';
    return isAwaited ? { reason: DRIFT_REASONS.NotObserved, message: 'not looked at yet' } : undefined;
  }
  return drift.status !== 'False' && DANGEROUS_DRIFT.includes(drift.reason)
    ? { reason: drift.reason, message: drift.message }
    : undefined;
}

export function plannedFacts(source: FactsSource): PlannedFacts {
  const { policy, record } = source;
  return defined({
    cooldownUntil: record.cooldownUntil,
    hasOperation: record.operation !== undefined,
    hasSplitBrainRisk: record.splitBrain !== undefined,
    drift: driftOf(source),
    isLeaving: policy.metadata.deletionTimestamp !== undefined,
  });
}

/** Automatic failbacks since the writer left that did not bring it back, newest first. */
function triesOf(record: PolicyRecord): readonly FailbackTry[] {
  const since = primarySince(record) ?? -Infinity;
  return record.history
    .filter(
      ({ trigger, automatic, outcome }) => trigger === 'Failback' && automatic === true && outcome !== 'Succeeded',
    )
    .map(({ startedAt, completedAt }) => ({ startedAt: Date.parse(startedAt), completedAt: Date.parse(completedAt) }))
    .filter(({ completedAt }) => completedAt >= since);
}

export function failbackFacts(source: FactsSource): FailbackFacts {
  return { ...plannedFacts(source), hasDrill: source.record.drill !== undefined, tries: triesOf(source.record) };
}

export function drillFacts(source: FactsSource): DrillFacts {
  const { record, session, dependencies } = source;
  const { publication } = session;
  return defined({
    ...plannedFacts(source),
    hasDrill: record.drill !== undefined,
    publicationProblem: publication.isPublished ? undefined : `${publication.reason}: ${publication.message}`,
    canCall:
      dependencies.leaseRemainingMilliseconds(keyOf(source.policy)) > dependencies.settings.awsCallTimeoutMilliseconds,
  });
}
