import { describe, expect, it } from '@jest/globals';
import { NotificationGate } from './notification-gate.ts';

describe('NotificationGate', () => {
  it('given a state that lasts, passes once, and again as a reminder', () => {
    const gate = new NotificationGate(1_000);
    const passes = [0, 1, 999, 1_000, 1_500, 2_000].map((now) =>
      gate.shouldNotify('a/b', 'PrimaryUnhealthy', 'f', now),
    );
    expect(passes).toEqual([true, false, false, true, false, true]);
  });

  it('given no time, reminds after an hour', () => {
    const gate = new NotificationGate();
    const passes = [0, 3_599_999, 3_600_000].map((now) => gate.shouldNotify('a/b', 'PrimaryUnhealthy', 'f', now));
    expect(passes).toEqual([true, false, true]);
  });

  it('keeps keys, kinds and fingerprints apart', () => {
    const gate = new NotificationGate(1_000);
    expect(gate.shouldNotify('a/b', 'PrimaryUnhealthy', 'f', 0)).toBe(true);
    expect(gate.shouldNotify('a/c', 'PrimaryUnhealthy', 'f', 0)).toBe(true);
    expect(gate.shouldNotify('a/b', 'FailoverBlocked', 'f', 0)).toBe(true);
    expect(gate.shouldNotify('a/b', 'PrimaryUnhealthy', 'g', 0)).toBe(true);
  });

  it('given two fingerprints that alternate, passes each once', () => {
    const gate = new NotificationGate(1_000);
    const passes = [0, 1, 2, 3].map((now) =>
      gate.shouldNotify('a/b', 'FailoverBlocked', now % 2 === 0 ? 'f' : 'g', now),
    );
    expect(passes).toEqual([true, true, false, false]);
  });

  it('given more fingerprints than it remembers, forgets the oldest only', () => {
    const gate = new NotificationGate(1_000);
    for (let index = 0; index < 17; index += 1) gate.shouldNotify('a/b', 'FailoverBlocked', `f${index}`, 0);
    expect(gate.shouldNotify('a/b', 'FailoverBlocked', 'f1', 1)).toBe(false);
    expect(gate.shouldNotify('a/b', 'FailoverBlocked', 'f0', 1)).toBe(true);
  });

  it('given a state that ended, passes its next occurrence; other kinds stay', () => {
    const gate = new NotificationGate(1_000);
    gate.shouldNotify('a/b', 'PrimaryUnhealthy', 'f', 0);
    gate.shouldNotify('a/b', 'FailoverBlocked', 'f', 0);
    gate.clear('a/b', 'PrimaryUnhealthy');
    expect(gate.shouldNotify('a/b', 'PrimaryUnhealthy', 'f', 1)).toBe(true);
    expect(gate.shouldNotify('a/b', 'FailoverBlocked', 'f', 1)).toBe(false);
  });

  it('given a policy that is gone, knows nothing of it any more', () => {
    const gate = new NotificationGate(1_000);
    gate.shouldNotify('a/b', 'PrimaryUnhealthy', 'f', 0);
    gate.forget('a/b');
    expect(gate.shouldNotify('a/b', 'PrimaryUnhealthy', 'f', 1)).toBe(true);
  });

  it('given a clock that jumped far back, is not silenced by it', () => {
    const gate = new NotificationGate(1_000);
    gate.shouldNotify('a/b', 'PrimaryUnhealthy', 'f', 1_000_000);
    expect(gate.shouldNotify('a/b', 'PrimaryUnhealthy', 'f', 0)).toBe(true);
  });
});
