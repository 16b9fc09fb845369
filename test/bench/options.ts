import { parseArgs } from 'node:util';
import type { Effort } from './bench.ts';

export interface Options {
  readonly only: readonly string[] | undefined;
  readonly contestants: readonly string[] | undefined;
  readonly policies: readonly number[];
  readonly json: string | undefined;
  readonly profiles: string | undefined;
  readonly operatorFlags: readonly string[];
  readonly roleChanges: { readonly perSecond: number; readonly burst: number };
  readonly workers: number;
  readonly effort: Effort;
}

export const usage = `Measures the operator, and what it is compared with, on this machine.

  npm run bench -- [flags]

  --only NAME,…             these scenarios (default: all)
  --contestants NAME,…      these contestants (default: all of a single process)
  --policies COUNT,…        numbers of policies (default 1,1000,10000)
  --repetitions COUNT       sessions of each contestant with each number, taking turns (default 1)
  --quick                   for trying it out: few measurements, and rounds every 2 s
  --reactions COUNT         losses, and as many annotations, that reactions are measured of (default 60; with --quick 6)
  --interval SECONDS        between two rounds of each policy (default 10; with --quick 2)
  --role-changes RATE,BURST what an account takes of failovers a second in a region (default 100,100)
  --workers COUNT           policies that each contestant reconciles at the same time (default 8)
  --operator-flag FLAG      a further flag of the operator (repeatable), as --operator-flag=--log-level=warn
  --profiles FOLDER         CPU profiles of the operator go there
  --json FILE               the report as JSON goes there
  --list                    names the scenarios and the contestants
`;

const flags = {
  only: { type: 'string' },
  contestants: { type: 'string' },
  policies: { type: 'string' },
  repetitions: { type: 'string' },
  quick: { type: 'boolean', default: false },
  interval: { type: 'string' },
  reactions: { type: 'string' },
  'role-changes': { type: 'string', default: '100,100' },
  workers: { type: 'string', default: '8' },
  'operator-flag': { type: 'string', multiple: true },
  profiles: { type: 'string' },
  json: { type: 'string' },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const full: Omit<Effort, 'repetitions'> = {
  reactions: 60,
  steadyMilliseconds: 60_000,
  starts: 3,
  soakMilliseconds: 240_000,
  intervalMilliseconds: 10_000,
};
const quick: Omit<Effort, 'repetitions'> = {
  reactions: 6,
  steadyMilliseconds: 10_000,
  starts: 2,
  soakMilliseconds: 30_000,
  intervalMilliseconds: 2_000,
};
const defaultPolicies = { full: [1, 1_000, 10_000], quick: [60] } as const;

/** @throws Error that names what is wrong with the command line. */
export function parseOptions(args: readonly string[]): Options | 'help' | 'list' {
  const { values } = parseArgs({ args: [...args], options: flags });
  if (values.help) return 'help';
  if (values.list) return 'list';
  const names = (text: string | undefined): readonly string[] | undefined =>
    text?.split(',').map((name) => name.trim());
  const isQuick = values.quick;
  const [perSecond, burst] = (names(values['role-changes']) ?? []).map((text) => wholeNumber('--role-changes', text));
  if (perSecond === undefined || burst === undefined)
    throw new Error('cannot read --role-changes: it takes RATE,BURST');
  const base = isQuick ? quick : full;
  const intervalMilliseconds =
    values.interval === undefined ? base.intervalMilliseconds : wholeNumber('--interval', values.interval) * 1_000;
  const reactions = values.reactions === undefined ? base.reactions : wholeNumber('--reactions', values.reactions);
  const policies =
    names(values.policies)?.map((text) => wholeNumber('--policies', text)) ??
    defaultPolicies[isQuick ? 'quick' : 'full'];
  return {
    only: names(values.only),
    contestants: names(values.contestants),
    policies: policies.toSorted((a, b) => a - b),
    json: values.json,
    profiles: values.profiles,
    roleChanges: { perSecond, burst },
    workers: wholeNumber('--workers', values.workers),
    operatorFlags: values['operator-flag'] ?? [],
    effort: {
      ...base,
      intervalMilliseconds,
      reactions,
      repetitions: wholeNumber('--repetitions', values.repetitions ?? '1'),
    },
  };
}

function wholeNumber(flag: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`cannot read ${flag} ${text}: it takes whole numbers above zero`);
}
