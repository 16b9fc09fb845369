import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { shareStrings } from './share-strings.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Heap taken by what is made, in bytes. */
function sizeOf(make: () => unknown): number {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const made = make();
  collectGarbage();
  const size = process.memoryUsage().heapUsed - before;
  // Still in use: else it might be collected before it is measured.
  return made === undefined ? 0 : size;
}

describe('shareStrings', () => {
  const json = JSON.stringify({ a: 'x'.repeat(2_000), b: [{ c: 'y'.repeat(2_000) }, null, 1, true] });
  const parsed = (): unknown => JSON.parse(json);
  const many = (make: () => unknown): unknown[] => Array.from({ length: 2_000 }, make);

  it('changes nothing that can be seen', () => {
    const tree = parsed();
    expect(shareStrings(tree)).toBe(tree);
    expect(tree).toEqual(parsed());
    expect(shareStrings('text')).toBe('text');
    expect(shareStrings(null)).toBeNull();
    expect(shareStrings(['__proto__', 'constructor'])).toEqual(['__proto__', 'constructor']);
  });

  it('lets equal strings of many trees take the place of one', () => {
    const apart = sizeOf(() => many(parsed));
    const shared = sizeOf(() => many(() => shareStrings(parsed())));
    expect(shared).toBeLessThan(apart / 5);
  });
});
