import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { handler } from '../../lambda/health-monitor/handler.ts';
import { HealthMonitor, HealthMonitorError, type HealthReport } from '../../lambda/health-monitor/health-monitor.ts';
import { CLUSTER, EAST, LambdaBench, WEST } from './lambda-bench.ts';

let bench: LambdaBench;
let monitor: HealthMonitor;
let variables: Record<string, string>;

async function start(...options: Parameters<typeof LambdaBench.start>): Promise<void> {
  bench = await LambdaBench.start(...options);
  monitor = new HealthMonitor();
  variables = bench.variables(WEST, { AURORA_DR_LAG_THRESHOLD: '500ms' });
}

beforeEach(() => {
  jest.spyOn(console, 'log').mockReturnValue();
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
  jest.restoreAllMocks();
});

const check = (): Promise<HealthReport> => monitor.check(bench.context(), variables);
/** Invocations are a minute apart, and their metrics tell seconds apart. */
async function nextSecond(): Promise<void> {
  const second = (): number => Math.floor(Date.now() / 1000);
  const now = second();
  while (second() === now) await sleep(20);
}

/** The next invocation finds another process. */
const startCold = (): void => {
  monitor = new HealthMonitor();
};
const told = (): string[] =>
  bench.messages.map(({ kind, region, isOver, message }) => `${region} ${kind}${isOver ? ' over' : ''}: ${message}`);

describe('given a healthy global cluster', () => {
  beforeEach(() => start());

  it('when the handler is invoked, then it tells nothing and puts what it saw, in its own region alone', async () => {
    bench.deploy(WEST);
    const report = await handler({ 'detail-type': 'Scheduled Event' }, bench.context());
    expect(report.findings).toEqual([]);
    expect(report.states.map(({ region, health, clusterState }) => [region, health, clusterState])).toEqual([
      [EAST, 1, 1001],
      [WEST, 1, 2001],
    ]);
    expect(bench.messages).toEqual([]);
    expect(bench.puts(WEST)).toEqual([
      'MonitorHeartbeat 1',
      `HealthCheck ${EAST} 1`,
      `ClusterState ${EAST} 1001`,
      `HealthCheck ${WEST} 1`,
      `ClusterState ${WEST} 2001`,
      `ReplicationLagHigh ${WEST} 0`,
    ]);
    expect(bench.puts(EAST)).toEqual([]);
    expect(bench.aws.callsOf({ action: 'PutMetricData' })).toHaveLength(1);
  });

  it('when it is invoked, then it asks only for its own clusters', async () => {
    await check();
    const inputs = bench.aws.calls.filter(({ service }) => service === 'rds').map(({ input }) => input);
    expect(inputs).toHaveLength(4);
    for (const input of inputs) {
      expect(input['GlobalClusterIdentifier'] ?? input['DBClusterIdentifier']).toBeDefined();
    }
  });

  it('when a cluster’s status changes, then it is told once, and its return too', async () => {
    await check();
    await bench.aws.setClusterStatus(WEST, CLUSTER, 'modifying');
    await check();
    await check();
    await bench.aws.setClusterStatus(WEST, CLUSTER, undefined);
    await check();
    expect(told()).toEqual([
      `${WEST} ClusterStatusChange: the cluster in ${WEST} was secondary, available and is secondary, modifying`,
      `${WEST} ClusterStatusChange: the cluster in ${WEST} was secondary, modifying and is secondary, available`,
    ]);
  });

  it('when roles are swapped, then both changes are told', async () => {
    await check();
    bench.aws.startOperation('switchover', WEST);
    const end = Date.now() + 10_000;
    while (bench.aws.primaryRegion() !== WEST || bench.aws.globalCluster().operation !== undefined) {
      if (Date.now() > end) throw new Error('the switchover did not end');
      await check();
    }
    await check();
    const roles = told().filter((text) => text.includes('ClusterStatusChange'));
    expect(roles.some((text) => text.includes(`the cluster in ${WEST}`) && text.includes('and is primary'))).toBe(true);
    expect(roles.some((text) => text.includes(`the cluster in ${EAST}`) && text.includes('and is secondary'))).toBe(
      true,
    );
  });

  it('when the writer stops accepting, then its health check fails, and its return is told', async () => {
    await check();
    await bench.aws.setEndpoint(EAST, CLUSTER, 'refuse');
    await check();
    await check();
    await bench.aws.setEndpoint(EAST, CLUSTER, 'auto');
    await check();
    expect(told()).toEqual([
      expect.stringContaining(`HealthCheckError: the health check of ${EAST} fails: writer endpoint`),
      `${WEST} HealthCheckError over: the health check of ${EAST} passes again`,
    ]);
  });

  it('when a region throttles, then its check could not be made, which is no loss', async () => {
    await check();
    bench.aws.setFault({ region: EAST, action: 'rds', fault: { kind: 'throttle' } });
    const { states } = await check();
    expect(states[0]).toMatchObject({ region: EAST, health: -1 });
    expect(told()).toEqual([expect.stringContaining(`the health check of ${EAST} could not be made`)]);
  });
});

