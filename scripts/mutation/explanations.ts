import { parse } from 'yaml';
import type { Survivor } from './mutation-result.ts';

/** One mutant as a person names it, and as `npm run mutate:report` prints it: see `Survivor`. */
type NamedMutant = Pick<Survivor, 'in' | 'code' | 'by'>;

/** Why some mutants of one file may survive. */
export interface Explanation {
  readonly file: string;
  readonly why: string;
  readonly mutants: readonly NamedMutant[];
}

export interface ExplainedSurvivor extends Survivor {
  readonly why: string;
}

export interface Joined {
  readonly explained: readonly ExplainedSurvivor[];
  readonly unexplained: readonly Survivor[];
  /** Explained mutants that are killed by now, or that the file does not have any more. */
  readonly needless: readonly (NamedMutant & { readonly file: string })[];
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

function explanationOf(file: string, entry: unknown): Explanation {
  const { why, mutants } = (entry ?? {}) as { why?: unknown; mutants?: unknown };
  if (!isText(why) || !Array.isArray(mutants) || mutants.length === 0) {
    throw new Error(
      `cannot read an explanation of ${file}: it needs \`why\` and a list of \`mutants\`; got ${JSON.stringify(entry)}`,
    );
  }
  return {
    file,
    why: why.trim().replace(/\s+/g, ' '),
    mutants: mutants.map((mutant: Partial<Record<keyof NamedMutant, unknown>>) => {
      if (!isText(mutant.in) || !isText(mutant.code) || typeof mutant.by !== 'string') {
        throw new Error(`cannot read a mutant of ${file}: it needs in, code and by; got ${JSON.stringify(mutant)}`);
      }
      return { in: mutant.in, code: mutant.code, by: mutant.by };
    }),
  };
}

/**
 * Reads the file of explanations: by mutated file, a list of `why` with the `mutants` that it is about. A mutant is named
 * by the code that it replaces, and not by a line number, so that an edit elsewhere leaves its explanation where it was.
 * @throws Error when an entry is incomplete
 */
export function parseExplanations(text: string): readonly Explanation[] {
  const content = (parse(text) ?? {}) as Record<string, unknown>;
  return Object.entries(content).flatMap(([file, entries]) => {
    if (!Array.isArray(entries)) {
      throw new Error(`cannot read the explanations of ${file}: they are no list; write \`- why: …\` under it`);
    }
    return entries.map((entry) => explanationOf(file, entry));
  });
}

const keyOf = (file: string, mutant: NamedMutant): string => JSON.stringify([file, mutant.in, mutant.code, mutant.by]);

/** Gives every survivor its explanation. One explanation covers every mutant that reads the same in its file. */
export function joinExplanations(survivors: readonly Survivor[], explanations: readonly Explanation[]): Joined {
  const known = explanations.flatMap(({ file, why, mutants }) =>
    mutants.map((mutant) => ({ ...mutant, file, why, key: keyOf(file, mutant) })),
  );
  const whyOf = new Map(known.map(({ key, why }) => [key, why]));
  const present = new Set(survivors.map((survivor) => keyOf(survivor.file, survivor)));
  const explained: ExplainedSurvivor[] = [];
  const unexplained: Survivor[] = [];
  for (const survivor of survivors) {
    const why = whyOf.get(keyOf(survivor.file, survivor));
    if (why === undefined) {
      unexplained.push(survivor);
    } else {
      explained.push({ ...survivor, why });
    }
  }
  return {
    explained,
    unexplained,
    needless: known
      .filter(({ key }) => !present.has(key))
      .map((mutant) => ({ file: mutant.file, in: mutant.in, code: mutant.code, by: mutant.by })),
  };
}
