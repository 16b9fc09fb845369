/** API group of the operator's own kinds. */
export const GROUP = 'aurora-dr.io';
export const VERSION = 'v1alpha1';
/** As objects spell it in `apiVersion`. */
export const API_VERSION = 'aurora-dr.io/v1alpha1';
export const KIND = 'DisasterRecoveryPolicy';
export const PLURAL = 'disasterrecoverypolicies';

/** Which resource policies are, for a Kubernetes client. */
export const DISASTER_RECOVERY_POLICY = {
  group: GROUP,
  version: VERSION,
  plural: PLURAL,
  kind: KIND,
  namespaced: true,
} as const;
