import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nextShardStep, type ShardStep, type ShardView } from './shard-step.ts';

const GRACE = 6_000;

const aView: ShardView = {
  rank: 0,
  isOwner: false,
  isSuccessorReady: false,
  isAtRest: true,
  isHeldByOther: false,
  freeMilliseconds: 0,
};

describe('nextShardStep', () => {
  it.each<[string, Partial<ShardView>, ShardStep]>([
    ['is preferred, and nobody has the shard', {}, 'campaign'],
    ['is preferred, and somebody else has the shard', { isHeldByOther: true }, 'prepare'],
    ['is preferred and owns it', { isOwner: true }, 'keep'],
    ['owns it, and the preferred one is not ready', { isOwner: true, rank: 1 }, 'keep'],
    ['owns it, and the preferred one is ready', { isOwner: true, rank: 1, isSuccessorReady: true }, 'handOver'],
    [
      'owns it, the preferred one is ready, and an operation is in flight',
      { isOwner: true, rank: 1, isSuccessorReady: true, isAtRest: false },
      'keep',
    ],
    ['is second, and the shard is held', { rank: 1, isHeldByOther: true }, 'standBy'],
    ['is second, and the shard has just become free', { rank: 1, freeMilliseconds: GRACE - 1 }, 'standBy'],
    ['is second, and the first did not take it', { rank: 1, freeMilliseconds: GRACE }, 'campaign'],
    ['is third, and the second may still take it', { rank: 2, freeMilliseconds: 2 * GRACE - 1 }, 'standBy'],
    ['is third, and nobody takes it', { rank: 2, freeMilliseconds: 2 * GRACE }, 'campaign'],
  ])('given a process that %s, then its step is right', (_, view, step) => {
    expect(nextShardStep({ ...aView, ...view }, GRACE)).toBe(step);
  });

  it('given anything, then nobody gives a shard up for one that is not ready, and a free shard is taken by all in the end', () => {
    const views = fc.record({
      rank: fc.nat(5),
      isOwner: fc.boolean(),
      isSuccessorReady: fc.boolean(),
      isAtRest: fc.boolean(),
      isHeldByOther: fc.boolean(),
      freeMilliseconds: fc.nat(100_000),
    });
    fc.assert(
      fc.property(views, (view) => {
        const step = nextShardStep(view, GRACE);
        if (view.isOwner) expect(step === 'handOver').toBe(view.rank > 0 && view.isSuccessorReady && view.isAtRest);
        else expect(['campaign', 'prepare', 'standBy']).toContain(step);
        const freed = { ...view, isOwner: false, isHeldByOther: false, freeMilliseconds: view.rank * GRACE };
        expect(nextShardStep(freed, GRACE)).toBe('campaign');
      }),
    );
  });
});
