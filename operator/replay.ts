import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { operatorVersion } from './config.ts';
import { storyOf, summaryLineOf } from './decision-story.ts';
import { DECISION_VERSION, verdictKey, type Decision } from './failover/decision.ts';
import { Replay, type Replayed } from './failover/replay.ts';

/**
 * Second entry point: takes a decision log through the brain once more. Prints every record, and ends with 1 when one
 * of them says today something else than it did then.
 */

const USAGE = `Usage: npm run replay -- [--json] FILE...

Replays the decision logs that the operator wrote (--decision-log-directory) through its brain, one after the other: give
a policy's files oldest first. Prints every record with what it rests on; ends with 1 when a verdict differs from the
recorded one.

  --json   one JSON object for each record
  --help   print this text
`;

interface Line {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** The file ends with it, without a line break: perhaps a process was interrupted. */
  readonly isTorn: boolean;
}

/** What became of one line. */
type Outcome =
  | { readonly kind: 'Read'; readonly decision: Decision; readonly replayed: Replayed }
  | { readonly kind: 'Bad'; readonly why: string; readonly isSyntax: boolean };

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function linesOf(file: string, content: string): Line[] {
  const texts = content.split('\n');
  return texts
    .map((text, index) => ({ file, line: index + 1, text, isTorn: index === texts.length - 1 }))
    .filter(({ text }) => text !== '');
}

function parse(text: string): Decision {
  const value = JSON.parse(text) as Partial<Decision> | null;
  if (value?.kind === undefined) {
    throw new Error('it is not a record of a decision log');
  }
  if (value.v !== DECISION_VERSION) {
    throw new Error(`its version is ${String(value.v)}, and this program reads ${DECISION_VERSION}`);
  }
  return value as Decision;
}

function outcomeOf(replay: Replay, text: string): Outcome {
  try {
    const decision = parse(text);
    return { kind: 'Read', decision, replayed: replay.take(decision) };
  } catch (error) {
    return { kind: 'Bad', why: describe(error), isSyntax: error instanceof SyntaxError };
  }
}

/** Another version of the brain may well decide otherwise: then the difference is its change and no forgery. */
function authorOf(program: string): string {
  const own = `aurora-dr-operator ${operatorVersion}`;
  return program === '' || program === own ? '' : ` (decided by ${program}; this is ${own})`;
}

/** What is wrong with a record, for a person; undefined when nothing is. */
function problemOf(outcome: Outcome, program: string): string | undefined {
  if (outcome.kind === 'Bad') {
    return `cannot be read: ${outcome.why}`;
  }
  switch (outcome.replayed.kind) {
    case 'Different':
      return `the replay says something else than the record${authorOf(program)}: ${outcome.replayed.difference}`;
    case 'Gap':
      return `cannot be replayed: ${outcome.replayed.message}`;
    case 'Same':
    case 'Unanchored':
      return undefined;
  }
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const warn = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const tell = ({ file, line }: Line, message: string): void => warn(`${file}:${line}: ${message}`);

/** Prints records as they come. */
class Printer {
  readonly #isJson: boolean;
  #policy = '';
  #verdict = '';

  constructor(isJson: boolean) {
    this.#isJson = isJson;
  }

  print({ file, line }: Line, decision: Decision, replayed: Replayed): void {
    if (this.#isJson) {
      const { kind, policy, uid, by, now, n } = decision;
      const time = new Date(now).toISOString();
      const said = 'verdict' in decision ? { verdict: decision.verdict } : {};
      const seen = kind === 'Round' ? { signals: decision.result.signals, result: decision.result } : {};
      const done = kind === 'Follow' ? { effect: decision.effect, action: decision.action } : {};
      print(
        JSON.stringify({ file, line, n, time, policy, uid, by, kind, ...said, ...done, ...seen, replay: replayed }),
      );
      return;
    }
    const policy = `${decision.policy} (uid ${decision.uid}), decided by ${decision.by}`;
    if (policy !== this.#policy) {
      this.#policy = policy;
      print(policy);
    }
    print(summaryLineOf(decision));
    for (const detail of this.#isTold(decision) ? storyOf(decision) : []) {
      print(`    ${detail}`);
    }
  }

  /** The observations behind a verdict are told where it changes, not in every round that repeats it. */
  #isTold(decision: Decision): boolean {
    if (decision.kind !== 'Round') {
      return true;
    }
    const verdict = verdictKey(decision.verdict);
    const isNews = verdict !== this.#verdict;
    this.#verdict = verdict;
    return isNews;
  }
}

/** Counts and tells what becomes of every line. */
class Run {
  readonly #replay = new Replay();
  readonly #printer: Printer;
  /** What decided, as the newest record that says so has it. */
  #program = '';
  checked = 0;
  unanchored = 0;
  problems = 0;

  constructor(printer: Printer) {
    this.#printer = printer;
  }

  take(line: Line): void {
    const outcome = outcomeOf(this.#replay, line.text);
    if (outcome.kind === 'Bad' && outcome.isSyntax && line.isTorn) {
      tell(line, 'the last line is broken off, as by a crash: left out');
      return;
    }
    if (outcome.kind === 'Read') {
      this.#note(line, outcome.decision, outcome.replayed);
    }
    const problem = problemOf(outcome, this.#program);
    if (problem !== undefined) {
      this.problems += 1;
      tell(line, problem);
    }
  }

  #note(line: Line, decision: Decision, replayed: Replayed): void {
    if (decision.kind === 'Round') {
      this.#program = decision.program ?? this.#program;
    }
    this.#printer.print(line, decision, replayed);
    if (replayed.kind === 'Unanchored') {
      this.unanchored += 1;
    }
    if (replayed.kind === 'Same') {
      this.checked += 1;
      if (replayed.lost !== undefined) {
        tell(line, `${replayed.lost} records before this one are missing: lost when they were to be written`);
      }
    }
  }
}

async function main(): Promise<number> {
  const options = { json: { type: 'boolean' }, help: { type: 'boolean' } } as const;
  const { values, positionals: files } = parseArgs({ options, allowPositionals: true });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (files.length === 0) {
    throw new Error('no file was named; see --help');
  }
  const run = new Run(new Printer(values.json === true));
  for (const file of files) {
    for (const line of linesOf(file, await readFile(file, 'utf8'))) {
      run.take(line);
    }
  }
  const { checked, unanchored, problems } = run;
  if (unanchored > 0) {
    warn(`${unanchored} records were not checked: what they rest on is in an older file`);
  }
  if (problems === 0 && checked > 0) {
    (values.json === true ? warn : print)(`${checked} records replayed: every verdict is as recorded`);
    return 0;
  }
  warn(problems > 0 ? `${problems} of ${checked + problems} records failed` : 'nothing could be checked');
  return 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  warn(`cannot replay: ${describe(error)}`);
  process.exitCode = 1;
}
