import { describe, expect, it } from '@jest/globals';

import { SystemClock } from './clock.ts';
import { ManualClock } from './manual-clock.ts';

describe('ManualClock', () => {
  it('given timers out of order, when time advances, fires them by due time and then by age', async () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    clock.setTimeout(() => fired.push('late'), 20);
    clock.setTimeout(() => fired.push('early'), 10);
    clock.setTimeout(() => fired.push('early, second'), 10);
    clock.setTimeout(() => fired.push('beyond'), 31);

    await clock.advance(30);

    expect(fired).toEqual(['early', 'early, second', 'late']);
    expect(clock.pendingTimers).toBe(1);
  });

  it('given a loop of sleeps, when time advances once, runs all of its rounds at their own times', async () => {
    const clock = new ManualClock(1_000);
    const seen: number[] = [];
    const loop = async (): Promise<void> => {
      for (let round = 0; round < 3; round += 1) {
        await clock.sleep(10);
        seen.push(clock.now());
      }
    };

    const finished = loop();
    await clock.advance(100);
    await finished;

    expect(seen).toEqual([1_010, 1_020, 1_030]);
    expect(clock.now()).toBe(1_100);
  });

  it('given a jump of the wall clock, when nothing else happens, leaves the monotonic clock alone', () => {
    const clock = new ManualClock(5_000);
    clock.jumpWallClock(-3_000);
    expect(clock.now()).toBe(2_000);
    expect(clock.monotonic()).toBe(0);
  });

  it('given a sleep, when its signal aborts, rejects with the reason and leaves no timer', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(1_000, controller.signal);

    controller.abort(new Error('enough'));

    await expect(sleeping).rejects.toThrow('enough');
    await expect(clock.sleep(1_000, controller.signal)).rejects.toThrow('enough');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('SystemClock', () => {
  it('given a time beyond the longest timer of Node, when set, does not fire at once (trap: 2^31 ms and more become 1 ms)', async () => {
    const clock = new SystemClock();
    let hasFired = false;
    const timer = clock.setTimeout(
      () => {
        hasFired = true;
      },
      2 ** 31 + 1,
    );
    await clock.sleep(20);
    timer.cancel();
    expect(hasFired).toBe(false);
  });

  it('given an aborted signal, when sleeping, rejects with the reason', async () => {
    await expect(new SystemClock().sleep(60_000, AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
  });
});
