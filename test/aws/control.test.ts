import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { DescribeGlobalClustersCommand } from '@aws-sdk/client-rds';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sdkClients } from './contract/sdk-clients.ts';

const run = promisify(execFile);
const nodeFlags = ['--disable-warning=ExperimentalWarning'];

interface Announcement {
  readonly endpoints: Record<string, string>;
  readonly control: string;
  readonly endpointFlags: string[];
}

/** The local AWS as a process of its own, controlled by the command that a person would use. */
describe('main.ts and control.ts', () => {
  let child: ChildProcess;
  let announced: Announcement;

  beforeAll(async () => {
    child = spawn(process.execPath, [...nodeFlags, path.join(import.meta.dirname, 'main.ts'), '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    announced = JSON.parse(line) as Announcement;
  }, 30_000);

  afterAll(async () => {
    if (child.exitCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      expect((await exited)[0]).toBe(0);
    }
  });

  const control = async (...words: string[]): Promise<unknown> => {
    const script = path.join(import.meta.dirname, 'control.ts');
    const { stdout } = await run(process.execPath, [...nodeFlags, script, '--url', announced.control, ...words]);
    return JSON.parse(stdout) as unknown;
  };

  const read = async (): Promise<unknown> => {
    const clients = sdkClients('us-west-2', announced.endpoints['us-west-2']!);
    try {
      return await clients.rds.send(new DescribeGlobalClustersCommand({}));
    } finally {
      clients.destroy();
    }
  };

  it('announces the operator’s flags', () => {
    expect(announced.endpointFlags).toEqual([
      '--aws-endpoint',
      `us-east-1=${announced.endpoints['us-east-1']!}`,
      '--aws-endpoint',
      `us-west-2=${announced.endpoints['us-west-2']!}`,
    ]);
  });

  it('loses and restores a region', async () => {
    await control('lose', 'us-west-2');
    expect(await control('state')).toMatchObject({ regions: [{ isLost: false }, { name: 'us-west-2', isLost: true }] });
    await expect(read()).rejects.toThrow();
    await control('restore', 'us-west-2');
    await expect(read()).resolves.toBeDefined();
  });

  it('sets faults and takes them back, and tells of the calls', async () => {
    await control('fault', 'us-west-2', 'DescribeGlobalClusters', 'error', '--code', 'Odd', '--status', '418');
    await expect(read()).rejects.toMatchObject({ name: 'Odd', $metadata: { httpStatusCode: 418 } });
    await control('clear-faults');
    await expect(read()).resolves.toBeDefined();
    const calls = (await control('calls', 'DescribeGlobalClusters')) as { result: string }[];
    expect(calls.slice(-2).map(({ result }) => result)).toEqual(['Odd', 'ok']);
  });

  it.each([
    [['lag', 'us-west-2', 'aurora-prod', '500']],
    [['lag', 'us-west-2', 'aurora-prod', '500', '100']],
    [['status', 'us-east-1', 'aurora-prod', 'upgrading']],
    [['status', 'us-east-1', 'aurora-prod', 'auto']],
    [['endpoint', 'us-east-1', 'aurora-prod', 'refuse']],
    [['endpoint', 'us-east-1', 'aurora-prod', 'auto']],
    [['engine-version', 'us-east-1', 'aurora-prod', '8.0.mysql_aurora.3.08.0']],
    [['sever', 'us-west-2', 'aurora-prod']],
    [['heal', 'us-west-2', 'aurora-prod']],
    [['silence', 'us-west-2', 'aurora-prod', 'AuroraGlobalDBRPOLag']],
    [['metric-delay', '1000', 'us-west-2']],
    [['next', 'stuck', '--stuck-in', 'pending', '--fence', 'none']],
    [['start', 'failover', 'us-west-2']],
    [['release', 'complete']],
    [['witness', '503']],
    [['topic', 'us-east-1', 'more']],
    [['advance', '10']],
    [['cut-off', 'us-east-1']],
    [['restore', 'us-east-1']],
    [['messages']],
    [['events']],
    [['operations']],
  ])('understands %j', async (words) => {
    await expect(control(...words)).resolves.toBeDefined();
  });

  it.each([
    [['lose', 'mars-1'], 'cannot find region mars-1'],
    [['fault', 'us-west-2', '*', 'nonsense'], 'Invalid discriminator value'],
    [['endpoint', 'us-east-1', 'aurora-prod', 'maybe'], 'Invalid option'],
    [['nonsense'], 'node test/aws/control.ts --url URL COMMAND'],
  ])('refuses %j', async (words, message) => {
    await expect(control(...words)).rejects.toMatchObject({ stderr: expect.stringContaining(message) });
  });
});
