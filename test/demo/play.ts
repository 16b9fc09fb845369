import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { Checks } from './checks.ts';
import type { Version } from './kubectl-watch.ts';
import type { Narrator } from './narrator.ts';
import type { Stage } from './stage.ts';

/** What every act plays with. */
export interface Play {
  readonly stage: Stage;
  readonly narrator: Narrator;
  readonly checks: Checks;
}

export type PolicyVersion = Version<DisasterRecoveryPolicy>;

/** Shows a kubectl command of a user and runs it in the demo's namespace. */
export async function userKubectl({ stage, narrator }: Play, args: readonly string[], input?: object): Promise<string> {
  narrator.command(`kubectl ${args.join(' ')}`);
  return stage.kubectl(args, input);
}

/** `kubectl get drp`, as a person would look. */
export async function showPolicies(play: Play): Promise<void> {
  const rows = (await userKubectl(play, ['get', 'drp'])).trimEnd().split('\n');
  for (const row of rows) {
    play.narrator.line(`    ${row}`);
  }
}

export interface Awaited {
  readonly title: string;
  readonly expected: string;
  readonly isFulfilled: (policy: DisasterRecoveryPolicy) => boolean;
  /** What of the policy to show beside `expected`. */
  readonly describe: (policy: DisasterRecoveryPolicy) => string;
  readonly timeoutMilliseconds: number;
}

/**
 * Waits until kubectl shows the policy as wanted, and notes that as a check.
 *
 * @throws DemoError when it does not come
 */
export async function awaitPolicy({ stage, narrator, checks }: Play, wish: Awaited): Promise<PolicyVersion> {
  const { title, expected, isFulfilled, describe, timeoutMilliseconds } = wish;
  const { ended } = stage.operator;
  const startedAt = performance.now();
  const waiting = stage.policyWatch.until(isFulfilled, timeoutMilliseconds, ended);
  const version = await narrator.during(`waiting for ${expected}`, waiting);
  if (version === undefined) {
    const newest = stage.policyWatch.newest;
    const found = newest === undefined ? 'no such object' : describe(newest.object);
    const end = stage.operator.end === undefined ? '' : `; the operator ended with ${stage.operator.end}`;
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    throw checks.missing(title, expected, `${found} after ${seconds} s${end}`);
  }
  checks.that(title, true, { expected, actual: describe(version.object) });
  return version;
}

export const conditionOf = (policy: DisasterRecoveryPolicy, type: string): string => {
  const condition = policy.status?.conditions?.find((candidate) => candidate.type === type);
  return condition === undefined ? 'absent' : `${condition.status} (${condition.reason})`;
};