describe('given a region that the function has no way to', () => {
  beforeEach(() => start());

  it('when it is invoked, then it does not ask there, and calls the check not made: silence would look like a loss', async () => {
    variables = { ...variables, AURORA_DR_UNREACHED_REGIONS: EAST };
    const { states } = await check();
    await check();
    expect(states.map(({ region, health }) => [region, health])).toEqual([
      [EAST, -1],
      [WEST, 1],
    ]);
    expect(told()).toEqual([expect.stringContaining(`the health check of ${EAST} could not be made`)]);
    expect(bench.aws.callsOf({ region: EAST })).toEqual([]);
  });
});

describe('given a lost region', () => {
  beforeEach(() => start());

  it('when the other region’s monitor runs, then it tells once, by what its own region has', async () => {
    await check();
    await bench.aws.loseRegion(EAST, { mode: 'blackhole' });
    const { number } = bench.aws.calls.at(-1)!;
    await check();
    await check();
    expect(told()).toEqual([
      expect.stringContaining(`${WEST} HealthCheckError: the health check of ${EAST} fails: RDS`),
    ]);
    expect(bench.puts(WEST, number)).toContain(`HealthCheck ${EAST} 0`);
    // The status that was told last stays what it is compared with.
    expect(bench.puts(WEST, number)).toContain(`ClusterState ${EAST} 1001`);
  });

  it('when the process is a new one, then it remembers by its metrics what was told', async () => {
    await check();
    await nextSecond();
    await bench.aws.loseRegion(EAST);
    await check();
    startCold();
    await check();
    expect(told()).toHaveLength(1);
  });

  it('when the first invocation ever finds it lost, then it tells', async () => {
    await bench.aws.loseRegion(EAST);
    await check();
    expect(told()).toEqual([expect.stringContaining(`the health check of ${EAST} fails`)]);
  });

  it('when its own region’s SNS fails, then the invocation fails, and the next one tells', async () => {
    await check();
    await bench.aws.loseRegion(EAST);
    const fault = bench.aws.setFault({ region: WEST, action: 'Publish', fault: { kind: 'serverError' } });
    await expect(check()).rejects.toThrow(HealthMonitorError);
    expect(bench.puts(WEST).at(-1)).toBe('MonitorHeartbeat 1');
    bench.aws.clearFaults(fault);
    startCold();
    await check();
    expect(told()).toHaveLength(1);
  });

  it('when its own region’s CloudWatch fails, then people hear all the same, once, and the invocation fails', async () => {
    await check();
    await bench.aws.loseRegion(EAST);
    bench.aws.setFault({ region: WEST, action: 'monitoring', fault: { kind: 'serverError' } });
    await expect(check()).rejects.toThrow('the metrics were not put');
    await expect(check()).rejects.toThrow('the metrics were not put');
    expect(told().filter((text) => text.includes(`health check of ${EAST}`))).toHaveLength(1);
  });
});

describe('given replication lag', () => {
  it('when it is above the threshold for two periods, then it is told once, and its end', async () => {
    await start({ lag: 900 });
    await check();
    startCold();
    await check();
    expect(told()).toEqual([
      `${WEST} ReplicationLagHigh: the replication lag of ${WEST} is 900 ms, the threshold 500 ms`,
    ]);
    bench.aws.setLag(WEST, CLUSTER, 100);
    const end = Date.now() + 10_000;
    while (told().length < 2) {
      if (Date.now() > end) throw new Error('the end of the lag was not told');
      await check();
    }
    expect(told()[1]).toBe(
      `${WEST} ReplicationLagHigh over: the replication lag of ${WEST} is 100 ms, the threshold 500 ms`,
    );
  });

  it('when there is no sample, then nothing is said of it', async () => {
    await start({ lag: 900 }, { metricDelay: 3_600_000 });
    bench.aws.silenceMetrics(WEST, CLUSTER, ['AuroraGlobalDBRPOLag', 'AuroraGlobalDBReplicationLag']);
    await check();
    expect(bench.puts(WEST).some((put) => put.startsWith('ReplicationLagHigh'))).toBe(false);
  });
});

describe('given an environment that is not usable', () => {
  it('when it is invoked, then it says everything that is wrong, and asks AWS nothing', async () => {
    await start();
    variables = {
      AWS_REGION: 'eu-west-1',
      AURORA_DR_REGIONS: 'us-east-1=a',
      AURORA_DR_AWS_ENDPOINTS: 'us-east-1/ec2=http://x',
    };
    const failure = await check().catch((error: unknown) => String(error));
    for (const name of ['AURORA_DR_GLOBAL_CLUSTER', 'AURORA_DR_REGIONS', 'AURORA_DR_AWS_ENDPOINTS']) {
      expect(failure).toContain(name);
    }
    expect(bench.aws.calls).toEqual([]);
  });

  it('when it does not name the function’s own region, then it says so', async () => {
    await start();
    variables = { ...variables, AWS_REGION: 'eu-west-1' };
    await expect(check()).rejects.toThrow('AURORA_DR_REGIONS: does not name eu-west-1');
  });
});
