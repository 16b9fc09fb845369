import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { renderEvidence, type Evidence } from './evidence.ts';
import { Tally } from './statistics.ts';
import { Summary } from './summary.ts';
import { INVARIANTS, type Invariant } from './violation.ts';

function evidence(isViolated: boolean): Evidence {
  const summary = new Summary();
  for (let seed = 0; seed < 2_000; seed += 1) {
    summary.add({
      seed,
      violation: isViolated && seed === 7 ? { invariant: 'liveness', message: 'nothing started', at: 1 } : undefined,
      isIncident: seed % 2 === 0,
      steps: 10,
      simulatedMilliseconds: 3_600_000,
      faults: Tally.from({ loseRegion: 1 }),
      branches: Tally.from({ 'step Accepted': 3 }),
      disagreements: Tally.from({ 'two writers': 2 }),
      losses: [{ trueLoss: seed, estimate: 1_000, worstCase: 5_000, isRegionLost: true }],
    });
  }
  return {
    sources: { hash: 'a'.repeat(64), files: 123, commit: 'c'.repeat(40), isCommitted: true },
    machine: { processor: 'A processor', processors: 2, memoryBytes: 2 ** 33, platform: 'linux x64', node: 'v24.0.0' },
    slices: [
      { from: 0, to: 1_500 },
      { from: 9_000, to: 9_500 },
    ],
    invariants: Object.keys(INVARIANTS) as Invariant[],
    jobs: 2,
    finishedAt: '2026-01-02T03:04:05.000Z',
    elapsedMilliseconds: 20_000,
    summary: summary.data,
  };
}

describe('renderEvidence', () => {
  it('Given a run without violations, then its figures stand in the tables', () => {
    const text = renderEvidence(evidence(false));

    expect(text).toContain('| seeds | 2,000 (0 to 1,499; 9,000 to 9,499) |');
    expect(text).toContain('| incidents (seeds whose primary was harmed or seemed so) | 1,000 |');
    expect(text).toContain('| violations | 0 |');
    expect(text).toContain('--seeds 500 --from 9000 --report');
    expect(text).toContain('| seeds a second | 100.0, by 2 workers |');
    expect(text).toContain('| true loss | 999 | 1,800 | 1,980 | 2,000 |  |');
    expect(text).toContain('| estimate | 1,000 | 1,000 | 1,000 | 1,000 | 999 of 2,000 |');
    expect(text).toContain('| worst case | 5,000 | 5,000 | 5,000 | 5,000 | 0 of 2,000 |');
    expect(text).toContain('| loseRegion | 2,000 |');
    expect(text).toContain('| step Accepted | 6,000 |');
    for (const name of Object.keys(INVARIANTS)) expect(text).toContain(`| \`${name}\` |`);
  });

  it('Given a run that was not held against an invariant, then the report does not speak of it', () => {
    const text = renderEvidence({ ...evidence(false), invariants: ['liveness'] });

    expect(text).toContain('| `liveness` |');
    expect(text).not.toContain('| `truth` |');
  });

  it('Given a violation, then it is told with its seed', () => {
    const text = renderEvidence(evidence(true));

    expect(text).toContain(`| \`liveness\` | ${INVARIANTS.liveness} | 1 |`);
    expect(text).toContain('- seed 7: liveness: nothing started');
  });
});

describe('the failure model in docs/concepts', () => {
  const model = readFileSync(new URL('../../docs/concepts/failure-model.md', import.meta.url), 'utf8');
  const rows = [...model.matchAll(/^\| `(?<name>[a-z-]+)` +\| (?<text>.*?) +\|$/gm)].map(({ groups }) => [
    groups?.['name'],
    groups?.['text'],
  ]);

  it('Given the invariants that are checked, then it names these and no others', () => {
    expect(rows).toEqual(Object.entries(INVARIANTS));
  });
});
