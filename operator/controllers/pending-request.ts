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

type Annotations = Readonly<Record<string, string>>;

type Terms = Pick<PendingRequest, 'forceType' | 'hasAcceptedDataLoss'>;
const DEFAULT_TERMS: Terms = { forceType: 'Auto', hasAcceptedDataLoss: false };

/** `status.lastRequest` keeps this much of a value. */
const MAXIMUM_VALUE_LENGTH = 253;

const SINGLE_ACTIONS: readonly (readonly [string, RequestAction])[] = [
  [FAILBACK, 'failback'],
  [CONFIRM_FENCED, 'confirm-fenced'],
  [ACKNOWLEDGE, 'acknowledge'],
  [DRILL, 'drill'],
];

/** The next request in an object's annotations that nobody has answered, as far as these tell: a forced failover first. */
export function pendingRequest(annotations: Annotations | undefined): PendingRequest | undefined {
  return requestsIn(annotations)[0];
}

/**
 * What to deal with next, one at a time: first of all a request that `last` answered already and that waits to be removed.
 * Once another one is on record as the last, nothing would tell that this one is answered, and it would be done again.
 */
export function nextRequest(
  annotations: Annotations | undefined,
  last: LastRequest | undefined,
  operation: Operation | undefined,
): PendingRequest | undefined {
  const requests = requestsIn(annotations);
  return requests.find((request) => isSameRequest(request, last, operation)) ?? requests[0];
}

function requestsIn(annotations: Annotations | undefined): readonly PendingRequest[] {
  const valueOf = (key: string): string | undefined => annotations?.[key];
  const present = (...keys: string[]): string[] => keys.filter((key) => valueOf(key) !== undefined);
  const shortened = (value: string): string => value.trim().slice(0, MAXIMUM_VALUE_LENGTH);
  const terms: Terms = {
    forceType: shortened(valueOf(FORCE_TYPE) ?? DEFAULT_TERMS.forceType),
    hasAcceptedDataLoss: valueOf(ACCEPT_DATA_LOSS)?.trim() === AFFIRMATIVE,
  };
  const force = valueOf(FORCE_FAILOVER);
  const singles = SINGLE_ACTIONS.flatMap(([key, action]) => {
    const value = valueOf(key);
    // Beside a forced failover the terms are that one's.
    const own = force === undefined ? terms : DEFAULT_TERMS;
    return value === undefined ? [] : [{ action, value: shortened(value), ...own, keys: [key] }];
  });
  if (force !== undefined) {
    const keys = present(FORCE_FAILOVER, FORCE_TYPE, ACCEPT_DATA_LOSS);
    return [{ action: 'force-failover', value: shortened(force), ...terms, keys }, ...singles];
  }
  // Left behind, these would arm a later request that never asked for them.
  const strays = present(ACCEPT_DATA_LOSS, FORCE_TYPE);
  const [stray] = strays;
  return stray === undefined
    ? singles
    : [...singles, { action: 'accept-data-loss', value: shortened(valueOf(stray) ?? ''), ...terms, keys: strays }];
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
