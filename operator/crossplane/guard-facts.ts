import type { ObservedMember, ObservedRoles } from './role-drift.ts';

/** A role change, in flight or over. */
export interface RoleChange {
  readonly operationId: string;
  readonly fromRegion: string;
}

/** What the guard of a policy's managed resources needs to know about it in one round. */
export interface GuardFacts {
  /** `namespace/name`. */
  readonly policy: string;
  /** `spec.crossplane.mode` is not Off. */
  readonly isEnabled: boolean;
  readonly globalClusterIdentifier: string;
  /** All configured members, whatever their role. */
  readonly members: readonly ObservedMember[];
  /** AWS account of the members, where an ARN told it: names repeat in other accounts. */
  readonly account?: string;
  /** Absent when this round proves nothing about roles: then nothing is judged, and nothing resumed. */
  readonly roles?: ObservedRoles;
  readonly operation?: RoleChange;
  /** The newest role change that took effect, whoever made it, if its target still is the primary. */
  readonly lastChange?: RoleChange;
  /** Why the roles, although observed, may still move: an old primary outstanding, AWS still at it. */
  readonly unsettled?: string;
}
