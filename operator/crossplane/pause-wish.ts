import type { GuardFacts } from './guard-facts.ts';
import type { ManagedResource } from './managed-resource.ts';
import { isMarked, type PauseWish } from './pause-decision.ts';
import type { RoleDrift } from './role-drift.ts';

/** Whether the primary is where it was before the first role change that these resources were paused for. */
function isBack({ policy, roles }: GuardFacts, resources: readonly ManagedResource[]): boolean {
  const marked = resources.filter((resource) => isMarked(resource, policy));
  return marked.length > 0 && marked.every(({ pausedFrom }) => pausedFrom === roles?.primary.region);
}

/**
 * What a policy wants of its managed resources: paused during a role change and for as long as declared and observed
 * roles differ afterwards; reconciled again after a failback, or once the new roles are declared.
 */
export function pauseWishOf(
  facts: GuardFacts,
  resources: readonly ManagedResource[],
  drifts: readonly RoleDrift[],
): PauseWish {
  const { operation, lastChange, roles, unsettled } = facts;
  if (operation !== undefined) {
    return { kind: 'Hold', ...operation };
  }
  if (roles === undefined) {
    return { kind: 'Keep' };
  }
  if (unsettled === undefined && (drifts.length === 0 || isBack(facts, resources))) {
    return { kind: 'Release', ...(lastChange === undefined ? {} : { operationId: lastChange.operationId }) };
  }
  return lastChange === undefined ? { kind: 'Keep' } : { kind: 'Hold', ...lastChange };
}
