import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { LineSplitter } from './line-splitter.ts';

describe('LineSplitter', () => {
  it('given any text cut anywhere, even inside a character, when pushed, gives its lines', () => {
    const line = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\n') && text.trim() !== '');
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(20)), fc.boolean(), (lines, cuts, isTerminated) => {
        const seen: string[] = [];
        const splitter = new LineSplitter((one) => seen.push(one));
        let rest = Buffer.from(lines.join('\n') + (isTerminated ? '\n' : ''), 'utf8');
        for (const cut of cuts) {
          splitter.push(rest.subarray(0, cut));
          rest = rest.subarray(cut);
        }
        splitter.push(rest);
        splitter.end();
        expect(seen).toEqual(lines);
      }),
    );
  });
});
