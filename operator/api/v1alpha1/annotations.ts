/** Prefix of all annotations that people set on a policy. They are requests: the operator removes them once decided. */
export const ANNOTATION_PREFIX = 'aurora-dr.io/';

/** Asks for a failover or switchover now. A region of the policy, or {@link ANY_REGION} for the best candidate. */
export const FORCE_FAILOVER = 'aurora-dr.io/force-failover';

/** Refines {@link FORCE_FAILOVER}: one of {@link FORCE_TYPES}; absent means Auto. */
export const FORCE_TYPE = 'aurora-dr.io/force-type';

/** `"true"` accepts that writes are lost. Counts only together with {@link FORCE_FAILOVER}. */
export const ACCEPT_DATA_LOSS = 'aurora-dr.io/accept-data-loss';

/** `"true"` asks for a switchover back to the preferred region. */
export const FAILBACK = 'aurora-dr.io/failback';

/** Asks for a rehearsal: one of {@link DRILL_MODES}. */
export const DRILL = 'aurora-dr.io/drill';

/** An operation's id: ends the cooldown that followed it. */
export const ACKNOWLEDGE = 'aurora-dr.io/acknowledge';

/** An operation's id: a person vouches that the old primary no longer takes writes. */
export const CONFIRM_FENCED = 'aurora-dr.io/confirm-fenced';

/** Every annotation that is a request. */
export const REQUEST_ANNOTATIONS = [
  FORCE_FAILOVER,
  FORCE_TYPE,
  ACCEPT_DATA_LOSS,
  FAILBACK,
  DRILL,
  ACKNOWLEDGE,
  CONFIRM_FENCED,
] as const;

/** Value of {@link FORCE_FAILOVER} that leaves the choice of the region to the operator. */
export const ANY_REGION = 'any';

/** Value of {@link ACCEPT_DATA_LOSS} and {@link FAILBACK}; any other is refused. */
export const AFFIRMATIVE = 'true';

/** Values of {@link FORCE_TYPE}. */
export const FORCE_TYPES = ['Auto', 'Switchover', 'Failover'] as const;
export type ForceType = (typeof FORCE_TYPES)[number];

/** Values of {@link DRILL}. */
export const DRILL_MODES = ['Simulate', 'Switchover'] as const;

/** Keeps an object while an operation is in flight: a policy is released once nothing is. */
export const FINALIZER = 'aurora-dr.io/operation';
