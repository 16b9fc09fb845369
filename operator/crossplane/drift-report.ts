import type { ConditionStatus } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { DRIFT_REASONS } from '../api/v1alpha1/conditions.ts';
import type { GuardFacts } from './guard-facts.ts';
import { describeResource, type ManagedResource } from './managed-resource.ts';
import { isMarked } from './pause-decision.ts';
import type { RoleDrift } from './role-drift.ts';

/** The condition ResourceDrift of one policy. */
export interface DriftReport {
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
}

/** How much of the managed resources is known. */
export interface ListingState {
  /** A listing was completed. */
  readonly isListed: boolean;
  /** The API server serves at least one of the kinds. */
  readonly isInstalled: boolean;
  /** Which kinds the operator may not list. */
  readonly forbidden: readonly string[];
  /** Why the last attempt to list failed; absent after a success. */
  readonly failure?: string;
}

export interface DriftQuestion {
  readonly facts: GuardFacts;
  readonly listing: ListingState;
  readonly resources: readonly ManagedResource[];
  readonly drifts: readonly RoleDrift[];
  /** Why the last attempt to pause or resume failed; absent after a success. */
  readonly failure?: string;
}

const report = (status: ConditionStatus, reason: string, message: string): DriftReport => ({ status, reason, message });
const sentence = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join('; ');
const HOW_TO_RESUME =
  'they resume after a failback, once their specs declare the new roles, or by hand: remove aurora-dr.io/paused-by and crossplane.io/paused';

function unmanaged({ listing: { isListed, isInstalled, forbidden, failure } }: DriftQuestion): DriftReport {
  if (forbidden.length > 0) {
    const message = `cannot tell whether Crossplane manages these clusters: the operator may not list ${forbidden.join(', ')}; grant get, list and patch, or set crossplane.mode to Off`;
    return report('Unknown', DRIFT_REASONS.AccessDenied, message);
  }
  if (!isListed) {
    return report('Unknown', DRIFT_REASONS.NotObserved, sentence('managed resources are not listed yet', failure));
  }
  const message = isInstalled
    ? 'no Crossplane managed resource describes these clusters'
    : 'the API server serves no managed resources of Crossplane’s AWS provider for RDS';
  return report('False', DRIFT_REASONS.NotManaged, message);
}

/** Counts what is paused, and by whom; nothing when nothing is. */
function pausesOf({ facts, resources }: DriftQuestion): string | undefined {
  const paused = resources.filter(({ isPaused }) => isPaused);
  const others = paused.filter((resource) => !isMarked(resource, facts.policy)).length;
  const whose = others === 0 ? '' : `, ${others} of them by somebody else`;
  return paused.length === 0
    ? undefined
    : `${paused.length} of ${resources.length} managed resources are paused${whose}`;
}

function drifting(question: DriftQuestion, armed: readonly RoleDrift[]): DriftReport {
  const exposed = armed.filter(({ resource }) => !resource.isPaused);
  const why = armed.map(({ message }) => message).join('; ');
  if (exposed.length > 0) {
    const names = [...new Set(exposed.map(({ resource }) => describeResource(resource)))].join(', ');
    const message = sentence(question.failure, `not paused: ${names}`, why);
    return report('True', DRIFT_REASONS.RolesDiffer, message);
  }
  return report('True', DRIFT_REASONS.ResourcesPaused, sentence(pausesOf(question), why, HOW_TO_RESUME));
}

function agreeing(question: DriftQuestion): DriftReport {
  const { facts, resources, drifts, failure, listing } = question;
  const remarks = drifts.map(({ message }) => message).join('; ');
  const limits = listing.forbidden.length === 0 ? '' : `not seen for lack of rights: ${listing.forbidden.join(', ')}`;
  if (failure !== undefined) {
    return report('Unknown', DRIFT_REASONS.NotObserved, sentence(failure, pausesOf(question), remarks, limits));
  }
  if (resources.some((resource) => isMarked(resource, facts.policy) && resource.isPaused)) {
    const why =
      facts.operation === undefined ? facts.unsettled : `operation ${facts.operation.operationId} is in flight`;
    return report('False', DRIFT_REASONS.ResourcesPaused, sentence(pausesOf(question), why, remarks, limits));
  }
  const message = `${resources.length} managed resources declare nothing that contradicts the observed roles`;
  return report(
    'False',
    DRIFT_REASONS.NoDrift,
    sentence(drifts.length === 0 ? message : remarks, pausesOf(question), limits),
  );
}

/** What people are told about a policy's managed resources. */
export function driftReportOf(question: DriftQuestion): DriftReport {
  const { facts, resources, drifts } = question;
  if (!facts.isEnabled) {
    const message = 'spec.crossplane.mode is Off: managed resources are neither read nor paused';
    return report('False', DRIFT_REASONS.NotManaged, message);
  }
  if (resources.length === 0) {
    return unmanaged(question);
  }
  const armed = drifts.filter(({ isArmed }) => isArmed);
  return armed.length > 0 ? drifting(question, armed) : agreeing(question);
}
