import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aRound, MINUTE, SECOND } from './failover/testing/a-round.ts';
import { aSettings, signalsNamed } from './failover/testing/a-settings.ts';
import { lostPrimary } from './failover/testing/losses.ts';
import { Recording } from './failover/testing/recording.ts';

const program = fileURLToPath(new URL('replay.ts', import.meta.url));

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'replay-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function run(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { cwd: directory, env: { ...process.env, NODE_OPTIONS: '' } };
    execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

/** Healthy rounds and then a loss, up to the decision: six lines, the fourth of them standing alone too. */
function aLoss(): string[] {
  const recording = new Recording(
    aSettings({ signals: signalsNamed('controlPlane', 'endpoint', 'replication', 'http') }),
  );
  const loss = 60 * MINUTE;
  for (const at of [-30, -20, -10, 0, 10, 20].map((seconds) => loss + seconds * SECOND)) {
    recording.isAlone ||= at === loss;
    recording.see(aRound(at < loss ? { at, witness: 200 } : { ...lostPrimary(loss)(at), at }));
  }
  return recording.decisions.map((decision) => JSON.stringify(decision));
}

const write = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);

describe('npm run replay', () => {
  it('given the files of a log, oldest first, tells every record and ends with 0', async () => {
    const lines = aLoss();
    await write('orders.jsonl.1', `${lines.slice(0, 3).join('\n')}\n`);
    await write('orders.jsonl', `${lines.slice(3).join('\n')}\n`);
    const { code, stdout, stderr } = await run('orders.jsonl.1', 'orders.jsonl');

    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('ns/orders (uid uid-1), decided by process-1');
    expect(stdout).toContain('FailOver to us-west-2, estimated loss 100 ms');
    expect(stdout).toContain('http (witness) Failing since 2026-01-01T01:00:01.000Z, votes');
    expect(stdout).toContain('6 records replayed: every verdict is as recorded');
  });

  it('given --json, prints one object for each record', async () => {
    await write('orders.jsonl', aLoss().join('\n'));
    const { code, stdout } = await run('--json', 'orders.jsonl');
    const told = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);

    expect(code).toBe(0);
    expect(told).toHaveLength(6);
    expect(told.at(-1)).toMatchObject({
      file: 'orders.jsonl',
      line: 6,
      kind: 'Round',
      verdict: { kind: 'FailOver', target: 'us-west-2' },
      replay: { kind: 'Same' },
    });
  });

  it('given a verdict that was changed, ends with 1 and names the line, the difference and the other program', async () => {
    const lines = aLoss().map((line) => line.replace('"kind":"FailOver"', '"kind":"Calm"'));
    await write('orders.jsonl', `${lines.join('\n')}\n`);
    const { code, stderr } = await run('orders.jsonl');

    expect(code).toBe(1);
    expect(stderr).toContain(
      'orders.jsonl:6: the replay says something else than the record (decided by test; this is',
    );
    expect(stderr).toContain('verdict.kind: recorded "Calm", replayed "FailOver"');
    expect(stderr).toContain('1 of 6 records failed');
  });

  it('given a line that a crash broke off, leaves it out at the end of a file and refuses it anywhere else', async () => {
    const lines = aLoss();
    const [broken = ''] = lines.slice(-1);
    await write('end.jsonl', `${lines.slice(0, 5).join('\n')}\n${broken.slice(0, 99)}`);
    await write('middle.jsonl', `${[...lines.slice(0, 4), broken.slice(0, 99), ...lines.slice(4)].join('\n')}\n`);
    await write('whole.jsonl', `${lines.slice(0, 5).join('\n')}\n${broken.slice(0, 99)}\n`);

    const end = await run('end.jsonl');
    expect(end.stderr).toContain('end.jsonl:6: the last line is broken off, as by a crash: left out');
    expect(end.code).toBe(0);
    expect(end.stdout).toContain('5 records replayed');

    const middle = await run('middle.jsonl');
    expect(middle.stderr).toContain('middle.jsonl:5: cannot be read');
    expect(middle.code).toBe(1);
    expect((await run('whole.jsonl')).code).toBe(1);
  });

  it('given a log whose beginning is gone, says what it could not check', async () => {
    const lines = aLoss();
    await write('part.jsonl', lines.slice(1).join('\n'));
    await write('rest.jsonl', lines.slice(1, 3).join('\n'));

    const part = await run('part.jsonl');
    expect(part.stderr).toContain('2 records were not checked');
    expect(part.stdout).toContain('3 records replayed');
    expect(part.code).toBe(0);
    const rest = await run('rest.jsonl');
    expect(rest.stderr).toContain('nothing could be checked');
    expect(rest.code).toBe(1);
  });

  it('given records that are missing, of another version or of something else, ends with 1', async () => {
    const lines = aLoss();
    await write('gap.jsonl', [lines[0], lines[2]].join('\n'));
    await write('lost.jsonl', [lines[0], ...lines.slice(3)].join('\n'));
    await write('other.jsonl', '{"v":2,"kind":"Round"}\n{}\nnull\n');

    const [gap, lost, other] = await Promise.all([run('gap.jsonl'), run('lost.jsonl'), run('other.jsonl')]);
    expect(gap).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('gap.jsonl:2: cannot be replayed: record 3 follows 1'),
    });
    expect(lost).toMatchObject({ code: 0, stderr: expect.stringContaining('lost.jsonl:2: 2 records before this one') });
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('other.jsonl:1: cannot be read: its version is 2, and this program reads 1');
    expect(other.stderr).toContain('other.jsonl:3: cannot be read: it is not a record of a decision log');
  });

  it('given no file, or one that is not there, ends with 1 and says so', async () => {
    const [none, missing, help] = await Promise.all([run(), run('nowhere.jsonl'), run('--help')]);

    expect(none).toMatchObject({ code: 1, stderr: 'cannot replay: no file was named; see --help\n' });
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('nowhere.jsonl') });
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage: npm run replay') });
  });
});
