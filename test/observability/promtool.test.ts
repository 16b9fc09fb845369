import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { alertsPath, loadAlerts } from './alerts.ts';
import { ensurePromtool } from './promtool.ts';

const run = promisify(execFile);
const testsPath = fileURLToPath(new URL('alerts.tests.yaml', import.meta.url));
/** The first build takes minutes. */
const buildTimeout = 900_000;
/** It evaluates days of minutes. */
const evaluationTimeout = 120_000;

interface RuleTest {
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
}

describe('the alerts, given to Prometheus itself', () => {
  let promtool: string;
  beforeAll(async () => {
    promtool = await ensurePromtool();
  }, buildTimeout);

  it(
    'given the rules, when checked, then they are rules',
    async () => {
      const { stdout } = await run(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', alertsPath]);
      expect(stdout).toContain(`SUCCESS: ${loadAlerts().length} rules found`);
    },
    evaluationTimeout,
  );

  it(
    'given series, when evaluated, then each alert fires when it should, with its words, and not before',
    async () => {
      const { stdout } = await run(promtool, ['test', 'rules', testsPath]);
      expect(stdout).toContain('SUCCESS');
    },
    evaluationTimeout,
  );

  it('given the tests of the rules, then each alert is seen to fire and not to fire', () => {
    const { tests } = parse(readFileSync(testsPath, 'utf8')) as { tests: RuleTest[] };
    const cases = tests.flatMap((test) => test.alert_rule_test);
    const seen = (isFiring: boolean): string[] =>
      [
        ...new Set(cases.filter((one) => one.exp_alerts.length > 0 === isFiring).map(({ alertname }) => alertname)),
      ].toSorted();
    const all = loadAlerts()
      .map(({ alert }) => alert)
      .toSorted();
    expect(seen(true)).toEqual(all);
    expect(seen(false)).toEqual(all);
  });
});
