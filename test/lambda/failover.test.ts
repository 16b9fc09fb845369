import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { handler } from '../../lambda/failover/handler.ts';
import type { FailoverAnswer } from '../../lambda/failover/failover-answer.ts';
import { CLUSTER, EAST, GLOBAL, LambdaBench, WEST } from './lambda-bench.ts';

const ACCEPTED = { target_region: WEST, accept_data_loss: true };

let bench: LambdaBench;

beforeEach(async () => {
  jest.spyOn(console, 'log').mockReturnValue();
  bench = await LambdaBench.start();
  bench.deploy(WEST);
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
  jest.restoreAllMocks();
});

const invoke = (event: unknown, milliseconds?: number): Promise<FailoverAnswer> =>
  handler(event, bench.context(milliseconds));

const writer = (): string => bench.aws.primaryRegion();

describe('given the primary region lost', () => {
  it.each(['refuse', 'blackhole'] as const)(
    'when it is asked for (%s), then it fails over once and proves it',
    async (mode) => {
      await bench.aws.loseRegion(EAST, { mode });
      const answer = await invoke(ACCEPTED);
      expect(answer).toMatchObject({
        status: 'completed',
        reason: 'Succeeded',
        global_cluster: GLOBAL,
        target_region: WEST,
        from_region: EAST,
        type: 'failover',
        estimated_data_loss_ms: 120,
        writer_endpoint: bench.aws.cluster(WEST, CLUSTER).address,
      });
      expect(answer.worst_case_data_loss_ms).toBeGreaterThanOrEqual(120);
      expect(bench.roleCalls).toEqual([`FailoverGlobalCluster ${WEST}`]);
      expect(writer()).toBe(WEST);
      expect(bench.messages.map(({ kind, region }) => `${kind} ${region}`)).toEqual([
        `FailoverStarted ${WEST}`,
        `FailoverCompleted ${WEST}`,
      ]);
      expect(bench.puts(WEST).slice(-2)).toEqual([`WriterRegion ${EAST} 0`, `WriterRegion ${WEST} 1`]);
      expect(bench.aws.callsOf({ region: EAST, result: 'ok' })).toEqual([]);
    },
  );

  it('when the loss is not accepted, then it says so and calls nothing', async () => {
    await bench.aws.loseRegion(EAST);
    const answer = await invoke({ target_region: WEST });
    expect(answer).toMatchObject({ status: 'refused', reason: 'DataLossNotAccepted' });
    expect(answer.message).toContain('"accept_data_loss": true');
    expect(bench.roleCalls).toEqual([]);
    expect(bench.messages).toEqual([]);
  });

  it('when a switchover is asked for, then it is refused with what to ask instead', async () => {
    await bench.aws.loseRegion(EAST);
    const answer = await invoke({ ...ACCEPTED, type: 'switchover' });
    expect(answer).toMatchObject({ status: 'refused', reason: 'PrimaryUnreachable' });
    expect(answer.message).toContain('"type": "failover"');
    expect(bench.roleCalls).toEqual([]);
  });

  it('when notifications fail, then it goes on without them', async () => {
    await bench.aws.loseRegion(EAST);
    bench.aws.setFault({ region: WEST, action: 'Publish', fault: { kind: 'serverError' } });
    expect(await invoke(ACCEPTED)).toMatchObject({ status: 'completed' });
    expect(bench.messages).toEqual([]);
  });
});

