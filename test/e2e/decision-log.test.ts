import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Decision, VerdictSummary } from '../../operator/failover/decision.ts';
import { POLICY } from './harness/policy-scene.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

let stage: Stage;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'decisions-'));
  stage = await Stage.start();
}, SCENE_TIMEOUT);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

interface Replay {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `npm run replay -- …` runs. */
function replay(...args: readonly string[]): Promise<Replay> {
  return new Promise((resolve) => {
    const env = { ...process.env, NODE_OPTIONS: '' };
    const maxBuffer = 64 * 1024 * 1024;
    execFile(
      process.execPath,
      ['operator/replay.ts', ...args],
      { cwd: root, env, maxBuffer },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

interface Told {
  readonly kind: Decision['kind'];
  readonly verdict?: VerdictSummary;
  readonly signals?: readonly { readonly name: string; readonly state: string; readonly message: string }[];
}

test(
  'given a lost region, when its failover is over, then the decision log replays to the same verdicts, restart included',
  () =>
    stage.play({ flags: ['--decision-log-directory', directory] }, async (scene) => {
      await scene.protect();
      await scene.operators[0]?.kill();
      scene.startOperator();
      await scene.letRoundsPass(3);
      await scene.aws.loseRegion('us-east-1');
      const { history = [] } = await scene.untilHistory(1);
      await scene.operators[1]?.stop();

      const file = join(directory, `${scene.namespace}_${POLICY}.jsonl`);
      expect(await readdir(directory)).toEqual([`${scene.namespace}_${POLICY}.jsonl`]);

      const human = await replay(file);
      expect(human.stderr).toBe('');
      expect(human.code).toBe(0);
      expect(human.stdout).toContain(`${scene.namespace}/${POLICY}`);
      expect(human.stdout).toMatch(/FailOver to us-west-2, estimated loss \d+ ms/);
      expect(human.stdout).toMatch(/endpoint \(direct\) Failing since .*, votes, last passed /);
      expect(human.stdout).toContain(`Failover ${history[0]?.id ?? ''} at step`);

      const { code, stdout } = await replay('--json', file);
      const told = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Told);
      const rounds = told.filter(({ kind }) => kind === 'Round');
      const decision = rounds.find(({ verdict }) => verdict?.kind === 'FailOver');
      expect(code).toBe(0);
      expect(decision?.verdict).toMatchObject({ kind: 'FailOver', target: 'us-west-2' });
      expect(decision?.signals?.map(({ name, state }) => `${name} ${state}`)).toEqual(
        expect.arrayContaining(['controlPlane Failing', 'endpoint Failing', 'http Failing']),
      );
      // Confirming round by round before it, and what AWS answered after it.
      expect(rounds.filter(({ verdict }) => verdict?.kind === 'Held').length).toBeGreaterThanOrEqual(2);
      expect(told.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['Verdict', 'Note', 'Follow']));

      const forged = join(directory, 'forged.jsonl');
      const lines = (await readFile(file, 'utf8')).split('\n');
      const at = lines.findIndex((line) => line.includes('"kind":"FailOver"'));
      lines[at] = (lines[at] ?? '').replace('"kind":"FailOver"', '"kind":"Calm"');
      await writeFile(forged, lines.join('\n'));
      const caught = await replay(forged);
      expect(caught.code).toBe(1);
      expect(caught.stderr).toContain(`${forged}:${at + 1}: the replay says something else than the record`);
      expect(caught.stderr).toContain('verdict.kind: recorded "Calm", replayed "FailOver"');
    }),
  SCENE_TIMEOUT,
);
