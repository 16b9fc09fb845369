import { Cron } from 'croner';
import type { Instant } from './observation.ts';

/** When something recurs. */
export interface Schedule {
  /** A cron expression of five fields. Where both days are restricted, either suffices (crontab(5), POSIX crontab). */
  readonly schedule: string;
  /** IANA time zone in which `schedule` is read. */
  readonly timeZone: string;
}

/** Any moment: whether an expression ever comes true does not depend on it. */
const SOMETIME = Date.UTC(2024, 0, 1);
/** Expressions that are remembered at most; policies of one installation mostly share theirs. */
const MAXIMUM_REMEMBERED = 1024;

/** The next run after any moment in [after, next) is `next`: a pure function's last answer, kept because it is dear. */
interface Remembered {
  readonly cron: Cron;
  after: Instant;
  next: Instant | undefined;
}

const remembered = new Map<string, Remembered>();

function cronOf({ schedule, timeZone }: Schedule): Cron {
  return new Cron(schedule, { timezone: timeZone, mode: '5-part', paused: true });
}

function compute(cron: Cron, after: Instant): Instant | undefined {
  return cron.nextRun(new Date(after))?.getTime();
}

function lookUp(recurring: Schedule, after: Instant): Remembered {
  const key = `${recurring.schedule} ${recurring.timeZone}`;
  const known = remembered.get(key);
  if (known !== undefined) {
    return known;
  }
  const cron = cronOf(recurring);
  const fresh = { cron, after, next: compute(cron, after) };
  if (remembered.size >= MAXIMUM_REMEMBERED) {
    remembered.clear();
  }
  remembered.set(key, fresh);
  return fresh;
}

/**
 * The first run strictly after `after`; undefined for an expression or a time zone that is none, see `scheduleProblem`.
 * A time that clocks skip in spring is run right after the gap, one that they show twice in autumn the first time only.
 */
export function nextRun(recurring: Schedule, after: Instant): Instant | undefined {
  try {
    const found = lookUp(recurring, after);
    // What never comes does not come later either, and finding that out is what costs most.
    const isKnown = after >= found.after && (found.next === undefined || after < found.next);
    if (!isKnown) {
      found.next = compute(found.cron, after);
      found.after = after;
    }
    return found.next;
  } catch {
    return undefined;
  }
}

const judged = new Map<string, string | undefined>();

/** Why this schedule cannot be followed, in words; undefined when it can. */
export function scheduleProblem(recurring: Schedule): string | undefined {
  const key = `${recurring.schedule} ${recurring.timeZone}`;
  if (judged.has(key)) {
    return judged.get(key);
  }
  const problem = findProblem(recurring);
  if (judged.size >= MAXIMUM_REMEMBERED) {
    judged.clear();
  }
  judged.set(key, problem);
  return problem;
}

function findProblem(recurring: Schedule): string | undefined {
  const { schedule, timeZone } = recurring;
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    return `"${timeZone}" is no time zone of the IANA database: write it like Europe/Paris or UTC`;
  }
  try {
    return compute(cronOf(recurring), SOMETIME) === undefined
      ? `"${schedule}" names a day that never comes: correct its day and month`
      : undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `"${schedule}" is no cron expression of five fields: ${why}`;
  }
}
