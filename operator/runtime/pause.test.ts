import { describe, expect, it } from '@jest/globals';
import { ManualClock } from './manual-clock.ts';
import { Pause } from './pause.ts';

describe('Pause', () => {
  it.each<[string, (pause: Pause, stop: AbortController) => void, number]>([
    ['nothing happens, ends after its time', () => undefined, 1_000],
    ['somebody wakes it, ends at once', (pause) => pause.wake(), 400],
    ['the signal aborts, ends at once', (_, stop) => stop.abort(), 400],
  ])('given a wait, when %s', async (_, happen, expected) => {
    const clock = new ManualClock();
    const pause = new Pause(clock);
    const stop = new AbortController();
    let endedAt: number | undefined;
    const waiting = pause.wait(1_000, stop.signal).then(() => (endedAt = clock.monotonic()));
    await clock.advance(400);
    happen(pause, stop);
    await clock.advance(600);
    await waiting;
    expect(endedAt).toBe(expected);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given no wait, when woken or aborted before it begins, then the wake is lost, and the wait of an aborted signal is none', async () => {
    const clock = new ManualClock();
    const pause = new Pause(clock);
    pause.wake();
    await pause.wait(1_000, AbortSignal.abort());
    expect(clock.pendingTimers).toBe(0);
    const waiting = pause.wait(5, new AbortController().signal);
    await clock.advance(5);
    await waiting;
  });
});
