import type { SeedRange } from './seed-worker.ts';

/** The ranges in ascending order, those that touch each other as one. */
export function joinRanges(ranges: readonly SeedRange[]): SeedRange[] {
  const joined: SeedRange[] = [];
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last?.to === from) joined[joined.length - 1] = { from: last.from, to };
    else joined.push({ from, to });
  }
  return joined;
}

/** What of a range is in none of the others, which do not overlap; in pieces of `size` seeds at most. */
export function missingFrom(wanted: SeedRange, known: readonly SeedRange[], size: number): SeedRange[] {
  const gaps: SeedRange[] = [];
  let next = wanted.from;
  for (const { from, to } of joinRanges(known)) {
    if (from > next) gaps.push({ from: next, to: Math.min(from, wanted.to) });
    next = Math.max(next, to);
    if (next >= wanted.to) break;
  }
  if (next < wanted.to) gaps.push({ from: next, to: wanted.to });
  return gaps.flatMap((gap) => inPieces(gap, size));
}

function inPieces({ from, to }: SeedRange, size: number): SeedRange[] {
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / size)) }, (_, index) => {
    const start = from + index * size;
    return { from: start, to: Math.min(start + size, to) };
  });
}
