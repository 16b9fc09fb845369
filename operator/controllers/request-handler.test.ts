import { describe, expect, it } from '@jest/globals';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import { noAnswer } from '../failover/testing/attempts.ts';
import { KEY } from './testing/a-policy.ts';
import { Bench, Crash } from './testing/bench.ts';

const answerTo = ({ status }: Bench): string => {
  const { action, result, reason } = status.lastRequest ?? {};
  return `${action} ${result} ${reason}`;
};

/** A failover that has ended, its cooldown running, its old primary still lost. */
async function failedOver(): Promise<Bench> {
  const bench = await Bench.protected();
  bench.aurora.lose(bench.now);
  await bench.see(4);
  bench.aurora.promote();
  await bench.see(4);
  return bench;
}

const newest = (bench: Bench): string => bench.status.history?.[0]?.id ?? '';

describe('RequestHandler', () => {
  const refusals: readonly (readonly [string, Record<string, string>, string])[] = [
    ['a region of nobody', { 'force-failover': 'eu-west-9' }, 'force-failover Refused UnknownRegion'],
    ['the primary', { 'force-failover': 'us-east-1' }, 'force-failover Refused AlreadyPrimary'],
    ['an unknown type', { 'force-failover': WEST, 'force-type': 'Hard' }, 'force-failover Refused InvalidForceType'],
    [
      'a failover without acceptance',
      { 'force-failover': WEST, 'force-type': 'Failover' },
      'force-failover Refused DataLossNotAccepted',
    ],
    [
      'an acceptance other than "true"',
      { 'force-failover': WEST, 'force-type': 'Failover', 'accept-data-loss': 'yes' },
      'force-failover Refused DataLossNotAccepted',
    ],
    ['an acceptance alone', { 'accept-data-loss': 'true' }, 'accept-data-loss Refused RequiresForceFailover'],
    ['a type alone', { 'force-type': 'Failover' }, 'accept-data-loss Refused RequiresForceFailover'],
    ['a failback to where it is', { failback: 'true' }, 'failback Refused AlreadyPrimary'],
    ['an unknown drill', { drill: 'Fire' }, 'drill Refused InvalidValue'],
    ['a cooldown of nobody', { acknowledge: 'failover-x' }, 'acknowledge Refused UnknownOperation'],
    ['a fence of nobody', { 'confirm-fenced': 'failover-x' }, 'confirm-fenced Refused UnknownOperation'],
  ];

  it.each(refusals)('given %s, when asked for, then it is refused and removed', async (_name, annotations, answer) => {
    const bench = await Bench.protected();
    bench.annotate(annotations);
    await bench.settle();
    expect(answerTo(bench)).toBe(answer);
    expect(bench.status.lastRequest?.annotationsRemoved).toBe(true);
    expect(bench.policy.metadata.annotations).toEqual({});
    expect(bench.aurora.calls).toEqual([]);
    expect(bench.eventReasons().at(-1)).toBe('RequestRefused');
  });

  it('given a refusal, when the answer is written, then it is on record before the annotations go', async () => {
    const bench = await Bench.protected();
    bench.annotate({ 'accept-data-loss': 'true' });
    const before = bench.api.writes.length;
    await bench.settle();
    const kinds = bench.api.writes.slice(before).map(({ kind }) => kind);
    expect(kinds).toEqual(['status', 'annotations', 'status']);
  });

  it.each(['status none', 'annotations none'])(
    'given a process that dies around "%s", when the next one looks, then the request is answered once',
    async (point) => {
      for (const when of ['before', 'after']) {
        const bench = await Bench.protected();
        bench.annotate({ 'accept-data-loss': 'true' });
        bench.probe = (what, at) => {
          if (what === point && at === when) throw new Crash('killed');
        };
        await bench.settle();
        bench.restart();
        await bench.see(2);
        expect(bench.policy.metadata.annotations).toEqual({});
        expect(answerTo(bench)).toBe('accept-data-loss Refused RequiresForceFailover');
        expect(bench.status.lastRequest?.annotationsRemoved).toBe(true);
        expect(bench.eventReasons().filter((reason) => reason === 'RequestRefused').length).toBeLessThanOrEqual(1);
      }
    },
  );

  it('given a process that dies with an answered request still there, when another is asked for, then the first is not answered again', async () => {
    const bench = await Bench.protected();
    bench.annotate({ drill: 'Fire' });
    bench.probe = (what, at) => {
      if (what === 'annotations none' && at === 'before') throw new Crash('killed');
    };
    await bench.settle();
    bench.annotate({ drill: 'Fire', 'force-failover': WEST, 'force-type': 'Switchover', 'accept-data-loss': 'true' });
    bench.restart();
    await bench.see(2);
    expect(bench.policy.metadata.annotations).toEqual({});
    expect(answerTo(bench)).toBe('force-failover Accepted Accepted');
    expect(bench.eventReasons().filter((reason) => reason === 'RequestRefused').length).toBeLessThanOrEqual(1);
    expect(bench.aurora.calls).toEqual(['switchover us-east-1']);
  });

  it('given the same words again, when their removal is on record, then they are a new request', async () => {
    const bench = await Bench.protected();
    bench.annotate({ 'accept-data-loss': 'true' });
    await bench.settle();
    await bench.see();
    bench.annotate({ 'accept-data-loss': 'true' });
    await bench.settle();
    expect(bench.eventReasons().filter((reason) => reason === 'RequestRefused')).toHaveLength(2);
  });

  it('given an operation in flight, when another one is asked for, then it is refused', async () => {
    const bench = await Bench.protected();
    bench.annotate({ 'force-failover': WEST });
    await bench.settle();
    bench.annotate({ 'force-failover': WEST });
    await bench.settle();
    expect(answerTo(bench)).toBe('force-failover Refused OperationInFlight');
    expect(bench.aurora.calls).toEqual(['switchover us-east-1']);
  });

  it.each<[string, Record<string, string>, Partial<Parameters<typeof Bench.protected>[0]>]>([
    ['suspended', { 'force-failover': 'any' }, { suspend: true }],
    ['any', { 'force-failover': 'any', 'force-type': 'Switchover' }, {}],
  ])('given a policy that is %s, when a switchover is forced, then it starts', async (_name, annotations, spec) => {
    const bench = await Bench.protected(spec);
    bench.annotate(annotations);
    await bench.settle();
    expect(bench.aurora.effects).toEqual(['switchover us-east-1']);
    expect(bench.status.operation?.trigger).toBe('Annotation');
  });

  it('given a restored pair of regions, when a failback is asked for, then a switchover to the preferred starts', async () => {
    const bench = await failedOver();
    bench.aurora.heal();
    await bench.see(2);
    bench.annotate({ failback: 'true' });
    await bench.settle();
    expect(bench.aurora.effects).toEqual(['failover us-west-2', 'switchover us-west-2']);
    expect(bench.status.operation).toMatchObject({ trigger: 'Failback', type: 'Switchover', to: 'us-east-1' });
  });

  it('given a writer that somebody else has just moved, when a failback is asked for, then it waits until that is on record', async () => {
    const bench = await Bench.protected();
    bench.aurora.begin(WEST, false);
    bench.aurora.promote();
    await bench.see(1);
    bench.annotate({ failback: 'true' });
    await bench.settle();

    expect(bench.status).toMatchObject({ primaryRegion: 'us-east-1' });
    expect(bench.status.operation).toBeUndefined();

    await bench.see(2);

    expect(bench.status.operation).toMatchObject({ trigger: 'Failback', from: WEST, to: 'us-east-1' });
  });

  it('given a cooldown, when its operation is acknowledged, then it is over', async () => {
    const bench = await failedOver();
    expect(bench.status.cooldownUntil).toBeDefined();
    bench.annotate({ acknowledge: newest(bench) });
    await bench.settle();
    expect(answerTo(bench)).toBe('acknowledge Accepted Accepted');
    expect(bench.status.cooldownUntil).toBeUndefined();
    bench.annotate({ acknowledge: newest(bench) });
    await bench.settle();
    expect(answerTo(bench)).toBe('acknowledge Refused NoCooldown');
  });

  it('given an outstanding old primary, when a person vouches for its fence, then it is on record', async () => {
    const bench = await failedOver();
    bench.annotate({ 'confirm-fenced': newest(bench) });
    await bench.settle();
    expect(bench.status.splitBrain?.fence).toBe('Succeeded');
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryFenced');
  });

  it('given a drill, when a failover would work, then it says where to; otherwise why not', async () => {
    const bench = await Bench.protected();
    bench.annotate({ drill: 'Simulate' });
    await bench.settle();
    expect(bench.status.lastRequest).toMatchObject({ result: 'Accepted' });
    expect(bench.status.lastRequest?.message).toMatch(/would go to us-west-2/);
    expect(bench.aurora.calls).toEqual([]);

    await bench.see(1, { regions: { [WEST]: { synchronization: { [WEST]: 'pending-resync' } } } });
    bench.annotate({ drill: 'Simulate' });
    await bench.settle();
    expect(answerTo(bench)).toBe('drill Refused NotReady');
  });

  it('given a request before the first round, when the round comes, then it is answered', async () => {
    const bench = new Bench();
    bench.annotate({ 'accept-data-loss': 'true' });
    await bench.settle();
    expect(bench.status.lastRequest).toBeUndefined();
    await bench.see();
    expect(answerTo(bench)).toBe('accept-data-loss Refused RequiresForceFailover');
  });

  it('given annotations of others, when a request is removed, then they stay', async () => {
    const bench = await Bench.protected();
    bench.api.edit(KEY, ({ metadata }) => {
      metadata.annotations = { 'example.com/owner': 'payments', 'aurora-dr.io/drill': 'Fire' };
    });
    await bench.settle();
    expect(bench.policy.metadata.annotations).toEqual({ 'example.com/owner': 'payments' });
  });

  it('given a writer that could not be put on record, when no region tells of it any more, then a request waits for one', async () => {
    const bench = await Bench.protected();
    bench.probe = (what) => {
      if (what.startsWith('status')) throw new Error('no answer in time');
    };
    await bench.see(2, { writer: WEST });
    bench.probe = () => undefined;
    bench.annotate({ 'force-failover': WEST });
    await bench.see(1, { regions: { [EAST]: { rds: noAnswer() }, [WEST]: { rds: noAnswer() } } });
    expect(bench.status.lastRequest).toBeUndefined();
    await bench.see(1, { writer: WEST });
    await bench.see(1, { writer: WEST });
    expect(answerTo(bench)).toBe('force-failover Refused AlreadyPrimary');
    expect(bench.aurora.calls).toEqual([]);
  });
});
