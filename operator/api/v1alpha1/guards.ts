import type { DisasterRecoveryPolicy } from './disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY_SCHEMA } from './disaster-recovery-policy-schema.ts';
import { problemsWithSchema } from './structural-schema.ts';

/**
 * Why a value that a client returned as a policy is none, one sentence each; empty if it is one. The API server has
 * checked every object when it was written, but an object may have been stored under an older schema, and its types are
 * claims of a client that answers `any`. Checked is the type, presence and range of every field of spec and status, with
 * defaults filled in; rules across fields are the API server's.
 */
export function problemsOf(value: unknown): string[] {
  return problemsWithSchema(value, DISASTER_RECOVERY_POLICY_SCHEMA, 'policy');
}

/** Whether {@link problemsOf} finds nothing: then the value may be used as a policy. */
export function isDisasterRecoveryPolicy(value: unknown): value is DisasterRecoveryPolicy {
  return problemsOf(value).length === 0;
}
