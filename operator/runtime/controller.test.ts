import { describe, expect, it } from '@jest/globals';

import { Controller, done, type ControllerOptions, type Reconcile } from './controller.ts';
import { apiErrorFrom } from './kube-errors.ts';
import { ManualClock } from './manual-clock.ts';
import { ExponentialRateLimiter } from './rate-limiter.ts';
import { TerminalError } from './terminal-error.ts';
import { Turns } from './turns.ts';
import { WorkQueue } from './work-queue.ts';

interface Setup {
  readonly clock: ManualClock;
  readonly queue: WorkQueue<string>;
  readonly controller: Controller;
  readonly outcomes: string[];
  readonly errors: string[];
  readonly stop: AbortController;
  readonly abort: AbortController;
  readonly finished: Promise<number>;
}

function startController(reconcile: Reconcile<string>, options: Partial<ControllerOptions<string>> = {}): Setup {
  const clock = new ManualClock();
  const queue = new WorkQueue<string>({
    clock,
    rateLimiter: new ExponentialRateLimiter({ random: () => 0.5, baseMilliseconds: 100 }),
  });
  const outcomes: string[] = [];
  const errors: string[] = [];
  const controller = new Controller<string>({
    name: 'test',
    queue,
    reconcile,
    clock,
    listener: {
      onEnd: (key, outcome) => outcomes.push(`${key} ${outcome}`),
      onError: (key, error, isTerminal) =>
        errors.push(`${key} ${(error as Error).message}${isTerminal ? ' terminal' : ''}`),
    },
    ...options,
  });
  const stop = new AbortController();
  const abort = new AbortController();
  const finished = controller.run(stop.signal, { abort: abort.signal });
  return { clock, queue, controller, outcomes, errors, stop, abort, finished };
}

