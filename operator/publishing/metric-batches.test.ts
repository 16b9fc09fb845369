import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AwsAccount } from '../aws/account.ts';
import type { CallOptions, MetricDataInput } from '../aws/aws-gateway.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { MetricBatches, type MetricPut } from './metric-batches.ts';

interface Call {
  readonly account: AwsAccount;
  readonly region: string;
  readonly input: MetricDataInput;
  readonly options: CallOptions;
}

describe('MetricBatches', () => {
  let clock: ManualClock;
  let calls: Call[];
  let answer: () => Promise<void>;
  let batches: MetricBatches;

  beforeEach(() => {
    clock = new ManualClock(0);
    calls = [];
    answer = () => Promise.resolve();
    const gateway = {
      putMetricData: (account: AwsAccount, region: string, input: MetricDataInput, options: CallOptions) => {
        calls.push({ account, region, input, options });
        return answer();
      },
    };
    batches = new MetricBatches({ gateway, clock });
  });

  const put = (name: string, props: Partial<MetricPut> = {}): Promise<void> =>
    batches.put({
      account: {},
      region: 'us-west-2',
      namespace: 'AuroraDR',
      metrics: [{ name, dimensions: [], value: 1, at: 5 }],
      timeoutMilliseconds: 700,
      ...props,
    });

  const names = (): string[][] => calls.map(({ input }) => input.metrics.map(({ name }) => name));

  it('given puts of one second, makes one call of them, in their order', async () => {
    const all = Promise.all([put('a'), put('b', { timeoutMilliseconds: 900 })]);
    await clock.advance(600);
    expect(calls).toEqual([]);
    const late = put('c');
    await clock.advance(400);
    await Promise.all([all, late]);
    expect(names()).toEqual([['a', 'b', 'c']]);
    expect(calls[0]).toMatchObject({ region: 'us-west-2', options: { timeoutMilliseconds: 900 } });
    expect(calls[0]?.input.namespace).toBe('AuroraDR');
    const next = put('d');
    await clock.advance(1_000);
    await next;
    expect(names()).toEqual([['a', 'b', 'c'], ['d']]);
  });

  it('given news, sends it in a moment, with what waits', async () => {
    const all = Promise.all([put('routine'), put('news', { isUrgent: true })]);
    await clock.advance(19);
    const second = put('more', { isUrgent: true });
    expect(calls).toEqual([]);
    await clock.advance(1);
    await Promise.all([all, second]);
    expect(names()).toEqual([['routine', 'news', 'more']]);
    await clock.advance(5_000);
    expect(calls).toHaveLength(1);
  });

  it('keeps accounts, regions and namespaces apart', async () => {
    const all = [
      put('a'),
      put('b', { region: 'eu-west-1' }),
      put('c', { namespace: 'Other' }),
      put('d', { account: { roleArn: 'arn:aws:iam::222222222222:role/dr' } }),
    ];
    await clock.advance(1_000);
    await Promise.all(all);
    expect(names()).toEqual([['a'], ['b'], ['c'], ['d']]);
  });

  it('given more than a call carries, makes several, none above a thousand and no put divided', async () => {
    const metrics = Array.from({ length: 3 }, (_, index) => ({ name: `${index}`, dimensions: [], value: 1, at: 5 }));
    const all = Array.from({ length: 400 }, () => put('', { metrics }));
    await clock.advance(1_000);
    await Promise.all(all);
    expect(names().map(({ length }) => length)).toEqual([999, 201]);
  });

  it('given the end of the process, sends what waits at once, and waits for the answers', async () => {
    const answers: (() => void)[] = [];
    answer = () => new Promise((resolve) => void answers.push(resolve));
    const all = Promise.all([put('a'), put('b', { region: 'eu-west-1' })]);
    let isFlushed = false;
    const flushed = batches.flush().then(() => {
      isFlushed = true;
    });
    expect(names()).toEqual([['a'], ['b']]);
    await clock.settle();
    expect(isFlushed).toBe(false);
    for (const resolve of answers) resolve();
    await Promise.all([all, flushed]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given a failed call, tells each whose metrics it carried, and goes on', async () => {
    answer = () => Promise.reject(new Error('throttled'));
    const all = Promise.allSettled([put('a'), put('b')]);
    await clock.advance(1_000);
    expect((await all).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    answer = () => Promise.resolve();
    const next = put('c');
    await clock.advance(1_000);
    await expect(next).resolves.toBeUndefined();
  });
});
