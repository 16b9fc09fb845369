import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.ts';

function setUp() {
  let now = 1_000;
  const waiting: (() => void)[] = [];
  const turns = new Turns({
    clock: { monotonic: () => now },
    milliseconds: 5,
    next: () => new Promise((resolve) => void waiting.push(resolve)),
  });
  return {
    turns,
    waiting,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    goRound: async (shared: Promise<void> | undefined) => {
      for (const resolve of waiting.splice(0)) resolve();
      await shared;
    },
  };
}

describe('Turns', () => {
  it('lets work go on until the turn is used up, then all wait for the same round of the loop', async () => {
    const { turns, waiting, pass, goRound } = setUp();
    await goRound(turns.share());
    expect(turns.share()).toBeUndefined();
    pass(4);
    expect(turns.share()).toBeUndefined();
    pass(1);
    const one = turns.share();
    expect(one).toBeInstanceOf(Promise);
    expect(turns.share()).toBe(one);
    expect(waiting).toHaveLength(1);
    await goRound(one);
    expect(turns.share()).toBeUndefined();
  });

  it('by default, lets the event loop go round', async () => {
    const turns = new Turns({ clock: { monotonic: () => 0 }, milliseconds: 0 });
    let isRead = false;
    setImmediate(() => {
      isRead = true;
    });
    await turns.share();
    expect(isRead).toBe(true);
  });
});
