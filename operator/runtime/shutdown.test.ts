import { describe, expect, it } from '@jest/globals';

import { ManualClock } from './manual-clock.ts';
import { Shutdown } from './shutdown.ts';

describe('Shutdown', () => {
  it('given components, when run, stops the last first, each within its bound, and reports', async () => {
    const clock = new ManualClock();
    const shutdown = new Shutdown(clock);
    const order: string[] = [];
    shutdown.add('client', 1_000, () => {
      order.push('client');
    });
    shutdown.add('broken', 1_000, () => {
      order.push('broken');
      throw new Error('does not stop');
    });
    shutdown.add('deaf', 3_000, () => {
      order.push('deaf');
      return new Promise(() => undefined);
    });
    shutdown.add('workers', 5_000, async () => {
      order.push('workers');
      await clock.sleep(2_000);
    });

    const reports = shutdown.run();
    expect(shutdown.run()).toBe(reports);
    await clock.advance(10_000);

    expect(order).toEqual(['workers', 'deaf', 'broken', 'client']);
    expect((await reports).map(({ name, outcome, milliseconds }) => [name, outcome, milliseconds])).toEqual([
      ['workers', 'stopped', 2_000],
      ['deaf', 'timed-out', 3_000],
      ['broken', 'failed', 0],
      ['client', 'stopped', 0],
    ]);
    expect(clock.pendingTimers).toBe(0);
  });
});
