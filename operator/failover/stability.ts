import type { Assessment, Recorded } from './assess.ts';
import { defined } from './defined.ts';
import type { Instant } from './observation.ts';
import { regionSettings, type Settings } from './settings.ts';
import { switchoverObjection } from './switchover-fitness.ts';

/** For how long the preferred region has been fit to take the writer back. */
export interface Stability {
  readonly region: string;
  /** Start of the first of the rounds that found it fit, with none in between that found it unfit. */
  readonly since: Instant;
  /** Start of the newest round that found it fit. */
  readonly until: Instant;
}

/** Rounds that could not see may lie between two that found the region fit, for no longer than this, milliseconds. */
const LONGEST_GAP_MILLISECONDS = 10 * 60 * 1000;

/** The region that failback returns to: the first that the policy prefers. */
export const preferredRegion = (settings: Pick<Settings, 'regions'>): string | undefined =>
  settings.regions.find((region) => region.promotion === 'Prefer')?.name;

/** Where the writer has to return to; undefined when it is in a preferred region, or none is preferred. */
export function failbackTarget(settings: Settings, primaryRegion: string | undefined): string | undefined {
  const isHome = regionSettings(settings, primaryRegion ?? '')?.promotion === 'Prefer';
  return primaryRegion === undefined || isHome ? undefined : preferredRegion(settings);
}

/** Never longer than what is asked for, and always long enough for one round that is missing. */
function longestGap(stabilization: number, { intervalMilliseconds, timeoutMilliseconds }: Settings): number {
  return Math.max(Math.min(LONGEST_GAP_MILLISECONDS, stabilization), 2 * (intervalMilliseconds + timeoutMilliseconds));
}

/** What interrupts the time: no round says it, but the record does. */
function isUnsettled({ hasOperation, distrustedRegion }: Recorded): boolean {
  return hasOperation === true || distrustedRegion !== undefined;
}

function isContinued(known: Stability, region: string, at: Instant, gap: number): boolean {
  return known.region === region && at >= known.since && Math.abs(at - known.until) <= gap;
}

/**
 * Takes one round into the stability. A round that finds the region unfit ends it; one that cannot tell neither counts
 * nor ends it; too long without a round that can, or a clock that was set by so much, begins it anew.
 */
export function trackStability(
  known: Stability | undefined,
  assessment: Assessment,
  settings: Settings,
  recorded: Recorded,
): Stability | undefined {
  const region = failbackTarget(settings, assessment.topology.primaryRegion);
  if (settings.failback === undefined || region === undefined || isUnsettled(recorded)) {
    return undefined;
  }
  const at = assessment.round.startedAt;
  const gap = longestGap(settings.failback.stabilizationMilliseconds, settings);
  const continued = known !== undefined && isContinued(known, region, at, gap) ? known : undefined;
  const objection = switchoverObjection(assessment, settings, region);
  if (objection !== undefined) {
    return objection.isProven ? undefined : continued;
  }
  // A change of roles that nobody interrupted is still one: the time counts from it.
  const since = Math.max(continued?.since ?? at, recorded.primarySince ?? -Infinity);
  return defined({ region, since: Math.min(since, at), until: at });
}
