import { DECISION_VERSION, type Decision } from '../../operator/failover/decision.ts';

/** What became of the text of a decision log. */
export interface ReadDecisions {
  readonly decisions: readonly Decision[];
  /** Lines that are no records, from 1. */
  readonly badLines: readonly number[];
}

function parsed(line: string): Decision | undefined {
  try {
    const value = JSON.parse(line) as Partial<Decision> | null;
    return value?.kind !== undefined && value.v === DECISION_VERSION ? (value as Decision) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a decision log. A last line that a crash broke off is left out without a word. */
export function readDecisions(text: string): ReadDecisions {
  const lines = text.split('\n');
  const read = lines.map((line) => (line === '' ? undefined : parsed(line)));
  const badLines = lines.flatMap((line, index) =>
    line !== '' && read[index] === undefined && index < lines.length - 1 ? [index + 1] : [],
  );
  return { decisions: read.filter((decision) => decision !== undefined), badLines };
}
