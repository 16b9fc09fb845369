/** Runs the seeds that it is given, one range after the other, and tells what each came to. */
import { parentPort } from 'node:worker_threads';
import { generateScenario } from './generate-scenario.ts';
import { simulate } from './simulate.ts';
import { Summary } from './summary.ts';

/** Seeds from `from` up to, and without, `to`. */
export interface SeedRange {
  readonly from: number;
  readonly to: number;
}

/** Traces of the many errors that are part of a simulation cost more than everything else. */
Error.stackTraceLimit = 0;

async function run({ from, to }: SeedRange): Promise<Summary> {
  const summary = new Summary();
  for (let seed = from; seed < to; seed += 1) summary.add(await simulate(generateScenario(seed)));
  return summary;
}

const port = parentPort;
port?.postMessage('ready');
port?.on('message', (range: SeedRange) => {
  void run(range).then(({ data }) => port.postMessage(data));
});
