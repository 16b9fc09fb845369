import { globSync } from 'node:fs';
import { matchesGlob } from 'node:path';

/** Every file has to reach this: per cent of its mutants killed. */
export const LOWEST_SCORE = 90;

/** What is pure, no I/O and no clock, and therefore mutated: the brain, and the rules outside of it. */
const PURE_MODULES: readonly string[] = [
  'operator/failover/**/*.ts',
  'operator/api/v1alpha1/bounded-text.ts',
  'operator/api/v1alpha1/duration.ts',
  'operator/api/v1alpha1/guards.ts',
  'operator/api/v1alpha1/structural-schema.ts',
  'operator/aws/classify.ts',
  'operator/aws/failover-events.ts',
  'operator/aws/transport-error.ts',
  'operator/controllers/announcements.ts',
  'operator/controllers/conditions-of.ts',
  'operator/controllers/drill-record.ts',
  'operator/controllers/finish-operation.ts',
  'operator/controllers/incident-status.ts',
  'operator/controllers/old-primary.ts',
  'operator/controllers/pending-request.ts',
  'operator/controllers/policy-record.ts',
  'operator/controllers/policy-status.ts',
  'operator/controllers/recovery-time.ts',
  'operator/controllers/rescue-record.ts',
  'operator/controllers/settings-of.ts',
  'operator/controllers/status-codec.ts',
  'operator/crossplane/drift-report.ts',
  'operator/crossplane/managed-resource.ts',
  'operator/crossplane/pause-decision.ts',
  'operator/crossplane/pause-wish.ts',
  'operator/crossplane/role-drift.ts',
  'operator/notifications/notification.ts',
];

const NOT_MUTATED: readonly string[] = ['**/*.test.ts', '**/testing/**'];

/** As Stryker wants it: what to mutate, then, each with a `!`, what not. */
export const MUTATE: readonly string[] = [...PURE_MODULES, ...NOT_MUTATED.map((pattern) => `!${pattern}`)];

/** The tests that may kill a mutant: those beside what is mutated, and those of the brain. */
export const TESTS: readonly string[] = PURE_MODULES.flatMap((pattern) => [
  pattern.replace(/\.ts$/, '.test.ts'),
  ...(pattern.includes('*') ? [] : [pattern.replace(/\.ts$/, '.property.test.ts')]),
]);

/** Whether the file, a path from the top of the repository, is mutated. */
export function isPureModule(file: string): boolean {
  const isMatch = (pattern: string): boolean => matchesGlob(file, pattern);
  return PURE_MODULES.some(isMatch) && !NOT_MUTATED.some(isMatch);
}

/** All pure modules of the checkout at `root`. */
export function pureModules(root: string): readonly string[] {
  return globSync(PURE_MODULES, { cwd: root }).filter(isPureModule).toSorted();
}

/**
 * The pure modules whose mutation score a change may have moved: those that it touches, and those beside a test that it
 * touches.
 */
export function touchedModules(changedFiles: readonly string[], exists: (file: string) => boolean): readonly string[] {
  const sources = changedFiles.map((file) => file.replace(/(\.property)?\.test\.ts$/, '.ts'));
  return [...new Set(sources)].filter((file) => isPureModule(file) && exists(file)).toSorted();
}
