import type { Instant } from './observation.ts';
import { nextRun, type Schedule } from './schedule.ts';

/** A recurring time in which something may start. */
export interface MaintenanceWindow extends Schedule {
  /** How long it stays open from each run of its schedule, in real time: a change of the clocks neither cuts nor stretches it. */
  readonly durationMilliseconds: number;
}

export type WindowState =
  /** No window is named: any time will do. */
  | { readonly kind: 'Always' }
  | { readonly kind: 'Open'; readonly openedAt: Instant }
  /** Without `opensAt` none will ever open. */
  | { readonly kind: 'Closed'; readonly opensAt?: Instant };

const opened = (window: MaintenanceWindow, now: Instant): Instant[] => {
  const run = nextRun(window, now - window.durationMilliseconds);
  return run === undefined || run > now ? [] : [run];
};

/**
 * Whether something may start at `now`. A window is open from a run of its schedule, included, for its duration, the end
 * excluded. Where several are open, and where one opens anew before it closes, it counts from the oldest that is open.
 */
export function windowState(windows: readonly MaintenanceWindow[], now: Instant): WindowState {
  if (windows.length === 0) {
    return { kind: 'Always' };
  }
  const open = windows.flatMap((window) => opened(window, now));
  if (open.length > 0) {
    return { kind: 'Open', openedAt: Math.min(...open) };
  }
  const next = windows.flatMap((window) => nextRun(window, now) ?? []);
  return next.length === 0 ? { kind: 'Closed' } : { kind: 'Closed', opensAt: Math.min(...next) };
}
