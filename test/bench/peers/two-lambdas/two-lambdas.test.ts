import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLocalAws, type LocalAws } from '../../../aws/local-aws.ts';
import { monthlyCostOfOperator, monthlyCostOfTwoLambdas, type MonthlyCost } from './monthly-cost.ts';
import type { DatabasePair } from './pair.ts';
import { callsPerPolicyAndMinute, runTwoLambdas } from './two-lambdas.ts';

const NAMES = ['alpha', 'beta', 'gamma'];
const pairOf = (name: string): DatabasePair => ({
  globalClusterIdentifier: name,
  primary: { region: 'us-east-1', clusterIdentifier: `${name}-cluster` },
  secondary: { region: 'us-west-2', clusterIdentifier: `${name}-cluster` },
});
const pairs = NAMES.map(pairOf);

let aws: LocalAws;

beforeEach(async () => {
  aws = await startLocalAws();
  for (const name of NAMES) await aws.addGlobalCluster({ identifier: name, clusterIdentifier: `${name}-cluster` });
});

afterEach(() => aws.stop());

const run = (invocations: number, more: Partial<Parameters<typeof runTwoLambdas>[0]> = {}) =>
  runTwoLambdas({ pairs, invocations, awsEndpoints: aws.endpoints, environment: aws.environment, ...more });

function countOf(calls: LocalAws['calls']): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { action } of calls) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}

describe('the two functions', () => {
  test.each([10, 60])(
    'scheduled every %i s, make the calls of the model, and AWS counts the same',
    async (interval) => {
      const invocations = 60 / interval;

      const { calls, failedOver, milliseconds } = await run(invocations, { intervalSeconds: interval });

      const expected = Object.entries(callsPerPolicyAndMinute(interval)).map(([action, count]) => [action, count * 3]);
      expect(calls).toEqual(Object.fromEntries(expected));
      expect(countOf(aws.calls)).toEqual(calls);
      expect(aws.calls.filter(({ result }) => result !== 'ok')).toEqual([]);
      expect(failedOver).toEqual([]);
      expect(milliseconds.healthCheck).toBeGreaterThan(0);
      expect(milliseconds.failover).toBeGreaterThan(0);
    },
  );

  test('given the loss of the primary region, fail each pair over once, after three failing checks', async () => {
    const rounds: number[] = [];
    const { failedOver } = await run(6, {
      now: () => aws.now(),
      beforeRound: async (round) => {
        rounds.push(aws.callsOf({ action: 'FailoverGlobalCluster' }).length);
        // Real time skips, so that each check stands in a period of its own.
        if (round === 1) await aws.loseRegion('us-east-1');
        else await aws.advance(10_000);
      },
    });

    expect([...failedOver].sort()).toEqual(NAMES);
    expect(rounds).toEqual([0, 0, 0, 3, 3, 3]);
    expect(NAMES.map((name) => aws.primaryRegion(name))).toEqual(NAMES.map(() => 'us-west-2'));
  });
});

describe('the monthly cost', () => {
  const lineOf = ({ lines }: MonthlyCost, item: string): number =>
    lines.filter((line) => line.item === item).reduce((sum, { dollars }) => sum + dollars, 0);

  test('of the two functions is by policy alone, and of their calls by the interval', () => {
    const one = monthlyCostOfTwoLambdas({ policies: 1, intervalSeconds: 60 });
    // 43,800 rounds a month: 87,600 invocations, at 0.2 dollars a million; 87,600 metrics read at 0.01 a thousand.
    expect(lineOf(one, 'function-requests')).toBeCloseTo(0.01752);
    expect(lineOf(one, 'metric-reads')).toBeCloseTo(0.876);
    expect(lineOf(one, 'metric-puts')).toBeCloseTo(0.438);
    expect(one.dollars).toBeCloseTo(one.lines.reduce((sum, { dollars }) => sum + dollars, 0));
    expect(monthlyCostOfTwoLambdas({ policies: 500, intervalSeconds: 60 }).dollars).toBeCloseTo(500 * one.dollars);
    const often = monthlyCostOfTwoLambdas({ policies: 1, intervalSeconds: 10 });
    expect(lineOf(often, 'metric-reads')).toBeCloseTo(6 * 0.876);
    expect(lineOf(often, 'custom-metric')).toBe(lineOf(one, 'custom-metric'));
  });

  test('of the operator has a fixed part, and series by policy and metric period', () => {
    const none = monthlyCostOfOperator({ policies: 0 });
    // Two pods of one processor and 2 GB for 730 hours.
    expect(none.dollars).toBeCloseTo(2 * 730 * (0.04048 + 2 * 0.004445));
    const thousand = monthlyCostOfOperator({ policies: 1_000 });
    // Two series each minute: 87,600 a policy and month, at 0.01 a thousand.
    expect(lineOf(thousand, 'metric-reads')).toBeCloseTo(876);
    expect(thousand.dollars - none.dollars).toBeCloseTo(876);
    const routed = monthlyCostOfOperator({ policies: 1_000, routedPolicies: 1_000 });
    expect(routed.dollars - thousand.dollars).toBeCloseTo(1_000 * (0.438 + 0.3));
  });

  test('in a region without prices is not guessed', () => {
    expect(() => monthlyCostOfOperator({ policies: 1, region: 'mars-north-1' })).toThrow(
      'cannot price container-processor in mars-north-1',
    );
  });
});
