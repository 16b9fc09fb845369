import { findCondition } from '../../operator/api/v1alpha1/conditions.ts';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { clockText, spanText } from './time-text.ts';

/**
 * The operator refreshes a status after twelve and a half minutes at most although nothing changed: an older one has nobody
 * behind it.
 */
export const STALE_MILLISECONDS = 15 * 60_000;

/** A policy as it was read, and what is known about the reading. */
export interface PolicySnapshot {
  readonly policy: DisasterRecoveryPolicy;
  /** When the status was last written, RFC 3339; undefined while it never was. */
  readonly writtenAt: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Would a failover work right now, and would it start by itself? */
export interface Readiness {
  readonly wouldWork: 'yes' | 'no' | 'unknown';
  /** CamelCase. */
  readonly reason: string;
  readonly message: string;
  /** Nothing more than a loss is needed: no person. */
  readonly startsByItself: boolean;
  /** Why it would not start by itself although it would work; empty when it would. */
  readonly holds: readonly string[];
  /** What else is worth knowing before one relies on it. */
  readonly remarks: readonly string[];
}

/** What a person has taken out of automation's hands, by the spec. */
function heldBySpec({ policy: { spec } }: PolicySnapshot): string[] {
  return [
    ...(spec.suspend ? ['spec.suspend is true'] : []),
    ...(spec.failover.mode === 'Manual' ? ['failover.mode is Manual: a person starts it'] : []),
  ];
}

/** What keeps automation from a failover that would work. */
function holdsOf(snapshot: PolicySnapshot): string[] {
  const { policy, now } = snapshot;
  const { cooldownUntil, incident, conditions } = policy.status ?? {};
  const rest = cooldownUntil === undefined ? 0 : Date.parse(cooldownUntil) - now;
  const progressing = findCondition(conditions, 'Progressing');
  const isHeld = incident !== undefined && progressing?.status === 'False';
  return [
    ...heldBySpec(snapshot),
    rest > 0 ? `cooldown until ${clockText(cooldownUntil ?? '')} (${spanText(rest)} left)` : '',
    isHeld ? `${progressing.reason}: ${progressing.message.replace(/^automatic failover is not started: /, '')}` : '',
  ].filter((hold) => hold !== '');
}

function remarksOf({ policy }: PolicySnapshot): string[] {
  const { status, metadata } = policy;
  const ready = findCondition(status?.conditions, 'Ready');
  const isOutdated = (status?.observedGeneration ?? metadata.generation) < metadata.generation;
  return [
    isOutdated ? 'the newest change of the spec is not worked in yet' : '',
    ready === undefined || ready.status === 'True' ? '' : `${ready.reason}: ${ready.message}`,
  ].filter((remark) => remark !== '');
}

function unknown(reason: string, message: string): Readiness {
  return { wouldWork: 'unknown', reason, message, startsByItself: false, holds: [], remarks: [] };
}

/** Why nothing in the status can be relied on; undefined when it can. */
function blindness({ policy, writtenAt, now }: PolicySnapshot): Readiness | undefined {
  if (policy.status?.phase === undefined) {
    return unknown(
      'NotObserved',
      'the operator has not looked at this policy yet: check that it runs and watches this namespace',
    );
  }
  const age = writtenAt === undefined ? 0 : now - Date.parse(writtenAt);
  return age > STALE_MILLISECONDS
    ? unknown(
        'StatusStale',
        `the status is ${spanText(age)} old, and an operator refreshes it every 12 min or so: check that the operator ` +
          'runs and reaches the API server. Everything below is as it was then',
      )
    : undefined;
}

/** Reads the answer out of the status. */
export function readinessOf(snapshot: PolicySnapshot): Readiness {
  const blind = blindness(snapshot);
  if (blind !== undefined) {
    return blind;
  }
  const condition = findCondition(snapshot.policy.status?.conditions, 'FailoverReady');
  const remarks = remarksOf(snapshot);
  if (condition === undefined || condition.status === 'Unknown') {
    return {
      ...unknown(condition?.reason ?? 'NotObserved', condition?.message ?? 'no round is complete yet'),
      remarks: [...heldBySpec(snapshot), ...remarks],
    };
  }
  const { status, reason, message } = condition;
  if (status !== 'True') {
    // Who suspended it sees so at once, though a failover would not work just now for another reason.
    const held = [...heldBySpec(snapshot), ...remarks];
    return { wouldWork: 'no', reason, message, startsByItself: false, holds: [], remarks: held };
  }
  const holds = holdsOf(snapshot);
  return { wouldWork: 'yes', reason, message, startsByItself: holds.length === 0, holds, remarks };
}
