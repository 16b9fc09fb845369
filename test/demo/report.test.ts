import { describe, expect, it } from '@jest/globals';
import { Checks } from './checks.ts';
import { Narrator } from './narrator.ts';
import { tellVerdict } from './report.ts';

interface FakeScreen {
  readonly isTTY: boolean;
  write(text: string): void;
}

function screen(isTTY = false): { readonly texts: string[]; readonly it: FakeScreen } {
  const texts: string[] = [];
  return { texts, it: { isTTY, write: (text) => texts.push(text) } };
}

describe('a check that fails', () => {
  it('says what was expected and what was found, and makes the verdict fail', () => {
    const { texts, it: fake } = screen();
    const narrator = new Narrator(fake);
    const checks = new Checks((check) => narrator.check(check));
    checks.equal('kubectl: the writer', 'us-east-1', 'us-east-1');
    checks.equal('AWS API: the writer', 'us-east-1', 'us-west-2');
    tellVerdict(narrator, { hasPassed: checks.havePassed, checks: checks.all, elapsedMilliseconds: 1_000 });

    expect(checks.havePassed).toBe(false);
    expect(texts.join('')).toBe(
      [
        '  ok    kubectl: the writer: us-east-1',
        '  FAIL  AWS API: the writer',
        '          expected  us-west-2',
        '          found     us-east-1',
        '',
        '1 of 2 checks failed (1 s).',
        '',
      ].join('\n'),
    );
  });

  it('is what became of something that never came', () => {
    const checks = new Checks(() => undefined);
    const error = checks.missing('kubectl: the failover', 'Succeeded', 'phase Suspect after 60 s');

    expect(checks.havePassed).toBe(false);
    expect(error.message).toBe(
      'cannot go on: kubectl: the failover: expected Succeeded, found phase Suspect after 60 s',
    );
  });
});

describe('checks', () => {
  it('given none at all, have not passed', () => {
    expect(new Checks(() => undefined).havePassed).toBe(false);
  });
});

describe('colours', () => {
  const escape = '\u001B[';
  it.each([
    ['given a terminal', true, {}, true],
    ['given a terminal and NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['given a file', false, {}, false],
  ])('%s', (_given, isTTY, environment, isColoured) => {
    const { texts, it: fake } = screen(isTTY);
    new Narrator(fake, environment).command('kubectl get drp');

    expect(texts.join('').includes(escape)).toBe(isColoured);
  });
});
