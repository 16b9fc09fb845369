import { describe, expect, it } from '@jest/globals';
import { failing, passing, unknown } from './signal.ts';

describe('readings', () => {
  it('Given a reading, then it says what was seen, and only Passing carries evidence', () => {
    expect(passing('Available', 'seen', 7)).toEqual({
      state: 'Passing',
      reason: 'Available',
      message: 'seen',
      evidenceAt: 7,
    });
    expect(failing('NoAnswer', 'silent')).toEqual({ state: 'Failing', reason: 'NoAnswer', message: 'silent' });
    expect(unknown('Rejected', 'denied')).toEqual({ state: 'Unknown', reason: 'Rejected', message: 'denied' });
  });
});