describe('given a healthy primary', () => {
  it.each([{ target_region: WEST }, ACCEPTED])(
    'when %j is asked, then it is switched over without loss',
    async (event) => {
      expect(await invoke(event)).toMatchObject({ status: 'completed', type: 'switchover', from_region: EAST });
      expect(bench.roleCalls).toEqual([`SwitchoverGlobalCluster ${EAST}`]);
      expect(writer()).toBe(WEST);
      expect(bench.messages.map(({ kind }) => kind)).toEqual(['SwitchoverStarted', 'SwitchoverCompleted']);
      expect(bench.puts(EAST).slice(-2)).toEqual([`WriterRegion ${EAST} 0`, `WriterRegion ${WEST} 1`]);
    },
  );

  it('when the target is the writer already, then nothing is called', async () => {
    expect(await invoke({ ...ACCEPTED, target_region: EAST })).toMatchObject({ status: 'already_primary' });
    expect(bench.roleCalls).toEqual([]);
  });

  it('when only its writer does not accept, then a person has to say which type', async () => {
    await bench.aws.setEndpoint(EAST, CLUSTER, 'refuse');
    const undecided = await invoke(ACCEPTED);
    expect(undecided).toMatchObject({ status: 'refused', reason: 'TypeUndecided' });
    expect(undecided.message).toContain('"type": "failover"');
    expect(bench.roleCalls).toEqual([]);
    expect(await invoke({ ...ACCEPTED, type: 'failover' })).toMatchObject({ status: 'completed', type: 'failover' });
    expect(bench.roleCalls).toEqual([`FailoverGlobalCluster ${WEST}`]);
  });

  it('when only its RDS falls silent and the global endpoint accepts, then a person has to say which type', async () => {
    bench.aws.setFault({ region: EAST, action: 'rds', fault: { kind: 'hang' } });
    // On AWS every cluster of a global cluster has the same port.
    const target = bench.aws.cluster(WEST, CLUSTER);
    target.port = bench.aws.cluster(EAST, CLUSTER).port;
    bench.aws.world.clusterChanged(target);
    expect(await invoke(ACCEPTED)).toMatchObject({ status: 'refused', reason: 'TypeUndecided' });
    expect(bench.roleCalls).toEqual([]);
  });

  it('when only the way to it is lost and replication goes on, then a person has to say which type', async () => {
    await bench.checked(WEST, EAST, [
      [6, 1],
      [5, 0],
    ]);
    bench.aws.setFault({ region: EAST, action: 'rds', fault: { kind: 'hang' } });
    await bench.aws.setEndpoint(EAST, CLUSTER, 'refuse');
    const undecided = await invoke(ACCEPTED);
    expect(undecided).toMatchObject({ status: 'refused', reason: 'TypeUndecided' });
    expect(undecided.message).toContain('replication Passing');
    expect(bench.roleCalls).toEqual([]);
    expect(await invoke({ ...ACCEPTED, type: 'failover' })).toMatchObject({ status: 'completed', type: 'failover' });
  });

  it('when the function has no way to it, then its silence proves nothing, and a person has to say the type', async () => {
    bench.deploy(WEST, { AURORA_DR_UNREACHED_REGIONS: EAST });
    await bench.aws.setEndpoint(EAST, CLUSTER, 'refuse');
    expect(await invoke(ACCEPTED)).toMatchObject({ status: 'refused', reason: 'TypeUndecided' });
    const switchover = await invoke({ ...ACCEPTED, type: 'switchover' });
    expect(switchover).toMatchObject({ status: 'refused', reason: 'PrimaryUnreachable' });
    expect(switchover.message).toContain(`invoke the function in ${EAST}`);
    expect(bench.roleCalls).toEqual([]);
    expect(bench.aws.callsOf({ region: EAST })).toEqual([]);
    await bench.aws.loseRegion(EAST);
    expect(await invoke({ ...ACCEPTED, type: 'failover' })).toMatchObject({ status: 'completed', type: 'failover' });
  });

  it('when the target runs another engine version, then it is refused with the reason', async () => {
    bench.aws.setEngineVersion(WEST, CLUSTER, '8.0.mysql_aurora.3.09.0');
    const answer = await invoke(ACCEPTED);
    expect(answer).toMatchObject({ status: 'refused', reason: 'TargetNotPromotable' });
    expect(answer.message).toContain('3.09.0');
  });

  it('when AWS cancels the switchover, then it has failed, and people hear', async () => {
    bench.aws.nextOperation({ outcome: 'cancelled' });
    expect(await invoke({ target_region: WEST })).toMatchObject({ status: 'failed', reason: 'CancelledByAws' });
    expect(bench.messages.map(({ kind }) => kind)).toEqual(['SwitchoverStarted', 'SwitchoverFailed']);
    expect(writer()).toBe(EAST);
    expect(bench.puts(WEST)).toEqual([]);
  });

  it('when AWS refuses the call, then it has failed with AWS’s own words', async () => {
    bench.aws.setFault({ region: EAST, action: 'SwitchoverGlobalCluster', fault: { kind: 'accessDenied' } });
    const answer = await invoke({ target_region: WEST });
    expect(answer).toMatchObject({ status: 'failed', reason: 'RefusedByAws' });
    expect(answer.message).toContain('AccessDenied');
  });
});

