/**
 * A storm of status updates as a process of its own: so many merge patches a second on the statuses of these policies, by
 * somebody else than the contestant, until it is told to stop by the end of its standard input.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Fleet } from './fleet.ts';
import { KubeApi } from './kube-api.ts';

/** Milliseconds between two bursts: at a hundred a second one request each. */
const PULSE = 10;

interface StormArguments {
  readonly url: string;
  readonly caFile: string;
  readonly adminToken: string;
  readonly numbers: readonly number[];
  readonly perSecond: number;
}

async function main({ numbers, perSecond, ...server }: StormArguments): Promise<void> {
  const kube = new KubeApi(server);
  const fleet = new Fleet(kube);
  const ending = new AbortController();
  process.on('disconnect', () => ending.abort());
  const started = performance.now();
  let sent = 0;
  let failed = 0;
  const inFlight = new Set<Promise<void>>();
  while (!ending.signal.aborted) {
    const due = ((performance.now() - started) / 1000) * perSecond;
    for (; sent < due && inFlight.size < perSecond; sent += 1) {
      const request = fleet
        .touchStatus(numbers[sent % numbers.length] ?? 0, `${sent % 1000}ms`)
        .catch((error: unknown) => {
          if (failed === 0) process.stderr.write(`${String(error)}\n`);
          failed += 1;
        })
        .finally(() => inFlight.delete(request));
      inFlight.add(request);
    }
    await delay(PULSE);
  }
  await Promise.all(inFlight);
  await kube.close();
  process.exit(failed === 0 ? 0 : 1);
}

process.once('message', (message) => void main(message as StormArguments));
