import { describe, expect, it } from '@jest/globals';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isPureModule, pureModules, touchedModules } from './pure-modules.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

describe('pure modules', () => {
  it('given the checkout, are the brain without its tests and what helps them, and nothing of main', () => {
    const modules = pureModules(root);

    expect(modules).toContain('operator/failover/assess.ts');
    expect(modules.filter((file) => file.endsWith('.test.ts') || file.includes('/testing/'))).toEqual([]);
    expect(isPureModule('operator/main.ts')).toBe(false);
  });

  it('given a change, are those that it touches and those beside a test that it touches, each once', () => {
    const changed = [
      'README.md',
      'operator/main.ts',
      'operator/failover/force.ts',
      'operator/failover/force.test.ts',
      'operator/failover/topology.test.ts',
      'operator/failover/assess.property.test.ts',
      'operator/failover/testing/a-round.ts',
      'operator/failover/gone.ts',
    ];

    expect(touchedModules(changed, (file) => !file.endsWith('gone.ts'))).toEqual([
      'operator/failover/assess.ts',
      'operator/failover/force.ts',
      'operator/failover/topology.ts',
    ]);
  });
});
