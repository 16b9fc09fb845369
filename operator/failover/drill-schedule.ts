import { defined } from './defined.ts';
import type { Instant } from './observation.ts';
import { nextRun, type Schedule } from './schedule.ts';

/** The next scheduled drill, as status has it: what is due outlives the process that was to see it. */
export interface NextDrill {
  readonly at: Instant;
  /** From which `at` was worked out. */
  readonly schedule: string;
}

export type ScheduleAction =
  | { readonly kind: 'None' }
  /** Note when the next drill is due; without `next` there is none any more. */
  | { readonly kind: 'Plan'; readonly next?: NextDrill }
  | { readonly kind: 'Due'; readonly scheduledFor: Instant; readonly next?: NextDrill }
  /** It could not start in time. */
  | { readonly kind: 'Missed'; readonly scheduledFor: Instant; readonly next?: NextDrill };

/** A drill may start this much after it was due, and never after the next one is; milliseconds. */
const LONGEST_DELAY_MILLISECONDS = 60 * 60 * 1000;

const nameOf = ({ schedule, timeZone }: Schedule): string => `${schedule} ${timeZone}`;

function planAfter(schedule: Schedule, after: Instant): NextDrill | undefined {
  const at = nextRun(schedule, after);
  return at === undefined ? undefined : { at, schedule: nameOf(schedule) };
}

/** What the schedule asks for now. An edited schedule begins anew: nothing of before the edit is due by it. */
export function dueDrill(schedule: Schedule | undefined, planned: NextDrill | undefined, now: Instant): ScheduleAction {
  if (schedule === undefined) {
    return planned === undefined ? { kind: 'None' } : { kind: 'Plan' };
  }
  if (planned?.schedule !== nameOf(schedule)) {
    const next = planAfter(schedule, now);
    return next === undefined && planned === undefined ? { kind: 'None' } : defined({ kind: 'Plan' as const, next });
  }
  if (now < planned.at) {
    return { kind: 'None' };
  }
  const following = nextRun(schedule, planned.at) ?? Infinity;
  const isLate = now >= Math.min(planned.at + LONGEST_DELAY_MILLISECONDS, following);
  const kind = isLate ? ('Missed' as const) : ('Due' as const);
  return defined({ kind, scheduledFor: planned.at, next: planAfter(schedule, Math.max(now, planned.at)) });
}
