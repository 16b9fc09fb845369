import type { DisasterRecoveryPolicyStatus } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Assessment } from '../failover/assess.ts';

/**
 * Whether a process that observes a policy could act for it next. `ready`: it has seen enough rounds. `early`: it has not
 * yet. `blind`: it does not see what the owner sees, so that the policy is better off where it is.
 */
export type Readiness = 'ready' | 'early' | 'blind';

/**
 * Whether an observer can judge the policy as its owner does, by what the owner says in status. Where the owner sees nothing
 * itself, nobody is worse. In trouble signals may differ for a moment, and RDS of some region has to answer at least.
 */
function seesAsMuch(assessment: Assessment | undefined, status: DisasterRecoveryPolicyStatus | undefined): boolean {
  const told = (status?.signals ?? []).filter(({ state }) => state !== 'Unknown');
  if (told.length === 0) return true;
  if (assessment === undefined) return false;
  const regions = Object.values(assessment.round.regions);
  if (!regions.some(({ globalClusters }) => globalClusters.kind === 'answered')) return false;
  if (status?.incident !== undefined || status?.operation !== undefined) return true;
  const passing = new Set(told.filter(({ state }) => state === 'Passing').map(({ name }) => name));
  return assessment.signals.every(({ name, state }) => state === 'Passing' || !passing.has(name));
}

/**
 * @param assessment of the newest round that the observer has seen
 * @param hasEnoughRounds whether it has seen as many as decide about a loss
 * @param status as the owner wrote it
 */
export function readinessOf(
  assessment: Assessment | undefined,
  hasEnoughRounds: boolean,
  status: DisasterRecoveryPolicyStatus | undefined,
): Readiness {
  if (!seesAsMuch(assessment, status)) return 'blind';
  return hasEnoughRounds ? 'ready' : 'early';
}
