import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { DemoReport } from './report.ts';
import type { TimelineEntry } from './timeline.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const DEMO_MILLISECONDS = 240_000;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function runDemo(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** Where in the timeline each of these is, to be compared with their sorted copy. */
function places(timeline: readonly TimelineEntry[], wanted: readonly RegExp[]): number[] {
  return wanted.map((pattern) => timeline.findIndex(({ what }) => pattern.test(what)));
}

describe('the demo', () => {
  it(
    'verifies every step, and tells it in order as data',
    async () => {
      const { code, stdout, stderr } = await runDemo(['--json']);
      const report = JSON.parse(stdout) as DemoReport;

      expect(report.checks.filter((check) => !check.hasPassed)).toEqual([]);
      expect({ code, hasPassed: report.hasPassed, error: report.error }).toEqual({ code: 0, hasPassed: true });
      expect(stderr).toContain(`All ${report.checks.length} checks passed`);
      for (const title of [
        /accepts the policy/,
        /refuses a bad manifest/,
        /Protected and every signal holds a vote/,
        /successful automatic failover/,
        /exactly one call/,
        /ConfigMap transactions-writer names the writer that RDS in us-west-2 names/,
        /true loss is within the worst case/,
        /successful switchover/,
        /the policy can be deleted/,
      ]) {
        expect(report.checks.map((check) => check.title)).toContainEqual(expect.stringMatching(title));
      }

      const failover = places(report.failover?.timeline ?? [], [
        /^us-east-1 is lost$/,
        /^failing round 3 is complete$/,
        /^decision: fail over to us-west-2; Failing: controlPlane, endpoint/,
        /registered in status.operation/,
        /^FailoverGlobalCluster arrives in us-west-2: ok$/,
        /^us-west-2 is promoted$/,
        /^the operator sees us-west-2 as the writer$/,
        /published, writer/,
      ]);
      expect(failover).not.toContain(-1);
      expect(failover).toEqual(failover.toSorted((one, other) => one - other));
      const switchover = places(report.switchover?.timeline ?? [], [
        /^kubectl annotate/,
        /registered in status.operation/,
        /^SwitchoverGlobalCluster arrives in us-west-2: ok$/,
        /^us-east-1 is promoted$/,
      ]);
      expect(switchover).not.toContain(-1);
      expect(switchover).toEqual(switchover.toSorted((one, other) => one - other));

      const measured = report.failover?.measurements;
      const { evidenceMilliseconds = Number.NaN, reactionMilliseconds = Number.NaN } = measured ?? {};
      const { promotionMilliseconds = Number.NaN, publicationMilliseconds = Number.NaN } = measured ?? {};
      expect(measured?.detectionMilliseconds).toBe(evidenceMilliseconds + reactionMilliseconds);
      expect(measured?.recoveryMilliseconds).toBe(
        evidenceMilliseconds + reactionMilliseconds + promotionMilliseconds + publicationMilliseconds,
      );
      expect(measured?.configuredDetectionWindow).toBe('4s500ms');
    },
    DEMO_MILLISECONDS,
  );

  it(
    'given no programs to start, says what to do, on stderr and as data, and exits 1',
    async () => {
      const { code, stdout, stderr } = await runDemo(['--json'], {
        AURORA_DR_TEST_KUBECONFIG: '',
        KUBEBUILDER_ASSETS: '/nonexistent',
      });
      const report = JSON.parse(stdout) as DemoReport;

      expect({ code, hasPassed: report.hasPassed, checks: report.checks }).toEqual({
        code: 1,
        hasPassed: false,
        checks: [],
      });
      expect(report.error).toContain('unset KUBEBUILDER_ASSETS');
      expect(stderr).toContain('unset KUBEBUILDER_ASSETS');
    },
    DEMO_MILLISECONDS,
  );

  it('given an unknown flag, names it and shows the usage', async () => {
    const { code, stdout, stderr } = await runDemo(['--jason']);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('--jason');
    expect(stderr).toContain('usage: npm run demo');
  });

  it('given --database together with --keep, which has nothing to keep, says so and starts nothing', async () => {
    const { code, stdout, stderr } = await runDemo(['--database', '--keep']);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('use --keep without --database');
  });

  it('given --help, prints the usage and nothing else', async () => {
    const { code, stdout, stderr } = await runDemo(['--help']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('usage: npm run demo');
  });
});
