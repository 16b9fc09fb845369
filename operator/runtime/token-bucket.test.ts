import { describe, expect, it } from '@jest/globals';

import { ManualClock } from './manual-clock.ts';
import { TokenBucket } from './token-bucket.ts';

function createBucket(rate: number, burst: number): { clock: ManualClock; bucket: TokenBucket } {
  const clock = new ManualClock();
  return { clock, bucket: new TokenBucket({ clock, rate, burst }) };
}

describe('TokenBucket', () => {
  it('given a full bucket, when taken from, gives its burst at once and then its rate', async () => {
    const { clock, bucket } = createBucket(2, 3);
    expect([1, 2, 3, 4].map(() => bucket.tryTake())).toEqual([true, true, true, false]);
    await clock.advance(499);
    expect(bucket.tryTake()).toBe(false);
    await clock.advance(1);
    expect(bucket.tryTake()).toBe(true);
    await clock.advance(60_000);
    expect([1, 2, 3, 4].map(() => bucket.tryTake())).toEqual([true, true, true, false]);
  });

  it('given normal waiters, when a high priority comes last, serves it first and the others in order', async () => {
    const { clock, bucket } = createBucket(1, 1);
    const served: string[] = [];
    const take = (name: string, priority: 'high' | 'normal'): void => {
      void bucket.take({ priority }).then(() => served.push(name));
    };
    take('at once', 'normal');
    take('first', 'normal');
    take('second', 'normal');
    take('failover', 'high');
    take('another failover', 'high');
    await clock.advance(1_000);
    expect(served).toEqual(['at once', 'failover']);
    await clock.advance(3_000);
    expect(served).toEqual(['at once', 'failover', 'another failover', 'first', 'second']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given a waiter, when somebody tries without waiting, does not let it overtake', async () => {
    const { clock, bucket } = createBucket(1, 2);
    await bucket.take();
    await bucket.take();
    const waiting = bucket.take();
    expect(bucket.tryTake()).toBe(false);
    await clock.advance(1_000);
    await waiting;
    expect(bucket.tryTake()).toBe(false);
    await clock.advance(1_000);
    expect(bucket.tryTake({ priority: 'high' })).toBe(true);
  });

  it('given a waiter, when its signal aborts, leaves the queue and costs no token', async () => {
    const { clock, bucket } = createBucket(1, 1);
    await bucket.take();
    const controller = new AbortController();
    const given = bucket.take({ signal: controller.signal });
    const next = bucket.take();

    controller.abort(new Error('changed my mind'));
    await expect(given).rejects.toThrow('changed my mind');
    expect(bucket.waiting).toBe(1);
    await clock.advance(1_000);
    await next;

    await expect(bucket.take({ signal: controller.signal })).rejects.toThrow('changed my mind');
    expect(clock.pendingTimers).toBe(0);
  });

  it('given impossible settings, when created, says so', () => {
    const clock = new ManualClock();
    expect(() => new TokenBucket({ clock, rate: 0, burst: 1 })).toThrow('rate above 0');
    expect(() => new TokenBucket({ clock, rate: 1, burst: 0.5 })).toThrow('burst of at least 1');
  });
});
