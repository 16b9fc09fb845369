/**
 * Measures what a cold start of each function costs by its own doing: a fresh process imports the bundle and calls its
 * handler once, which reads its environment and refuses an empty request. `--runs N` (default 15).
 *
 * Lambda adds its own share (the sandbox, the download), and its processors are not this one: compare the rows, not the
 * figures with Lambda's.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleSource, FUNCTION_NAMES, zipOf, type FunctionName } from './bundle-functions.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs in the fresh process: prints the milliseconds until the module is there, and until the handler has answered. */
const PROBE = `
const started = performance.now();
const { handler } = await import(process.argv[1]);
const loaded = performance.now();
const context = { awsRequestId: 'measure', getRemainingTimeInMillis: () => 30_000 };
const write = console.log;
console.log = () => undefined;
await Promise.resolve(handler({}, context)).catch(() => undefined);
write(JSON.stringify({ load: loaded - started, first: performance.now() - loaded }));
`;

/** Leads nowhere but to this machine, where nothing listens: the health monitor observes that everything refuses. */
const ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '',
  AWS_REGION: 'us-west-2',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  AURORA_DR_GLOBAL_CLUSTER: 'aurora-global',
  AURORA_DR_REGIONS: 'us-east-1=aurora-a,us-west-2=aurora-b',
  AURORA_DR_AWS_ENDPOINTS: 'us-east-1=http://127.0.0.1:9,us-west-2=http://127.0.0.1:9',
};

interface Sample {
  readonly load: number;
  readonly first: number;
}

function sampleOf(path: string): Sample {
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', PROBE, pathToFileURL(path).href], {
    env: ENVIRONMENT,
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (run.status !== 0) {
    throw new Error(`cannot measure ${path}: its process failed: ${run.stderr}`);
  }
  return JSON.parse(run.stdout) as Sample;
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(0).padStart(5);
  return `${at(0)} ${at(0.5)} ${at(1)}`;
}

async function measure(name: FunctionName, sdk: 'bundled' | 'runtime', folder: string, runs: number): Promise<string> {
  const source = await bundleSource(name, sdk);
  const path = join(folder, `${name}-${sdk}.mjs`);
  writeFileSync(path, source);
  const samples = Array.from({ length: runs }, () => sampleOf(path));
  const size = `${(zipOf(source).length / 1024).toFixed(1)} KiB`.padStart(10);
  const [load, first] = [samples.map((sample) => sample.load), samples.map((sample) => sample.first)];
  return `${name.padEnd(16)} ${sdk.padEnd(8)} ${size}   ${spread(load)}   ${spread(first)}\n`;
}

const { values } = parseArgs({ options: { runs: { type: 'string', default: '15' } } });
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1 || runs > 1000) {
  throw new Error(`cannot measure: --runs is ${values.runs} but must be a number from 1 to 1000`);
}
const folder = mkdtempSync(join(tmpdir(), 'measure-functions-'));
try {
  // The SDK that the runtime would bring, where Node looks for it.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  process.stdout.write(`Node ${process.version}, ${runs} fresh processes each; milliseconds: min median max\n\n`);
  process.stdout.write('function         SDK             zip   import               first invocation\n');
  for (const name of FUNCTION_NAMES) {
    for (const sdk of ['bundled', 'runtime'] as const) {
      process.stdout.write(await measure(name, sdk, folder, runs));
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
