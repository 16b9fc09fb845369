import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { unzipSync } from 'fflate';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FailoverAnswer } from '../../lambda/failover/failover-answer.ts';
import type { HealthReport } from '../../lambda/health-monitor/health-monitor.ts';
import { bundleFunction, FUNCTION_HANDLER, FUNCTION_NAMES, type FunctionName } from '../../scripts/bundle-functions.ts';
import { EAST, LambdaBench, WEST } from './lambda-bench.ts';

jest.setTimeout(60_000);

/** Does what Lambda's runtime does: loads the handler from the unpacked zip and calls it with an event. */
const RUNTIME = `
const [file, name] = process.argv[2].split('.');
const module = await import(new URL(file + '.mjs', process.argv[1]).href);
const context = { awsRequestId: 'bundled', getRemainingTimeInMillis: () => 60_000 };
const answer = await module[name](JSON.parse(process.argv[3]), context);
process.send(answer);
process.disconnect();
`;

let folder: string;
let bench: LambdaBench;

/** What comes out of the zip, away from every other file: nothing may be missing in it. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bundled-functions-'));
  for (const name of FUNCTION_NAMES) {
    const { zipBase64 } = await bundleFunction(name);
    mkdirSync(join(folder, name));
    for (const [file, content] of Object.entries(unzipSync(Buffer.from(zipBase64, 'base64')))) {
      writeFileSync(join(folder, name, file), content);
    }
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  bench = await LambdaBench.start();
});

afterEach(() => bench[Symbol.asyncDispose]());

function invoke(name: FunctionName, event: unknown): Promise<unknown> {
  const home = pathToFileURL(`${join(folder, name)}/`).href;
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', RUNTIME, home, FUNCTION_HANDLER, JSON.stringify(event)],
    { cwd: join(folder, name), env: bench.variables(WEST), stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
  );
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  let complaints = '';
  child.stderr?.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  child.on('message', resolve);
  child.on('error', reject);
  child.on('close', (code) => reject(new Error(`cannot invoke ${name}: ended with ${String(code)}: ${complaints}`)));
  return promise;
}

describe('given the bundled health monitor', () => {
  it('when the primary region is lost, then it observes, tells and puts its metrics', async () => {
    await bench.aws.loseRegion(EAST);
    const report = (await invoke('health-monitor', {})) as HealthReport;
    expect(report.states.map(({ region, health }) => [region, health])).toEqual([
      [EAST, 0],
      [WEST, 1],
    ]);
    expect(bench.messages.map(({ kind }) => kind)).toEqual(['HealthCheckError']);
    expect(bench.puts(WEST)).toContain('MonitorHeartbeat 1');
  });
});

describe('given the bundled failover function', () => {
  it('when the primary region is lost, then it fails over and proves it', async () => {
    await bench.aws.loseRegion(EAST);
    const answer = (await invoke('failover', { target_region: WEST, accept_data_loss: true })) as FailoverAnswer;
    expect(answer).toMatchObject({ status: 'completed', type: 'failover' });
    expect(bench.aws.primaryRegion()).toBe(WEST);
    expect(bench.messages.map(({ kind }) => kind)).toEqual(['FailoverStarted', 'FailoverCompleted']);
  });

  it('when the primary is well, then it switches over', async () => {
    expect(await invoke('failover', { target_region: WEST })).toMatchObject({
      status: 'completed',
      type: 'switchover',
    });
  });
});
