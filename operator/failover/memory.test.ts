import { describe, expect, it } from '@jest/globals';
import { EMPTY_MEMORY, lossReference, type Incident } from './memory.ts';

describe('lossReference', () => {
  it.each<[string, Incident | undefined, number]>([
    ['no incident', undefined, 900],
    ['an incident', { startedAt: 500 }, 500],
    ['proof that the primary lived on after its start', { startedAt: 500, provenUntil: 700 }, 700],
    ['proof from before its start', { startedAt: 500, provenUntil: 300 }, 500],
  ])('Given %s, then the loss counts from then', (_, incident, expected) => {
    expect(lossReference(incident, 900)).toBe(expected);
  });
});

describe('EMPTY_MEMORY', () => {
  it('Given an operator that has seen nothing, then it knows of no vote, no streak and no incident', () => {
    expect(EMPTY_MEMORY).toEqual({
      signals: {},
      quorumRounds: 0,
      calmRounds: 0,
      lag: {},
      engineVersions: {},
      endpointPassed: {},
    });
  });
});
