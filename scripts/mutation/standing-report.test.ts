import { describe, expect, it } from '@jest/globals';
import { standingIn } from './standing-report.ts';

const REPORT = `# Mutation testing

| file                   | killed % | mutants | killed | timeout | survived | not covered | broken | sha-256 |
| ---------------------- | -------: | ------: | -----: | ------: | -------: | ----------: | -----: | ------- |
| operator/failover/a.ts |    100.0 |      11 |     10 |       1 |        0 |           0 |      3 | \`caa207f82f9b\` |
| operator/b.ts          |     75.0 |       8 |      6 |       0 |        1 |           1 |      0 | \`805dd16eaf64\` |
| operator/c.ts          |     50.0 |       2 |      1 |       0 |        1 |           0 |      0 | \`0123456789ab\` |
| **all**                |     85.7 |      21 |     17 |       1 |        2 |           1 |      3 |  |

## Survivors

Each one is explained.

### operator/b.ts

- It is equivalent.
  - line 3: \`one\` → \`two\`
- It is for the compiler.
  - line 5: \`a?.b\` → \`a.b\`

### operator/c.ts

- Nobody asks.
  - line 7: \`x\` → \`y\`
`;

describe('standingIn', () => {
  it('given a report, then each file has its figures, its hash and what is said of its survivors', () => {
    const standing = standingIn(REPORT);
    expect([...standing.keys()]).toEqual(['operator/failover/a.ts', 'operator/b.ts', 'operator/c.ts']);
    expect(standing.get('operator/failover/a.ts')).toEqual({
      tally: {
        file: 'operator/failover/a.ts',
        killed: 10,
        timeout: 1,
        survived: 0,
        noCoverage: 0,
        broken: 3,
      },
      hash: 'caa207f82f9b',
      survivors: '',
    });
    expect(standing.get('operator/b.ts')?.survivors).toBe(
      [
        '- It is equivalent.',
        '  - line 3: `one` → `two`',
        '- It is for the compiler.',
        '  - line 5: `a?.b` → `a.b`',
      ].join('\n'),
    );
    expect(standing.get('operator/c.ts')?.survivors).toBe('- Nobody asks.\n  - line 7: `x` → `y`');
  });

  it('given figures that do not add up, then they are not taken over', () => {
    expect(() => standingIn(REPORT.replace('|      6 |', '|      7 |'))).toThrow(/row of operator\/b\.ts/);
  });
});