describe('given an operator', () => {
  it('that is alive, when a failover is asked for, then it is left to it, unless forced', async () => {
    await bench.beat();
    await bench.aws.loseRegion(EAST);
    const answer = await invoke(ACCEPTED);
    expect(answer).toMatchObject({ status: 'refused', reason: 'OperatorAlive' });
    expect(answer.message).toContain('aurora-dr.io/force-failover');
    expect(bench.roleCalls).toEqual([]);
    expect(await invoke({ ...ACCEPTED, force: true })).toMatchObject({ status: 'completed' });
  });

  it('that fell silent long enough ago, when a failover is asked for, then it is done', async () => {
    await bench.beat(5);
    await bench.aws.loseRegion(EAST);
    expect(await invoke(ACCEPTED)).toMatchObject({ status: 'completed' });
  });

  it('whose heartbeat cannot be read, when a failover is asked for, then only force goes on', async () => {
    await bench.aws.loseRegion(EAST);
    bench.aws.setFault({ region: WEST, action: 'GetMetricData', fault: { kind: 'accessDenied' } });
    expect(await invoke(ACCEPTED)).toMatchObject({ status: 'refused', reason: 'OperatorUnknown' });
    expect(bench.roleCalls).toEqual([]);
    const forced = await invoke({ ...ACCEPTED, force: true });
    expect(forced).toMatchObject({ status: 'completed' });
    expect(forced).not.toHaveProperty('estimated_data_loss_ms');
  });

  it('that is alive, when the target is the writer already or on its way, then that is the answer', async () => {
    await bench.beat();
    expect(await invoke({ target_region: EAST })).toMatchObject({ status: 'already_primary' });
    bench.aws.startOperation('switchover', WEST);
    expect(await invoke({ target_region: WEST })).toMatchObject({ status: 'in_progress' });
  });
});

describe('given trouble with the call', () => {
  beforeEach(() => bench.aws.loseRegion(EAST));

  it('when it is throttled, then it is made again until AWS takes it', async () => {
    bench.aws.setFault({ region: WEST, action: 'FailoverGlobalCluster', fault: { kind: 'throttle' }, count: 2 });
    expect(await invoke(ACCEPTED)).toMatchObject({ status: 'completed' });
    expect(bench.roleCalls).toHaveLength(3);
    expect(bench.aws.operations).toHaveLength(1);
    expect(bench.messages.map(({ kind }) => kind)).toEqual(['FailoverStarted', 'FailoverCompleted']);
  });

  it('when its answer is lost after it took effect, then it is not made again', async () => {
    const fault = { kind: 'effectWithoutAnswer', how: 'drop' } as const;
    bench.aws.setFault({ region: WEST, action: 'FailoverGlobalCluster', fault, count: 1 });
    expect(await invoke(ACCEPTED)).toMatchObject({ status: 'completed' });
    expect(bench.roleCalls).toHaveLength(1);
  });

  it('when its answer is lost and it had no effect, then it is made again after the reads have shown so', async () => {
    bench.aws.setFault({ region: WEST, action: 'FailoverGlobalCluster', fault: { kind: 'refuse' }, count: 1 });
    expect(await invoke(ACCEPTED)).toMatchObject({ status: 'completed' });
    expect(bench.roleCalls).toHaveLength(2);
    expect(bench.aws.operations).toHaveLength(1);
  });

  it('when the target’s own RDS is throttled, then nothing is called: nobody can tell what would be promoted', async () => {
    bench.aws.setFault({ region: WEST, action: 'rds', fault: { kind: 'throttle' } });
    expect(await invoke(ACCEPTED)).toMatchObject({ status: 'refused', reason: 'NoPrimary' });
    expect(bench.roleCalls).toEqual([]);
  });

  it('when the operation hangs, then it says honestly that it timed out, and the next one reports it in progress', async () => {
    bench.aws.nextOperation({ outcome: 'stuck' });
    const answer = await invoke(ACCEPTED, 17_000);
    expect(answer).toMatchObject({ status: 'timed_out', type: 'failover' });
    expect(answer.message).toContain('last: waiting for AWS');
    expect(answer.message).toContain('invoke again');
    expect(bench.messages.map(({ kind }) => kind)).toEqual(['FailoverStarted', 'FailoverFailed']);
    expect(bench.puts(WEST)).toEqual([]);

    const again = await invoke(ACCEPTED);
    expect(again).toMatchObject({ status: 'in_progress', from_region: EAST, type: 'failover' });
    await bench.aws.releaseOperation('complete');
    expect(await invoke(ACCEPTED)).toMatchObject({ status: 'already_primary' });
    expect(bench.roleCalls).toHaveLength(1);
  }, 30_000);

  it('when too little time is left for a call, then none is made', async () => {
    expect(await invoke(ACCEPTED, 12_000)).toMatchObject({ status: 'refused', reason: 'TooLittleTime' });
    expect(bench.roleCalls).toEqual([]);
    expect(bench.messages).toEqual([]);
  });

  it('when it is invoked twice at once, then there is one role change', async () => {
    const answers = await Promise.all([invoke(ACCEPTED), invoke(ACCEPTED)]);
    expect(bench.aws.operations).toHaveLength(1);
    expect(answers.map(({ status }) => status)).toContain('completed');
    expect(['completed', 'in_progress']).toEqual(expect.arrayContaining(answers.map(({ status }) => status)));
    expect(writer()).toBe(WEST);
  });
});

