import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Bench } from '../bench.ts';

const program = fileURLToPath(new URL('storm-process.ts', import.meta.url));

export interface StormOptions {
  /** Policies. */
  readonly numbers: readonly number[];
  readonly perSecond: number;
}

/** Has another process patch the statuses of the policies, so many times a second, until it is disposed of. */
export async function startStorm(
  { plane, watchdog }: Bench,
  { numbers, perSecond }: StormOptions,
): Promise<AsyncDisposable> {
  const child = fork(program, [], { execArgv: [] });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  watchdog.watch(pid);
  const { url, caFile, adminToken } = plane;
  child.send({ url, caFile, adminToken, numbers, perSecond });
  return {
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.disconnect();
        await ended;
      }
      watchdog.forget(pid);
      if (child.exitCode !== 0)
        throw new Error(`the storm of status updates did not blow as it should: it ended with ${child.exitCode}`);
    },
  };
}
