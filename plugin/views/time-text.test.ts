import { describe, expect, it } from '@jest/globals';
import { agoText, clockText, dateText, offsetText, preciseClockText, spanText } from './time-text.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('spanText', () => {
  it.each([
    [0, '0 ms'],
    [118.4, '118 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [4_290, '4.2 s'],
    [59_999, '59 s'],
    [MINUTE, '1 min'],
    [9 * MINUTE + 5_000, '9 min 5 s'],
    [12 * MINUTE + 59_000, '12 min'],
    [HOUR, '1 h'],
    [3 * HOUR + 5 * MINUTE, '3 h 5 min'],
    [52 * HOUR, '2 d 4 h'],
    [12 * 24 * HOUR + HOUR, '12 d'],
    [-5, '0 ms'],
  ])('given %d ms, says %s', (milliseconds, text) => {
    expect(spanText(milliseconds)).toBe(text);
  });
});

describe('agoText', () => {
  it.each([
    [-5_000, 'now'],
    [400, 'now'],
    [1_900, '1 s ago'],
    [75_000, '1 min 15 s ago'],
  ])('given a moment %d ms ago, says %s', (milliseconds, text) => {
    expect(agoText(new Date(1_000_000 - milliseconds).toISOString(), 1_000_000)).toBe(text);
  });
});

it('writes moments in UTC and says so', () => {
  const time = '2026-11-30T14:02:11.250+02:00';
  expect(dateText(time)).toBe('2026-11-30 12:02:11Z');
  expect(clockText(time)).toBe('12:02:11Z');
  expect(preciseClockText(time)).toBe('12:02:11.250Z');
});

it.each([
  [0.2, '0 s'],
  [4_250, '+4.2 s'],
  [-94, '−94 ms'],
])('given %d ms after a moment, says %s', (milliseconds, text) => {
  expect(offsetText(milliseconds)).toBe(text);
});
