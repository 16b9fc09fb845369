import {
  ACCEPT_DATA_LOSS,
  ACKNOWLEDGE,
  AFFIRMATIVE,
  CONFIRM_FENCED,
  DRILL,
  FAILBACK,
  FORCE_FAILOVER,
  FORCE_TYPE,
} from '../api/v1alpha1/annotations.ts';
import type { LastRequest, RequestAction } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Operation } from '../failover/operation.ts';

/** What a person asked for by annotation and nobody has answered yet. */
export interface PendingRequest {
  readonly action: RequestAction;
  readonly value: string;
  readonly forceType: string;
  readonly hasAcceptedDataLoss: boolean;
  /** The annotations that make up this request: removed together, before anything is called. */
  readonly keys: readonly string[];
}

/** `status.lastRequest` keeps this much of a value. */
const MAXIMUM_VALUE_LENGTH = 253;

const SINGLE_ACTIONS: readonly (readonly [string, RequestAction])[] = [
  [FAILBACK, 'failback'],
  [CONFIRM_FENCED, 'confirm-fenced'],
  [ACKNOWLEDGE, 'acknowledge'],
  [DRILL, 'drill'],
];

/** The next request in an object's annotations: one at a time, a forced failover first. */
export function pendingRequest(annotations: Readonly<Record<string, string>> | undefined): PendingRequest | undefined {
  const valueOf = (key: string): string | undefined => annotations?.[key];
  const present = (...keys: string[]): string[] => keys.filter((key) => valueOf(key) !== undefined);
  const build = (action: RequestAction, value: string, keys: readonly string[]): PendingRequest => ({
    action,
    value: value.trim().slice(0, MAXIMUM_VALUE_LENGTH),
    forceType: (valueOf(FORCE_TYPE) ?? 'Auto').trim().slice(0, MAXIMUM_VALUE_LENGTH),
    hasAcceptedDataLoss: valueOf(ACCEPT_DATA_LOSS)?.trim() === AFFIRMATIVE,
    keys,
  });
  const force = valueOf(FORCE_FAILOVER);
  if (force !== undefined) {
    return build('force-failover', force, present(FORCE_FAILOVER, FORCE_TYPE, ACCEPT_DATA_LOSS));
  }
  for (const [key, action] of SINGLE_ACTIONS) {
    const value = valueOf(key);
    if (value !== undefined) {
      return build(action, value, [key]);
    }
  }
  // Left behind, these would arm a later request that never asked for them.
  const strays = present(ACCEPT_DATA_LOSS, FORCE_TYPE);
  return strays.length === 0 ? undefined : build('accept-data-loss', valueOf(strays[0] ?? '') ?? '', strays);
}

/**
 * Whether the annotations are the request that `last` answered already, and only wait to be removed: for an operation's
 * as long as it is at step Accepted, for any other until their removal is on record. After that the same words are a new
 * request.
 */
export function isSameRequest(
  request: PendingRequest,
  last: LastRequest | undefined,
  operation: Operation | undefined,
): boolean {
  const isWaiting =
    last?.operationId === undefined
      ? last?.annotationsRemoved === false
      : operation?.id === last.operationId && operation.step === 'Accepted';
  return (
    isWaiting &&
    last?.action === request.action &&
    last.value === request.value &&
    last.forceType === request.forceType &&
    last.acceptDataLoss === request.hasAcceptedDataLoss
  );
}
