import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { auroraDr, kubectlWithPlugin, type PluginEnd } from './harness/plugin.ts';
import { POLICY, type PolicyScene } from './harness/policy-scene.ts';
import { Stage } from './harness/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
}, 120_000);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

/** Ends as it should, or shows what it printed. */
function ended({ code, stdout, stderr }: PluginEnd, expected: number): string {
  if (code !== expected) {
    throw new Error(`the plugin ended with ${code}, not with ${expected}\n${stdout}\n${stderr}`);
  }
  return stdout;
}

const dataOf = (end: PluginEnd): Record<string, unknown> => JSON.parse(end.stdout) as Record<string, unknown>;

function secondRegion(scene: PolicyScene): string {
  const region = scene.manifest().spec.regions[1]?.['name'];
  return String(region);
}

describe('kubectl aurora-dr', () => {
  test.concurrent(
    'given kubectl with the plugin on PATH, then kubectl lists it, and a slip of the keyboard ends with 2',
    async () => {
      const listed = await kubectlWithPlugin(['plugin', 'list', '--name-only']);
      expect(listed.stdout).toContain('kubectl-aurora_dr');
      expect(ended(await kubectlWithPlugin(['aurora-dr', '--help']), 0)).toContain('Exit codes:');
      expect((await kubectlWithPlugin(['aurora-dr', 'stats'])).stderr).toContain('Did you mean status?');
      ended(await kubectlWithPlugin(['aurora-dr', 'stats']), 2);
      ended(await kubectlWithPlugin(['aurora-dr', 'failover', 'x', '--timeout', 'soon']), 2);
      const nowhere = await kubectlWithPlugin(['aurora-dr', 'status', '--kubeconfig', '/does/not/exist']);
      ended(nowhere, 1);
      expect(nowhere.stderr).toContain('cannot load the kubeconfig');
    },
    120_000,
  );

  test.concurrent(
    'given a protected policy, when people look and ask, then the plugin tells, follows to the end, and ends with what came of it',
    () =>
      stage.play({}, async (scene) => {
        await scene.protect();
        const target = secondRegion(scene);

        // Who is primary, and would a failover work?
        const text = ended(await auroraDr(scene, ['status', POLICY]), 0);
        expect(text).toContain('us-east-1 is the primary and serves');
        expect(text).toMatch(/YES +us-west-2 could take over/);
        expect(text).not.toContain('\u001B[');
        const status = dataOf(await auroraDr(scene, ['status', POLICY, '--exit-code', '-o', 'json']));
        expect(status).toMatchObject({
          name: POLICY,
          primaryRegion: 'us-east-1',
          failover: { wouldWork: 'yes', startsByItself: true },
        });
        expect(status['events']).not.toHaveLength(0);
        expect(ended(await auroraDr(scene, ['status']), 0)).toContain('us-east-1 is the primary');
        const missing = await auroraDr(scene, ['status', 'other']);
        ended(missing, 1);
        expect(missing.stderr).toContain(`there are: ${POLICY}`);

        // Followed until Ctrl-C, a line for each change.
        const watched = await auroraDr(scene, ['status', POLICY, '--watch', '-o', 'json'], {
          interruptAt: '"phase":"Protected"',
        });
        ended(watched, 130);
        const [line = ''] = watched.stdout.split('\n');
        expect(JSON.parse(line)).toMatchObject({ name: POLICY, failover: { wouldWork: 'yes' } });

        // kubectl's own completion, by the plugin's.
        const environment = { KUBECONFIG: scene.plane.kubeconfig };
        const completed = await kubectlWithPlugin(['__complete', 'aurora-dr', 'status', '-n', scene.namespace, ''], {
          environment,
        });
        expect(completed.stdout).toContain(`${POLICY}\tProtected, us-east-1`);

        // Nothing dangerous without a word.
        const unasked = await auroraDr(scene, ['switchover', POLICY]);
        ended(unasked, 6);
        expect(unasked.stderr).toContain('add --yes');
        ended(await auroraDr(scene, ['failover', POLICY, '--yes']), 2);
        ended(await auroraDr(scene, ['switchover', POLICY, 'mars-north-1', '--yes']), 2);
        expect(scene.mutatingCalls).toEqual([]);

        // The pre-flight, from the user's machine with the user's credentials.
        const checked = await auroraDr(scene, ['check', POLICY, '--metric-period', '1s', '-o', 'json']);
        ended(checked, 0);
        expect(dataOf(checked)['checks']).toContainEqual(
          expect.objectContaining({
            area: 'Failover',
            what: 'Target',
            verdict: 'ok',
            message: 'us-west-2 can take over',
          }),
        );
        const nobody = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
        const uncredited = await auroraDr(scene, ['check', POLICY], { environment: nobody });
        expect(ended(uncredited, 7)).toMatch(/FAIL +us-west-2 +cannot tell who calls AWS in us-west-2/);
        expect(scene.mutatingCalls).toEqual([]);

        // A refusal says why.
        const refused = await auroraDr(scene, ['failback', POLICY, '--yes']);
        expect(ended(refused, 3)).toContain('Refused: AlreadyPrimary: us-east-1 is the primary already');

        // A simulation, with a verdict for each check.
        expect(ended(await auroraDr(scene, ['drill', POLICY]), 0)).toMatch(/✓ ok +Target +us-west-2 can take over/);

        // To the other region and back, each followed to its end.
        const moved = ended(await auroraDr(scene, ['switchover', POLICY, target, '--yes']), 0);
        expect(moved).toContain('Accepted: Switchover to us-west-2');
        expect(moved).toMatch(/Succeeded in .*: us-west-2 is the writer; data loss: none/);
        expect((await scene.status()).primaryRegion).toBe(target);
        const [newest] = (await scene.status()).history ?? [];
        expect(ended(await auroraDr(scene, ['acknowledge', POLICY, newest?.id ?? '']), 0)).toContain('Accepted');
        await scene.until(
          'settled',
          ({ phase, cooldownUntil }) => phase === 'Protected' && cooldownUntil === undefined,
        );
        const back = await auroraDr(scene, ['failback', POLICY, '--yes', '-o', 'json']);
        ended(back, 0);
        expect(dataOf(back)).toMatchObject({
          answer: { result: 'Accepted', action: 'failback' },
          operation: { type: 'Switchover', trigger: 'Failback', outcome: 'Succeeded', to: 'us-east-1' },
        });
        const history = dataOf(await auroraDr(scene, ['history', POLICY, '-o', 'json']));
        expect(history['items']).toHaveLength(3);
        expect(scene.mutatingCalls).toHaveLength(2);

        // Held and let go again.
        ended(await auroraDr(scene, ['suspend', POLICY, '--yes']), 0);
        expect((await scene.policy()).spec.suspend).toBe(true);
        expect(ended(await auroraDr(scene, ['status', POLICY]), 0)).toContain('spec.suspend is true');
        ended(await auroraDr(scene, ['resume', POLICY]), 0);
        expect((await scene.policy()).spec.suspend).toBe(false);
      }),
    180_000,
  );

  test.concurrent(
    'given a lost region in mode Manual, when a person fails over with the plugin, then the loss is told and the end is awaited; without an operator the request is taken back',
    () =>
      stage.play({}, async (scene) => {
        const directory = await mkdtemp(join(tmpdir(), 'aurora-dr-plugin-'));
        scene.startOperator(['--decision-log-directory', directory]);
        await scene.applyPolicy({ failover: { mode: 'Manual', dataLoss: 'Allow' } });
        await scene.until('Protected', ({ phase }) => phase === 'Protected');
        await scene.untilPassing();
        await scene.aws.loseRegion('us-east-1');
        await scene.untilCondition('PrimaryHealthy', 'PrimaryLost');
        const lost = ended(await auroraDr(scene, ['status', POLICY]), 0);
        expect(lost).toMatch(/us-east-1 is the primary and is NOT seen serving since/);
        expect(lost).toContain(`kubectl aurora-dr failover ${POLICY}`);

        const moved = await auroraDr(scene, ['failover', POLICY, '--yes', '--accept-data-loss', '-o', 'json']);
        ended(moved, 0);
        expect(dataOf(moved)).toMatchObject({
          answer: { result: 'Accepted', acceptDataLoss: true },
          operation: { type: 'Failover', trigger: 'Annotation', outcome: 'Succeeded', to: 'us-west-2' },
        });
        expect(ended(await auroraDr(scene, ['status', POLICY]), 0)).toContain('SplitBrainRisk');

        await scene.operators[0]?.stop();
        const log = join(directory, `${scene.namespace}_${POLICY}.jsonl`);
        const reported = await auroraDr(scene, ['report', 'latest', '--decision-log', log, '-d', directory]);
        const [markdown = '', html = '', svg = ''] = ended(reported, 0).split('\n');
        expect(await readFile(markdown, 'utf8')).toMatch(/signal controlPlane: \w+ → Failing/);
        expect(await readFile(html, 'utf8')).toContain('<svg xmlns=');
        expect(await readFile(svg, 'utf8')).toContain('FailoverGlobalCluster is called');
        await rm(directory, { recursive: true });
        const unanswered = await auroraDr(scene, ['drill', POLICY, '--timeout', '1s']);
        ended(unanswered, 5);
        expect(unanswered.stderr).toContain('check that the operator runs');
        const interrupted = await auroraDr(scene, ['drill', POLICY], { interruptAt: 'asked for drill' });
        expect(ended(interrupted, 130)).toContain('the request was taken back');
        expect(await scene.annotations()).toEqual({});
        ended(await auroraDr(scene, ['drill', POLICY, '--no-wait']), 0);
        expect(await scene.annotations()).toEqual({ drill: 'Simulate' });
        const second = await auroraDr(scene, ['drill', POLICY]);
        ended(second, 1);
        expect(second.stderr).toContain('has a request that nobody has answered yet');
      }),
    180_000,
  );
});
