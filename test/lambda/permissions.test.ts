import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { handler as failover } from '../../lambda/failover/handler.ts';
import { handler as healthMonitor } from '../../lambda/health-monitor/handler.ts';
import { FUNCTION_PERMISSIONS } from '../../lambda/permissions.ts';
import { CLUSTER, EAST, GLOBAL, LambdaBench, WEST } from './lambda-bench.ts';

let bench: LambdaBench;

beforeEach(async () => {
  jest.spyOn(console, 'log').mockReturnValue();
  bench = await LambdaBench.start({ lag: 900 });
  bench.deploy(WEST);
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
  jest.restoreAllMocks();
});

/** The IAM prefix of a service, by the name of its endpoint. */
const PREFIX: Readonly<Record<string, string>> = { rds: 'rds', monitoring: 'cloudwatch', sns: 'sns' };

const called = (): string[] =>
  [...new Set(bench.aws.calls.map(({ service, action }) => `${PREFIX[service] ?? service}:${action}`))].toSorted();
const permitted = (name: keyof typeof FUNCTION_PERMISSIONS): string[] =>
  FUNCTION_PERMISSIONS[name].flatMap(({ actions }) => actions).toSorted();

describe('the permissions of the health monitor', () => {
  it('are what it calls: no more, no less', async () => {
    await healthMonitor({}, bench.context());
    expect(called()).toEqual(permitted('health-monitor'));
  });
});

describe('the permissions of the failover function', () => {
  it('are what it calls: no more, no less', async () => {
    expect(await failover({ target_region: WEST }, bench.context())).toMatchObject({ status: 'completed' });
    const back = { target_region: EAST, accept_data_loss: true, type: 'failover' };
    const end = Date.now() + 10_000;
    while ((await failover(back, bench.context())).status !== 'completed') {
      if (Date.now() > end) throw new Error('no failover back: the old primary did not become fit');
    }
    expect(called()).toEqual(permitted('failover'));
  });

  it('are asked for on nothing but the clusters that they name', async () => {
    await failover({ target_region: WEST }, bench.context());
    const named = bench.aws.calls
      .filter(({ service }) => service === 'rds')
      .flatMap(({ input }) => [
        input['GlobalClusterIdentifier'] ?? input['DBClusterIdentifier'],
        input['TargetDbClusterIdentifier'],
      ]);
    const target = `arn:aws:rds:${WEST}:123456789012:cluster:${CLUSTER}`;
    expect(new Set(named)).toEqual(new Set([GLOBAL, CLUSTER, target, undefined]));
  });
});
