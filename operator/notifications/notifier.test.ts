import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AwsAccount } from '../aws/account.ts';
import type { CallOptions, NotificationInput } from '../aws/aws-gateway.ts';
import { AwsCallError, type FailedAttempt } from '../aws/errors.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import type { Notification } from './notification.ts';
import { type NotificationOutcome, Notifier, type NotifierProps } from './notifier.ts';

const east = 'arn:aws:sns:us-east-1:123456789012:alerts';
const west = 'arn:aws:sns:us-west-2:123456789012:alerts';
const account: AwsAccount = { roleArn: 'arn:aws:iam::123456789012:role/dr' };
const notification: Notification = {
  kind: 'FailoverStarted',
  about: 'a/b',
  subject: 'Aurora failover started (a/b)',
  body: '{}',
};
/** Notifications about so many policies. */
const several = (count: number): Notification[] =>
  Array.from({ length: count }, (_, index) => ({ ...notification, about: `a/${index}`, body: `${index}` }));

interface Call {
  readonly account: AwsAccount;
  readonly region: string;
  readonly input: NotificationInput;
  readonly options: CallOptions;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function refusal(cause: 'denied' | 'malformed' | 'throttled'): AwsCallError {
  const classification: FailedAttempt = { kind: 'rejected', cause, message: 'no' };
  return new AwsCallError({
    action: 'Publish',
    region: 'us-east-1',
    classification,
    isEffectPossible: false,
    advice: '-',
  });
}

describe('Notifier', () => {
  let clock: ManualClock;
  let calls: Call[];
  let outcomes: NotificationOutcome[];

  beforeEach(() => {
    clock = new ManualClock();
    calls = [];
    outcomes = [];
  });

  function notifier(props: Partial<NotifierProps> = {}): Notifier {
    return new Notifier({
      gateway: {
        publishNotification: (of, region, input, options) =>
          new Promise((resolve, reject) => {
            calls.push({ account: of, region, input, options, resolve, reject });
            options.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error));
          }),
      },
      clock,
      random: () => 0.5,
      onOutcome: (outcome) => outcomes.push(outcome),
      ...props,
    });
  }

  it("sends to every topic at the same time, in the topic's own region, once", async () => {
    notifier().send(account, [east, west, east], notification);
    await clock.settle();
    expect(calls.map(({ region }) => region)).toEqual(['us-east-1', 'us-west-2']);
    expect(calls[0]).toMatchObject({
      account,
      input: { topicArn: east, subject: notification.subject, body: '{}' },
      options: { timeoutMilliseconds: 5_000 },
    });
  });

  it('tells how each ended', async () => {
    notifier({ attempts: 1 }).send(account, [east, west], notification);
    await clock.settle();
    const error = new Error('no answer');
    calls[0]?.resolve();
    calls[1]?.reject(error);
    await clock.settle();
    expect(outcomes).toEqual([
      { kind: 'FailoverStarted', topicArn: east, region: 'us-east-1', result: 'delivered', attempts: 1 },
      { kind: 'FailoverStarted', topicArn: west, region: 'us-west-2', result: 'failed', attempts: 1, error },
    ]);
  });

  it('given a failure, tries again after 2 s and 4 s, three times in all', async () => {
    notifier().send(account, [east], notification);
    await clock.settle();
    calls[0]?.reject(new Error('1'));
    await clock.advance(1_999);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect(calls).toHaveLength(2);
    calls[1]?.reject(refusal('throttled'));
    await clock.advance(3_999);
    expect(calls).toHaveLength(2);
    await clock.advance(1);
    calls[2]?.reject(new Error('3'));
    await clock.advance(60_000);
    expect(calls).toHaveLength(3);
    expect(outcomes).toMatchObject([{ result: 'failed', attempts: 3, error: new Error('3') }]);
  });

  it.each([0, 0.999])('spreads the delay by half (random %s)', async (random) => {
    notifier({ random: () => random }).send(account, [east], notification);
    await clock.settle();
    calls[0]?.reject(new Error('1'));
    await clock.advance(random === 0 ? 1_000 : 2_998);
    expect(calls).toHaveLength(2);
  });

