import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatDuration, InvalidDurationError, isDuration, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    ['10s', 10_000],
    ['500ms', 500],
    ['1h30m', 5_400_000],
    ['1080h', 3_888_000_000],
    ['1m1m', 120_000],
    ['0s', 0],
    ['1s500ms', 1500],
    ['999999h', 3_599_996_400_000],
    ['1m1m1m1m1m1m1m1m', 480_000],
  ])('given %s it reads %d milliseconds', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each([
    '',
    '10',
    's',
    '10 s',
    ' 10s',
    '10s ',
    '-1s',
    '+1s',
    '1.5h',
    '1d',
    '10S',
    '1234567s',
    '1s1s1s1s1s1s1s1s1s',
    '1s\n',
  ])('given %j it refuses and says what to write', (text) => {
    expect(isDuration(text)).toBe(false);
    expect(() => parseDuration(text)).toThrow(InvalidDurationError);
    expect(() => parseDuration(text)).toThrow('write it like 10s, 1h30m or 500ms');
  });
});

describe('formatDuration', () => {
  it.each([
    [463_000, '7m43s'],
    [40_000, '40s'],
    [0, '0s'],
    [120, '120ms'],
    [1500, '1s500ms'],
    [5_400_000, '1h30m'],
    [3_888_000_000, '1080h'],
    [999.6, '1s'],
  ])('given %d milliseconds it writes %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('given %d it refuses', (milliseconds) => {
    expect(() => formatDuration(milliseconds)).toThrow(RangeError);
  });

  it('given any number of seconds up to 100 days, what it writes reads back as the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8_640_000 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds * 1000))).toBe(seconds * 1000);
      }),
    );
  });
});
