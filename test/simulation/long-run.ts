import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { renderEvidence, type Evidence, type Machine } from './evidence.ts';
import { ProgressError, ProgressFile } from './progress-file.ts';
import { joinRanges, missingFrom } from './seed-ranges.ts';
import type { SeedRange } from './seed-worker.ts';
import { SeedWorkers } from './seed-workers.ts';
import { readSources, type Sources } from './sources.ts';
import { Summary } from './summary.ts';
import { INVARIANTS, type Invariant } from './violation.ts';

export interface LongRunProps {
  readonly from: number;
  /** 0: what is on file is all. */
  readonly seeds: number;
  /** Seeds that are lost at most by each worker when the run is killed. */
  readonly chunk: number;
  readonly jobs: number;
  readonly progressPath: string;
  /** Told of every chunk: how many seeds are on file, how many of them in how many milliseconds by this process. */
  readonly onProgress: (done: number, own: number, milliseconds: number, violations: number) => void;
}

/**
 * Runs what is not on file yet of many seeds, in chunks, each of which is on file once it is done: a run that was killed
 * goes on where it was. The evidence is of all that is on file, whichever run did it.
 *
 * @throws ProgressError when what is on file is of other sources
 */
export async function runLong(props: LongRunProps): Promise<Evidence> {
  const { from, seeds, chunk, jobs } = props;
  const sources = readSources();
  const file = ProgressFile.open(props.progressPath, sources);
  const missing = missingFrom({ from, to: from + seeds }, file.chunks, chunk);
  if (missing.length === 0) return evidenceOf(jobs, sources, file);
  const workers = await SeedWorkers.start(jobs);
  try {
    // From here on they run what they have loaded, whatever becomes of the files.
    if (readSources().hash !== sources.hash) {
      throw new ProgressError('cannot tell which code would run: the sources changed as they were loaded; start again');
    }
    await runMissing(missing, props, file, workers);
  } finally {
    await workers.close();
  }
  file.compact();
  return evidenceOf(jobs, sources, file);
}

async function runMissing(
  missing: readonly SeedRange[],
  { onProgress }: LongRunProps,
  file: ProgressFile,
  workers: SeedWorkers,
): Promise<void> {
  const startedAt = performance.now();
  let lastAt = startedAt;
  let own = 0;
  const run = async (range: SeedRange): Promise<void> => {
    const summary = new Summary();
    await workers.run(range, (data) => summary.merge(data));
    const now = performance.now();
    const elapsedMilliseconds = Math.round(now - lastAt);
    lastAt = now;
    file.add({ ...range, elapsedMilliseconds, finishedAt: new Date().toISOString(), summary: summary.data });
    own += range.to - range.from;
    const done = file.chunks.reduce((sum, each) => sum + each.to - each.from, 0);
    const violations = file.chunks.reduce((sum, each) => sum + each.summary.violations.length, 0);
    onProgress(done, own, now - startedAt, violations);
  };
  // One ahead, so that no worker waits for the last seeds of a chunk.
  let running: Promise<void> = Promise.resolve();
  for (const range of missing) {
    const before = running;
    running = run(range);
    await before;
  }
  await running;
}

function evidenceOf(jobs: number, sources: Sources, { chunks }: ProgressFile): Evidence {
  const summary = new Summary();
  const ascending = chunks.toSorted((a, b) => a.from - b.from);
  for (const { summary: data } of ascending) summary.merge(data);
  return {
    sources,
    machine: thisMachine(),
    slices: joinRanges(chunks),
    invariants: Object.keys(INVARIANTS) as Invariant[],
    jobs,
    finishedAt:
      chunks
        .map((chunk) => chunk.finishedAt)
        .toSorted()
        .at(-1) ?? new Date().toISOString(),
    elapsedMilliseconds: chunks.reduce((sum, { elapsedMilliseconds }) => sum + elapsedMilliseconds, 0),
    summary: summary.data,
  };
}

function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown processor',
    processors: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

/** Writes the report, and its figures beside it. */
export async function writeEvidence(path: string, evidence: Evidence): Promise<void> {
  const config = await resolveConfig(path);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(jsonPathOf(path), await format(JSON.stringify(evidence), { ...config, parser: 'json' }));
  writeFileSync(path, await formatEvidence(evidence, path));
}

/** The report as it stands in a file at `path`. */
export async function formatEvidence(evidence: Evidence, path: string): Promise<string> {
  return format(renderEvidence(evidence), { ...(await resolveConfig(path)), parser: 'markdown' });
}

export function jsonPathOf(path: string): string {
  return path.replace(/\.md$/, '.json');
}