  it('given a second attempt that works, has delivered', async () => {
    notifier().send(account, [east], notification);
    await clock.settle();
    calls[0]?.reject(new Error('1'));
    await clock.advance(2_000);
    calls[1]?.resolve();
    await clock.settle();
    expect(outcomes).toMatchObject([{ result: 'delivered', attempts: 2 }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each(['denied', 'malformed'] as const)('given an answer of %s, does not ask again', async (cause) => {
    notifier().send(account, [east], notification);
    await clock.settle();
    calls[0]?.reject(refusal(cause));
    await clock.advance(60_000);
    expect(calls).toHaveLength(1);
    expect(outcomes).toMatchObject([{ result: 'failed', attempts: 1 }]);
  });

  it('given a region that hangs, the other region and the other account are not delayed', async () => {
    const subject = notifier({ concurrency: 1 });
    for (let index = 0; index < 3; index += 1) subject.send(account, [east, west], notification);
    subject.send({}, [east], notification);
    for (let index = 0; index < 3; index += 1) {
      await clock.settle();
      for (const call of calls) if (call.region === 'us-west-2') call.resolve();
    }
    expect(calls.filter(({ region }) => region === 'us-west-2')).toHaveLength(3);
    expect(calls.filter(({ region }) => region === 'us-east-1').map((call) => call.account)).toEqual([account, {}]);
  });

  it('bounds what is in flight and what waits, and drops the oldest that waits', async () => {
    const subject = notifier({ concurrency: 2, queueLimit: 3 });
    for (const one of several(7)) subject.send(account, [east], one);
    await clock.settle();
    expect(calls.map(({ input }) => input.body)).toEqual(['0', '1']);
    expect(outcomes).toMatchObject([{ result: 'dropped' }, { result: 'dropped' }]);
    for (let index = 0; index < 5; index += 1) {
      calls[index]?.resolve();
      await clock.settle();
    }
    expect(calls.map(({ input }) => input.body)).toEqual(['0', '1', '4', '5', '6']);
  });

  it('given the first about a policy is tried again, then the next about it waits, and those about others do not', async () => {
    const subject = notifier();
    const [other] = several(1);
    subject.send(account, [east], { ...notification, body: 'started' });
    subject.send(account, [east], { ...notification, body: 'completed' });
    subject.send(account, [east], other!);
    await clock.settle();
    expect(calls.map(({ input }) => input.body)).toEqual(['started', '0']);
    calls[0]?.reject(new Error('1'));
    await clock.advance(2_000);
    expect(calls.map(({ input }) => input.body)).toEqual(['started', '0', 'started']);
    calls[2]?.resolve();
    await clock.settle();
    expect(calls.map(({ input }) => input.body)).toEqual(['started', '0', 'started', 'completed']);
  });

  it('given the first about a policy is given up, then the next about it is sent all the same', async () => {
    const subject = notifier({ attempts: 1 });
    subject.send(account, [east], { ...notification, body: 'started' });
    subject.send(account, [east], { ...notification, body: 'completed' });
    await clock.settle();
    calls[0]?.reject(new Error('1'));
    await clock.settle();
    expect(calls.map(({ input }) => input.body)).toEqual(['started', 'completed']);
  });

  it.each(['', 'arn:aws:sqs:us-east-1:123456789012:queue', 'arn:aws:sns:us-east-1:123456789012:topic:subscription'])(
    'given the ARN "%s", tells that it is none and sends to the others',
    async (arn) => {
      notifier().send(account, [arn, west], notification);
      await clock.settle();
      expect(outcomes).toMatchObject([{ topicArn: arn, region: '', result: 'failed', attempts: 0 }]);
      expect((outcomes[0]?.error as Error).message).toMatch(/^cannot notify .*: it is not the ARN of an SNS topic; /);
      expect(calls).toHaveLength(1);
    },
  );

  it('given a gateway that throws, send does not', async () => {
    const publishNotification = (): never => {
      throw new Error('at once');
    };
    notifier({ gateway: { publishNotification }, attempts: 1 }).send(account, [east], notification);
    await clock.settle();
    expect(outcomes).toMatchObject([{ result: 'failed', error: new Error('at once') }]);
  });

  it('given a flush, waits for what is under way, its retries included', async () => {
    const subject = notifier();
    subject.send(account, [east], notification);
    const flushed = subject.flush(10_000);
    await clock.settle();
    calls[0]?.reject(new Error('1'));
    await clock.advance(2_000);
    calls[1]?.resolve();
    expect(await flushed).toBe(true);
    expect(outcomes).toMatchObject([{ result: 'delivered' }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given a flush that takes too long, gives up what is left and takes no more', async () => {
    const subject = notifier({ concurrency: 1 });
    subject.send(account, [east, west], notification);
    subject.send(account, [east], notification);
    await clock.settle();
    calls.find(({ region }) => region === 'us-west-2')?.reject(new Error('once'));
    const flushed = subject.flush(1_000);
    await clock.advance(1_000);
    expect(await flushed).toBe(false);
    subject.send(account, [east], notification);
    expect(outcomes.map(({ result }) => result)).toEqual(Array(4).fill('dropped'));
    expect(calls).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given nothing under way, a flush ends at once', async () => {
    expect(await notifier().flush(1_000)).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});
