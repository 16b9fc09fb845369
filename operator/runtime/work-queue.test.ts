import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { ManualClock } from './manual-clock.ts';
import { ExponentialRateLimiter } from './rate-limiter.ts';
import type { KeyOrder } from './ready-keys.ts';
import { WorkQueue, type Background, type WorkQueueListener } from './work-queue.ts';

function createQueue(
  listener?: WorkQueueListener<string>,
  orderOf?: (key: string) => KeyOrder,
  background?: Background,
): { clock: ManualClock; queue: WorkQueue<string> } {
  const clock = new ManualClock();
  const rateLimiter = new ExponentialRateLimiter<string>({ random: () => 0.5, baseMilliseconds: 100 });
  return { clock, queue: new WorkQueue({ clock, rateLimiter, listener, orderOf, background }) };
}

describe('WorkQueue', () => {
  it('given a key that waits, when added again, hands it out once', async () => {
    const { queue } = createQueue();
    queue.add('a');
    queue.add('b');
    queue.add('a');
    expect(queue.length).toBe(2);
    expect([await queue.get(), await queue.get()]).toEqual(['a', 'b']);
    expect(queue.length).toBe(0);
  });

  it('given an order, hands out by it; a key that waits moves forward when it is added and matters more by then', async () => {
    const urgency: Record<string, number> = { a: 0, b: 0, c: 1 };
    const { queue } = createQueue(undefined, (key) => ({ urgency: urgency[key] ?? 0, priority: 0 }));
    for (const key of ['a', 'b', 'c']) queue.add(key);
    urgency['b'] = 2;
    queue.add('b');
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual(['b', 'c', 'a']);
  });

  it('given a key that is worked on, when it comes again, its order is that of the moment', async () => {
    const urgency: Record<string, number> = { a: 0, b: 1 };
    const { queue } = createQueue(undefined, (key) => ({ urgency: urgency[key] ?? 0, priority: 0 }));
    queue.add('a');
    await queue.get();
    queue.add('a');
    queue.add('b');
    urgency['a'] = 2;
    queue.done('a');
    expect([await queue.get(), await queue.get()]).toEqual(['a', 'b']);
  });

  describe('given that one key that can wait is worked on at most', () => {
    const urgency: Record<string, number> = {};
    const setUp = (): WorkQueue<string> => {
      Object.assign(urgency, { a: 0, b: 0, urgent: 1, other: 1 });
      const orderOf = (key: string): KeyOrder => ({ urgency: urgency[key] ?? 0, priority: 0 });
      return createQueue(undefined, orderOf, { belowUrgency: 1, workers: 1 }).queue;
    };

    it('then a worker waits beside others of the kind, and takes what cannot wait', async () => {
      const queue = setUp();
      queue.add('a');
      queue.add('b');
      expect(await queue.get()).toBe('a');
      const next = queue.get();
      queue.add('urgent');
      queue.add('other');
      expect(await next).toBe('urgent');
      expect(await queue.get()).toBe('other');
      expect(queue.length).toBe(1);
    });

    it.each<[string, (queue: WorkQueue<string>) => void]>([
      ['is done', (queue) => queue.done('a')],
      ['leaves its worker', (queue) => queue.leaveWorker('a')],
    ])('when the one %s, then the next one comes', async (_, end) => {
      const queue = setUp();
      queue.add('a');
      queue.add('b');
      expect(await queue.get()).toBe('a');
      const next = queue.get();
      end(queue);
      expect(await next).toBe('b');
    });

    it('when one that waits becomes urgent, then a worker that waits takes it', async () => {
      const queue = setUp();
      queue.add('a');
      queue.add('b');
      expect(await queue.get()).toBe('a');
      const next = queue.get();
      urgency['b'] = 1;
      queue.add('b');
      expect(await next).toBe('b');
    });

    it('when it drains, then all are handed out all the same', async () => {
      const queue = setUp();
      for (const key of ['a', 'b', 'urgent']) queue.add(key);
      const taken: string[] = [];
      const work = async (): Promise<void> => {
        for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
          taken.push(key);
          await Promise.resolve();
          queue.done(key);
        }
      };
      await Promise.all([work(), work(), queue.drain()]);
      expect(taken).toEqual(['urgent', 'a', 'b']);
    });
  });

  it('given an order that cannot be told, the key goes last, is not lost, and somebody hears of it', async () => {
    const failed: unknown[] = [];
    const error = new Error('no order');
    const { queue } = createQueue({ onOrderFailed: (key, why) => failed.push([key, why]) }, (key) => {
      if (key === 'odd') throw error;
      return { urgency: 1, priority: 0 };
    });
    queue.add('odd');
    queue.add('a');
    queue.add('odd');
    expect([await queue.get(), await queue.get()]).toEqual(['a', 'odd']);
    queue.add('odd');
    queue.done('odd');
    expect(await queue.get()).toBe('odd');
    expect(failed).toEqual([1, 2, 3].map(() => ['odd', error]));
  });

  it('given a key that is worked on, when added, holds it back until it is done', async () => {
    const { clock, queue } = createQueue();
    queue.add('a');
    await queue.get();
    queue.add('a');
    queue.add('a');
    expect(queue.length).toBe(0);
    let second: string | undefined;
    void queue.get().then((key) => {
      second = key;
    });
    await clock.settle();
    expect(second).toBeUndefined();

    queue.done('a');
    await clock.settle();

    expect(second).toBe('a');
    expect(queue.length).toBe(0);
  });

  it('given several delayed adds of a key, when time passes, the earliest counts and it comes once', async () => {
    const { clock, queue } = createQueue();
    queue.addAfter('a', 500);
    queue.addAfter('a', 200);
    queue.addAfter('a', 900);
    await clock.advance(199);
    expect(queue.length).toBe(0);
    await clock.advance(1);
    expect(queue.length).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given failures, when added rate-limited, waits longer each time until forgotten', async () => {
    const retries: number[] = [];
    const { clock, queue } = createQueue({ onRetry: (_key, delay) => retries.push(delay) });
    for (let failure = 0; failure < 3; failure += 1) {
      queue.addRateLimited('a');
      await clock.advance(1_000);
      queue.done((await queue.get())!);
    }
    expect(queue.numRequeues('a')).toBe(3);
    queue.forget('a');
    queue.addRateLimited('a');
    expect(retries).toEqual([100, 200, 400, 100]);
  });

  it('given a waiting worker, when its signal aborts, answers undefined and loses no key', async () => {
    const { clock, queue } = createQueue();
    const controller = new AbortController();
    const aborted = queue.get(controller.signal);
    const waiting = queue.get();
    await clock.settle();

    // The first waiter is chosen for the key and gives up in the same turn.
    queue.add('a');
    controller.abort();

    expect(await aborted).toBeUndefined();
    expect(await waiting).toBe('a');
  });

  it('given a shutdown, when workers wait and keys are delayed, releases all of them and accepts nothing', async () => {
    const { clock, queue } = createQueue();
    const waiting = [queue.get(), queue.get()];
    queue.addAfter('late', 10);
    await clock.settle();

    queue.shutDown();
    queue.add('a');
    queue.addAfter('b', 10);
    queue.addRateLimited('c');

    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    expect(await queue.get()).toBeUndefined();
    expect(queue.isShuttingDown).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given a drain, when keys are ready, hands them out and resolves after the last is done', async () => {
    const { clock, queue } = createQueue();
    queue.add('a');
    queue.add('b');
    let isDrained = false;
    const draining = queue.drain().then(() => {
      isDrained = true;
    });
    queue.add('too late');
    const first = await queue.get();
    const second = await queue.get();
    expect([first, second]).toEqual(['a', 'b']);
    const waiting = queue.get();
    queue.done('a');
    await clock.settle();
    expect(isDrained).toBe(false);

    queue.done('b');
    await draining;

    expect(await waiting).toBeUndefined();
  });

  it('given work that hangs, when asked, tells how long', async () => {
    const { clock, queue } = createQueue();
    queue.add('a');
    await queue.get();
    await clock.advance(2_000);
    queue.add('b');
    await queue.get();
    await clock.advance(1_000);
    expect(queue.longestRunningMilliseconds).toBe(3_000);
    expect(queue.unfinishedWorkMilliseconds).toBe(4_000);
    expect(queue.processing).toBe(2);
  });

  it('given a listener, when a key passes, reports adds, depth, waiting and working time', async () => {
    const seen: unknown[] = [];
    const { clock, queue } = createQueue({
      onAdd: (key) => seen.push(['add', key]),
      onDepth: (depth) => seen.push(['depth', depth]),
      onGet: (key, waited) => seen.push(['get', key, waited]),
      onDone: (key, worked) => seen.push(['done', key, worked]),
    });
    queue.add('a');
    await clock.advance(30);
    await queue.get();
    await clock.advance(70);
    queue.done('a');
    queue.done('a');
    expect(seen).toEqual([
      ['add', 'a'],
      ['depth', 1],
      ['get', 'a', 30],
      ['depth', 0],
      ['done', 'a', 70],
    ]);
  });

  it('given any sequence of operations, when several workers share it, no key is held twice and none is lost', async () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const operation = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key }),
      fc.record({ do: fc.constant('addAfter' as const), key, delay: fc.nat(50) }),
      fc.record({ do: fc.constant('addRateLimited' as const), key }),
      fc.record({ do: fc.constant('get' as const) }),
      fc.record({ do: fc.constant('done' as const), key }),
      fc.record({ do: fc.constant('advance' as const), by: fc.nat(40) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 60 }), fc.nat(3), async (operations, orders) => {
        let asked = 0;
        const { clock, queue } = createQueue(undefined, () => ({ urgency: (asked += 1) % (orders + 1), priority: 0 }));
        const held = new Set<string>();
        /** Added, and not handed out since. */
        const owed = new Set<string>();
        const take = async (): Promise<void> => {
          const taken = (await queue.get())!;
          expect(held.has(taken)).toBe(false);
          held.add(taken);
          owed.delete(taken);
        };
        for (const step of operations) {
          if (step.do === 'advance') await clock.advance(step.by);
          else if (step.do === 'get') {
            if (queue.length > 0) await take();
          } else if (step.do === 'done') {
            held.delete(step.key);
            queue.done(step.key);
          } else {
            owed.add(step.key);
            if (step.do === 'addAfter') queue.addAfter(step.key, step.delay);
            else if (step.do === 'add') queue.add(step.key);
            else queue.addRateLimited(step.key);
          }
          expect(queue.processing).toBe(held.size);
        }
        await clock.advance(120_000);
        for (let round = 0; round < 2; round += 1) {
          for (const one of held) queue.done(one);
          held.clear();
          while (queue.length > 0) await take();
        }
        expect([...owed]).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
