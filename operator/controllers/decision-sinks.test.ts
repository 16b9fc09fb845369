import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Decision } from '../failover/decision.ts';
import { Replay } from '../failover/replay.ts';
import { aRound } from '../failover/testing/a-round.ts';
import { aSettings } from '../failover/testing/a-settings.ts';
import { lostPrimary } from '../failover/testing/losses.ts';
import { Recording } from '../failover/testing/recording.ts';
import { createLogger } from '../observability/logger.ts';
import { DecisionFiles, decisionsInLog } from './decision-sinks.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'decision-sinks-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly lost?: number;
  readonly policy?: string;
  readonly decision?: string;
}

const aLogger = () => {
  const told: LogLine[] = [];
  const destination = { write: (line: string) => void told.push(JSON.parse(line) as LogLine) };
  return { told, logger: createLogger({ level: 'info', destination }) };
};

const compose = (standsAlone: boolean): string => (standsAlone ? 'alone' : 'relative');

describe('DecisionFiles', () => {
  it('given records, writes a file for each policy and counts them', async () => {
    const counted: unknown[] = [];
    const { told, logger } = aLogger();
    const metrics = { countDecisionRecords: (result: string, records: number) => counted.push([result, records]) };
    const files = new DecisionFiles({ directory, maximumBytes: 4000, metrics, logger });
    files.append('ns/orders', compose);
    files.append('ns/orders', compose);
    files.append('ns/users', compose);
    await files.flush();

    expect(await readFile(join(directory, 'ns_orders.jsonl'), 'utf8')).toBe('alone\nrelative\n');
    expect(await readFile(join(directory, 'ns_users.jsonl'), 'utf8')).toBe('alone\n');
    expect(counted).toEqual([
      ['written', 2],
      ['written', 1],
    ]);
    expect(told).toEqual([]);
  });

  it('given a directory in trouble, counts each loss and tells its beginning and its end once', async () => {
    const counted: unknown[] = [];
    const { told, logger } = aLogger();
    const metrics = { countDecisionRecords: (result: string, records: number) => counted.push([result, records]) };
    const path = join(directory, 'blocked');
    await writeFile(path, '');
    const files = new DecisionFiles({ directory: path, maximumBytes: 4000, metrics, logger });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      files.append('ns/orders', compose);
      await files.flush();
    }
    await rm(path);
    files.append('ns/orders', compose);
    files.append('ns/orders', compose);
    await files.flush();

    expect(counted).toEqual([
      ['lost', 1],
      ['lost', 1],
      ['lost', 1],
      ['written', 2],
    ]);
    expect(told).toMatchObject([
      { policy: 'ns/orders', msg: 'records of the decision log are lost; decisions go on' },
      { lost: 3, msg: 'the decision log is written again' },
    ]);
    expect(told).toHaveLength(2);
  });
});

describe('decisionsInLog', () => {
  it('given records, logs those that turn something, each standing alone', () => {
    const { told, logger } = aLogger();
    const sink = decisionsInLog(logger);
    sink.append('ns/orders', compose, false);
    sink.append('ns/orders', compose, true);

    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ policy: 'ns/orders', action: 'decide', decision: 'alone', msg: 'decision' });
  });

  it('given a record of a round, leaves its text whole: it replays from the log', () => {
    const { told, logger } = aLogger();
    const recording = new Recording(aSettings());
    recording.see(aRound({ ...lostPrimary(0)(0) }));
    const text = JSON.stringify(recording.decisions[0]);
    decisionsInLog(logger).append('ns/orders', () => text, true);
    const logged = told[0]?.decision ?? '';

    expect(logged).toBe(text);
    expect(new Replay().take(JSON.parse(logged) as Decision)).toEqual({ kind: 'Same' });
  });
});
