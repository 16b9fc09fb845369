import { describe, expect, it } from '@jest/globals';
import * as conditions from './conditions.ts';

/** The pattern that the schema demands of a condition's reason. */
const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;

describe('condition types and reasons', () => {
  const tables = Object.entries(conditions).flatMap(([name, table]) =>
    typeof table === 'object' ? [{ name, table }] : [],
  );

  it('given all tables, there are some', () => {
    expect(tables.length).toBeGreaterThan(8);
  });

  it.each(tables)('given $name, each entry is called what it says and fits the schema', ({ table }) => {
    for (const [key, value] of Object.entries(table)) {
      expect(value).toBe(key);
      expect(value).toMatch(REASON);
    }
  });
});

describe('findCondition', () => {
  const ready = {
    type: 'Ready',
    status: 'True',
    lastTransitionTime: '2026-01-01T00:00:00Z',
    reason: 'Observed',
    message: '',
  } as const;

  it('given a status with the condition, it is found', () => {
    expect(conditions.findCondition([ready], 'Ready')).toBe(ready);
  });

  it('given no conditions, or another one, nothing is found', () => {
    expect(conditions.findCondition(undefined, 'Ready')).toBeUndefined();
    expect(conditions.findCondition([ready], 'Suspended')).toBeUndefined();
  });
});
