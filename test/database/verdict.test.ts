import { describe, expect, it } from '@jest/globals';
import type { Acknowledged } from './payments.ts';
import { judgeData, longestSilence, type Evidence, type Ledger } from './verdict.ts';

const ack = (key: string, at: number): Acknowledged => ({ key, at, from: 'db:3306' });
const ledger = (keys: readonly string[], broken: readonly string[] = []): Ledger => ({ keys: new Set(keys), broken });

const EVIDENCE: Evidence = {
  acknowledged: [ack('a', 100), ack('b', 200), ack('c', 300), ack('d', 900)],
  ledger: ledger(['a', 'b', 'c', 'd', 'never acknowledged']),
  rescued: undefined,
  incidentAt: 310,
  promotedAt: 500,
};

describe('the verdict', () => {
  it('given everything acknowledged is there, finds nothing, whatever else is there', () => {
    expect(judgeData(EVIDENCE)).toEqual({
      acknowledged: 4,
      lost: [],
      splitBrain: [],
      lossMilliseconds: 0,
      brokenInvariants: [],
      rescued: 0,
    });
  });

  it('given payments that are missing, counts the loss from the first of them to the incident', () => {
    const verdict = judgeData({ ...EVIDENCE, ledger: ledger(['a', 'd']) });
    expect(verdict.lost.map(({ key }) => key)).toEqual(['b', 'c']);
    expect(verdict.lossMilliseconds).toBe(110);
  });

  it('given a missing payment from after the promotion, calls it accepted by both sides, and no loss', () => {
    const verdict = judgeData({ ...EVIDENCE, ledger: ledger(['a', 'b', 'c']) });
    expect(verdict.splitBrain.map(({ key }) => key)).toEqual(['d']);
    expect(verdict.lossMilliseconds).toBe(0);
  });

  it('given data that were kept aside, says how much of what is missing is in them, and what is broken there', () => {
    const rescued = ledger(['b', 'elsewhere'], ['balances do not sum to zero']);
    const verdict = judgeData({ ...EVIDENCE, ledger: ledger(['a', 'd']), rescued });
    expect(verdict.rescued).toBe(1);
    expect(verdict.brokenInvariants).toEqual(['kept aside: balances do not sum to zero']);
  });

  it('given no promotion, calls everything that is missing lost', () => {
    const { promotedAt: _, ...evidence } = EVIDENCE;
    expect(judgeData({ ...evidence, promotedAt: undefined, ledger: ledger([]) }).lost).toHaveLength(4);
  });
});

describe('the longest silence', () => {
  it.each([
    ['between two payments', [0, 100, 150, 900, 950], 120, 1000, { from: 150, to: 900 }],
    ['that has begun before the incident', [0, 100, 900], 500, 950, { from: 100, to: 900 }],
    ['that has not ended', [0, 100], 90, 5000, { from: 100, to: 5000 }],
  ])('is one %s', (_, times, since, until, expected) => {
    expect(
      longestSilence(
        times.map((at) => ack('x', at)),
        since,
        until,
      ),
    ).toEqual(expected);
  });
});