describe('given what is no request', () => {
  it.each([
    [undefined, 'must be an object'],
    ['us-west-2', 'must be an object'],
    [{}, 'target_region is missing'],
    [{ target_region: 'west' }, 'target_region must be the name of an AWS region'],
    [{ target_region: WEST, accept_data_loss: 'yes' }, 'accept_data_loss must be true or false'],
    [{ target_region: WEST, accept_dataloss: true }, 'unknown: accept_dataloss'],
    [{ target_region: WEST, type: 'Failover' }, 'type must be auto, switchover or failover'],
  ])('when %j is asked, then it says what is wrong and asks AWS nothing', async (event, message) => {
    const answer = await invoke(event);
    expect(answer).toMatchObject({ status: 'refused', reason: 'InvalidRequest' });
    expect(answer.message).toContain(message);
    expect(answer.message).toContain('write it like {"target_region"');
    expect(bench.aws.calls).toEqual([]);
  });

  it('when a region is named that it does not look after, then it names those that it does', async () => {
    const answer = await invoke({ target_region: 'eu-west-1' });
    expect(answer).toMatchObject({ status: 'refused', reason: 'UnknownRegion' });
    expect(answer.message).toContain(`${EAST}, ${WEST}`);
  });
});

describe('given the function in the primary’s region', () => {
  it('when a switchover away is asked for, then it reaches the target through the endpoints of its region', async () => {
    const url = (region: string): string => bench.aws.endpoints[region] ?? '';
    // As deployed: each service of the other region by an endpoint of its own.
    const endpoints = [`${EAST}=${url(EAST)}`, `${WEST}/rds=${url(WEST)}`, `${WEST}/monitoring=${url(WEST)}`];
    bench.deploy(EAST, { AURORA_DR_AWS_ENDPOINTS: endpoints.join(',') });
    expect(await invoke({ target_region: WEST })).toMatchObject({ status: 'completed', type: 'switchover' });
    expect(bench.messages.map(({ region }) => region)).toEqual([EAST, EAST]);
  });
});

describe('given three regions', () => {
  const CENTRAL = 'eu-central-1';

  beforeEach(async () => {
    await bench[Symbol.asyncDispose]();
    bench = await LambdaBench.start({ regions: [EAST, WEST, CENTRAL] }, {}, [EAST, WEST, CENTRAL]);
    bench.deploy(WEST, { AURORA_DR_REGIONS: [EAST, WEST, CENTRAL].map((region) => `${region}=${CLUSTER}`).join(',') });
  });

  it('when the primary’s is lost, then the one that was asked for becomes the writer, and both that are left hear', async () => {
    await bench.aws.loseRegion(EAST);
    expect(await invoke(ACCEPTED)).toMatchObject({ status: 'completed', type: 'failover' });
    expect(writer()).toBe(WEST);
    for (const region of [WEST, CENTRAL]) {
      expect(bench.puts(region).slice(-3)).toEqual([
        `WriterRegion ${EAST} 0`,
        `WriterRegion ${WEST} 1`,
        `WriterRegion ${CENTRAL} 0`,
      ]);
    }
  });

  it('when a role change to another region is in flight, then the answer names that region', async () => {
    bench.aws.startOperation('switchover', CENTRAL);
    const answer = await invoke({ target_region: WEST });
    expect(answer).toMatchObject({ status: 'in_progress', type: 'switchover' });
    expect(answer.message).toContain(CENTRAL);
    expect(bench.roleCalls).toEqual([]);
  });

  it('when it is asked for a third region that is lost, then it says that it cannot be seen', async () => {
    await bench.aws.loseRegion(CENTRAL);
    expect(await invoke({ target_region: CENTRAL, accept_data_loss: true })).toMatchObject({
      status: 'refused',
      reason: 'TargetNotPromotable',
    });
  });
});
