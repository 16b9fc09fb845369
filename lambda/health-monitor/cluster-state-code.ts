import type { RegionRole } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';

/**
 * A member's role and its cluster's status as one number, because a metric is the only memory that a function has: the
 * role's code times 1000 plus the status's. 1001 is an available primary, 2001 an available secondary.
 */
export interface ClusterState {
  readonly role: RegionRole;
  /** As RDS spells it. */
  readonly status: string;
}

const ROLES: readonly RegionRole[] = ['Primary', 'Secondary', 'Missing'];

/**
 * Their places in this list are their codes, so it is only ever added to at its end.
 * Source: "Viewing DB cluster status" in the Aurora user guide.
 */
const STATUSES: readonly string[] = [
  'available',
  'backing-up',
  'backtracking',
  'cloning-failed',
  'creating',
  'deleting',
  'failing-over',
  'inaccessible-encryption-credentials',
  'inaccessible-encryption-credentials-recoverable',
  'maintenance',
  'migrating',
  'migration-failed',
  'modifying',
  'promoting',
  'preparing-data-migration',
  'renaming',
  'resetting-master-credentials',
  'starting',
  'stopped',
  'stopping',
  'storage-optimization',
  'update-iam-db-auth',
  'upgrading',
  'failed',
  'rebooting',
  'switching-over',
];

const ROLE_STEP = 1000;
/** Statuses that are not listed share the codes from here on, by a hash: two of them seldom look the same. */
const FIRST_UNLISTED = 500;

function hashOf(text: string): number {
  return Array.from(text).reduce((hash, character) => (hash * 31 + (character.codePointAt(0) ?? 0)) % 499, 7);
}

function statusCode(status: string): number {
  const index = STATUSES.indexOf(status);
  return index < 0 ? FIRST_UNLISTED + hashOf(status) : index + 1;
}

export function clusterStateCode({ role, status }: ClusterState): number {
  return (ROLES.indexOf(role) + 1) * ROLE_STEP + statusCode(status);
}

/** In words, for people: what a code says, as far as it does. */
export function describeClusterState(code: number): string {
  const role = ROLES[Math.floor(code / ROLE_STEP) - 1]?.toLowerCase() ?? 'role unknown';
  return `${role}, ${STATUSES[(code % ROLE_STEP) - 1] ?? 'another status'}`;
}