describe('Controller', () => {
  it('given many keys whose reconciles wait for nothing, lets the event loop go round in between', async () => {
    let rounds = 0;
    const turns = new Turns({
      clock: { monotonic: () => 0 },
      milliseconds: 0,
      next: () => {
        rounds += 1;
        return Promise.resolve();
      },
    });
    const { clock, queue, outcomes, stop, finished } = startController(() => Promise.resolve(done), { turns });
    for (let key = 0; key < 40; key += 1) queue.add(`${key}`);
    await clock.settle();
    expect(outcomes).toHaveLength(40);
    // Four workers share each turn.
    expect(rounds).toBeGreaterThanOrEqual(10);
    stop.abort();
    await finished;
  });

  it('given results, when returned, comes again after the time or not at all', async () => {
    let calls = 0;
    const { clock, queue, outcomes, stop, finished } = startController(() => {
      calls += 1;
      return Promise.resolve(calls < 3 ? { requeueAfterMilliseconds: 1_000 } : done);
    });
    queue.add('a');
    await clock.advance(10_000);
    expect(outcomes).toEqual(['a requeue_after', 'a requeue_after', 'a success']);
    stop.abort();
    expect(await finished).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given errors, when thrown, comes again with growing delays that a success ends', async () => {
    const times: number[] = [];
    const { clock, queue, errors, stop, finished } = startController(() => {
      times.push(clock.monotonic());
      if (times.length < 4) throw new Error('synchronous, even');
      return Promise.resolve(done);
    });
    queue.add('a');
    await clock.advance(10_000);
    expect(times).toEqual([0, 100, 300, 700]);
    expect(errors).toHaveLength(3);
    expect(queue.numRequeues('a')).toBe(0);
    stop.abort();
    await finished;
  });

  it('given a terminal error, when thrown, waits for the object to change', async () => {
    let calls = 0;
    const { clock, queue, errors, stop, finished } = startController(() => {
      calls += 1;
      return Promise.reject(new TerminalError('spec makes no sense'));
    });
    queue.add('a');
    await clock.advance(3_600_000);
    expect(calls).toBe(1);
    expect(errors).toEqual(['a spec makes no sense terminal']);
    queue.add('a');
    await clock.advance(0);
    expect(calls).toBe(2);
    stop.abort();
    await finished;
  });

  it('given a conflict, when thrown, comes again soon without being an error', async () => {
    let calls = 0;
    const { clock, queue, outcomes, errors, stop, finished } = startController(() => {
      calls += 1;
      return calls === 1
        ? Promise.reject(apiErrorFrom('patch', 409, { kind: 'Status', reason: 'Conflict' }))
        : Promise.resolve(done);
    });
    queue.add('a');
    await clock.advance(1_000);
    expect(outcomes).toEqual(['a requeue', 'a success']);
    expect(errors).toEqual([]);
    stop.abort();
    await finished;
  });

  it('given many keys, when several workers run, never reconciles one key twice at once and never exceeds the workers', async () => {
    const active = new Map<string, number>();
    let mostAtOnce = 0;
    let total = 0;
    const { clock, queue, stop, finished } = startController(
      async (key) => {
        active.set(key, (active.get(key) ?? 0) + 1);
        expect(active.get(key)).toBe(1);
        mostAtOnce = Math.max(
          mostAtOnce,
          [...active.values()].reduce((sum, count) => sum + count, 0),
        );
        await clock.sleep(10);
        active.set(key, 0);
        total += 1;
        return done;
      },
      { workers: 3 },
    );
    for (let round = 0; round < 20; round += 1) {
      for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
      await clock.advance(7);
    }
    await clock.advance(1_000);
    expect(mostAtOnce).toBe(3);
    expect(total).toBeGreaterThan(10);
    stop.abort();
    await finished;
  });

  it('given a stop, when reconciles run, waits for them and starts no other', async () => {
    const finishedKeys: string[] = [];
    const { clock, queue, stop, finished } = startController(
      async (key) => {
        await clock.sleep(5_000);
        finishedKeys.push(key);
        return done;
      },
      { workers: 1 },
    );
    queue.add('running');
    queue.add('waiting');
    await clock.advance(1_000);
    stop.abort();
    await clock.advance(20_000);
    expect(await finished).toBe(0);
    expect(finishedKeys).toEqual(['running']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given a stop, when a reconcile takes too long, aborts it; one that ignores that is left behind', async () => {
    const { clock, queue, controller, stop, finished } = startController(
      async (key, { signal }) => {
        if (key === 'deaf') return new Promise(() => undefined);
        await clock.sleep(3_600_000, signal);
        return done;
      },
      { workers: 2, drainMilliseconds: 5_000 },
    );
    queue.add('obedient');
    queue.add('deaf');
    await clock.settle();
    expect(controller.activeWorkers).toBe(2);
    stop.abort();
    await clock.advance(4_999);
    expect(controller.activeWorkers).toBe(2);
    await clock.advance(1_100);
    expect(await finished).toBe(1);
  });

  it('given lost leadership, when aborted, ends running reconciles at once without calling that an error', async () => {
    const { clock, queue, errors, abort, finished } = startController(async (_key, { signal }) => {
      await clock.sleep(3_600_000, signal);
      return done;
    });
    queue.add('a');
    await clock.settle();
    abort.abort(new Error('leadership lost'));
    expect(await finished).toBe(0);
    expect(errors).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given reconciles that give their worker back, when they hang, others go on, and no key is reconciled twice at once', async () => {
    const hanging = new Map<string, () => void>();
    const routine: string[] = [];
    const { clock, queue, controller, outcomes, stop, finished } = startController(
      async (key, { leaveWorker }) => {
        if (!key.startsWith('hangs')) {
          routine.push(key);
          return done;
        }
        expect(hanging.has(key)).toBe(false);
        leaveWorker();
        leaveWorker();
        await new Promise<void>((resolve) => hanging.set(key, resolve));
        hanging.delete(key);
        return done;
      },
      { workers: 2 },
    );
    for (let count = 0; count < 2_000; count += 1) queue.add(`hangs ${count}`);
    queue.add('a');
    queue.add('b');
    await clock.advance(0);
    expect(routine).toEqual(['a', 'b']);
    expect([controller.activeWorkers, controller.running, queue.processing]).toEqual([0, 2_000, 2_000]);

    queue.add('hangs 7');
    await clock.advance(0);
    expect(queue.length).toBe(0);
    hanging.get('hangs 7')?.();
    await clock.advance(0);
    expect(outcomes.filter((outcome) => outcome.startsWith('hangs 7 '))).toEqual(['hangs 7 success']);
    expect(hanging.has('hangs 7')).toBe(true);

    stop.abort();
    for (const end of hanging.values()) end();
    await clock.advance(0);
    expect(await finished).toBe(0);
  });

  it('given a stop, when a reconcile without a worker goes on, waits for it; one that ignores its abort is left behind', async () => {
    const ended: string[] = [];
    const { clock, queue, stop, finished } = startController(
      async (key, { leaveWorker, signal }) => {
        leaveWorker();
        if (key === 'deaf') return new Promise(() => undefined);
        await clock.sleep(key === 'slow' ? 3_000 : 3_600_000, signal).finally(() => ended.push(key));
        return done;
      },
      { workers: 1, drainMilliseconds: 5_000 },
    );
    for (const key of ['slow', 'obedient', 'deaf']) queue.add(key);
    await clock.settle();
    stop.abort();
    await clock.advance(4_999);
    expect(ended).toEqual(['slow']);
    await clock.advance(1_100);
    expect(await finished).toBe(1);
    expect(ended).toEqual(['slow', 'obedient']);
  });

  it('given an error after the worker was given back, when thrown, comes again with a delay like any other', async () => {
    let calls = 0;
    const { clock, queue, outcomes, stop, finished } = startController(async (_key, { leaveWorker }) => {
      calls += 1;
      leaveWorker();
      await clock.sleep(10);
      if (calls === 1) throw new Error('AWS went away');
      return done;
    });
    queue.add('a');
    await clock.advance(1_000);
    expect(outcomes).toEqual(['a error', 'a success']);
    stop.abort();
    await finished;
  });
});
