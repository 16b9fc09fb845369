import { PAUSED, PAUSED_BY, PAUSED_FOR, PAUSED_FROM, type ManagedResource } from './managed-resource.ts';

/** What a policy wants of the managed resources of its members. */
export type PauseWish =
  /** Paused, for this operation. */
  | { readonly kind: 'Hold'; readonly operationId: string; readonly fromRegion: string }
  /** As they are: the operator's own pauses stay, and nothing new is paused. */
  | { readonly kind: 'Keep' }
  /** Reconciled again, as far as the operator paused them. */
  | { readonly kind: 'Release'; readonly operationId?: string };

/** A merge patch of annotations. */
export type AnnotationPatch = Readonly<Record<string, string | null>>;

/** Whether the operator paused this resource for this policy, and nobody has taken that over. */
export function isMarked(resource: ManagedResource, policy: string): boolean {
  return resource.pausedBy === policy;
}

function hold(
  resource: ManagedResource,
  policy: string,
  operationId: string,
  fromRegion: string,
): AnnotationPatch | undefined {
  if (isMarked(resource, policy)) {
    const isCurrent = resource.isPaused && resource.pausedFor === operationId;
    return isCurrent ? undefined : { [PAUSED]: 'true', [PAUSED_FOR]: operationId };
  }
  // Paused without our mark: somebody else's. Marked for this operation before: a person took the mark away.
  if (resource.isPaused || resource.pausedFor === operationId) {
    return undefined;
  }
  return { [PAUSED]: 'true', [PAUSED_BY]: policy, [PAUSED_FOR]: operationId, [PAUSED_FROM]: fromRegion };
}

function release(
  resource: ManagedResource,
  policy: string,
  operationId: string | undefined,
): AnnotationPatch | undefined {
  return isMarked(resource, policy)
    ? {
        [PAUSED]: null,
        [PAUSED_BY]: null,
        [PAUSED_FROM]: null,
        ...(operationId === undefined ? {} : { [PAUSED_FOR]: operationId }),
      }
    : undefined;
}

/**
 * What to write to one resource so that it is as wished; undefined when nothing is.
 *
 * @param policy `namespace/name`
 */
export function decidePause(resource: ManagedResource, policy: string, wish: PauseWish): AnnotationPatch | undefined {
  switch (wish.kind) {
    case 'Hold':
      return hold(resource, policy, wish.operationId, wish.fromRegion);
    case 'Keep':
      // Only the mark says that a person wants it resumed: a pause that went without it is put back.
      return isMarked(resource, policy) && !resource.isPaused ? { [PAUSED]: 'true' } : undefined;
    case 'Release':
      return release(resource, policy, wish.operationId);
  }
}
