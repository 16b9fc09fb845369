import { describe, expect, it } from '@jest/globals';

import { Health } from './health.ts';

describe('Health', () => {
  it('given checks, when asked, is healthy only when all of that kind are, and says why not', () => {
    const health = new Health();
    expect(health.report('live').isHealthy).toBe(true);
    health.register('live', 'workers', () => true);
    const remove = health.register('live', 'watch', () => 'silent for 300 s');
    health.register('ready', 'sync', () => {
      throw new Error('not yet');
    });
    expect(health.report('live')).toEqual({
      isHealthy: false,
      checks: [
        { name: 'workers', isHealthy: true, message: 'ok' },
        { name: 'watch', isHealthy: false, message: 'silent for 300 s' },
      ],
    });
    expect(health.report('ready').checks).toEqual([{ name: 'sync', isHealthy: false, message: 'not yet' }]);
    remove();
    expect(health.report('live').isHealthy).toBe(true);
  });
});
