import type { Check } from './checks.ts';
import type { Measurements } from './measurements.ts';
import type { Narrator } from './narrator.ts';
import type { TimelineEntry } from './timeline.ts';

/** The demo's result as data: what `--json` prints. */
export interface DemoReport {
  readonly hasPassed: boolean;
  /** Why the demo ended early; absent when it did not. */
  readonly error?: string;
  readonly checks: readonly Check[];
  readonly failover?: { readonly timeline: readonly TimelineEntry[]; readonly measurements: Measurements };
  readonly switchover?: { readonly timeline: readonly TimelineEntry[] };
  /** How long the whole run took, set-up included. */
  readonly elapsedMilliseconds: number;
}

const TIME_WIDTH = 9;
const SOURCE_WIDTH = 13;

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(3)} s`;

export function tellTimeline(narrator: Narrator, timeline: readonly TimelineEntry[]): void {
  narrator.line('');
  for (const { afterMilliseconds, source, what } of timeline) {
    const time = `+${seconds(afterMilliseconds)}`.padStart(TIME_WIDTH);
    narrator.line(`  ${narrator.paint('bold', time)}  ${narrator.paint('dim', source.padEnd(SOURCE_WIDTH))}  ${what}`);
  }
}

export function tellMeasurements(narrator: Narrator, measured: Measurements): void {
  const row = (label: string, value: string, note: string): void =>
    narrator.line(`  ${label.padEnd(12)} ${value.padStart(9)}   ${note}`);
  narrator.line('');
  row(
    'evidence',
    seconds(measured.evidenceMilliseconds),
    'loss → last failing round complete: what the policy asks for',
  );
  row('reaction', seconds(measured.reactionMilliseconds), 'last failing round → FailoverGlobalCluster: the operator');
  row(
    'promotion',
    seconds(measured.promotionMilliseconds),
    'call → new writer visible: the local AWS (Aurora: minutes)',
  );
  row('publication', seconds(measured.publicationMilliseconds), 'new writer visible → ConfigMap written: the operator');
  narrator.line('');
  const window = `loss → call; the configured detection window is ${measured.configuredDetectionWindow}`;
  row('detection', seconds(measured.detectionMilliseconds), window);
  row('recovery', seconds(measured.recoveryMilliseconds), 'loss → clients are sent to the new writer');
  const worst = `at worst ${measured.worstCaseDataLossMilliseconds} ms; truly lost: ${measured.trueDataLossMilliseconds} ms`;
  row('data loss', `${measured.estimatedDataLossMilliseconds} ms`, `estimated before acting; ${worst}`);
}

export function tellVerdict(narrator: Narrator, report: DemoReport): void {
  const failed = report.checks.filter((check) => !check.hasPassed);
  const elapsed = `${(report.elapsedMilliseconds / 1000).toFixed(0)} s`;
  if (report.hasPassed) {
    narrator.line(`\n${narrator.paint('green', `All ${report.checks.length} checks passed`)} in ${elapsed}.`);
    return;
  }
  const found =
    failed.length === 0 ? 'The demo could not go on' : `${failed.length} of ${report.checks.length} checks failed`;
  narrator.line(`\n${narrator.paint('red', found)} (${elapsed}).`);
  if (report.error !== undefined) {
    narrator.line(report.error);
  }
}
