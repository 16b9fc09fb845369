import type { Finding } from './assess.ts';
import { windowState, type WindowState } from './maintenance-window.ts';
import type { Instant } from './observation.ts';
import { leadObstacle, plannedObstacles, type PlannedFacts, type PlannedQuestion } from './planned-switchover.ts';
import type { FailbackSettings } from './settings.ts';
import { failbackTarget, type Stability } from './stability.ts';

/** An automatic failback that changed nothing. */
export interface FailbackTry {
  readonly startedAt: Instant;
  readonly completedAt: Instant;
}

export interface FailbackFacts extends PlannedFacts {
  /** A drill by switchover is under way: the writer is away on purpose. */
  readonly hasDrill: boolean;
  /** Since the writer left, newest first. */
  readonly tries: readonly FailbackTry[];
}

export interface FailbackQuestion extends Omit<PlannedQuestion, 'facts' | 'target'> {
  readonly facts: FailbackFacts;
  readonly stability?: Stability;
}

export type FailbackVerdict =
  /** The writer is where it belongs, or only a person is to bring it back. */
  | { readonly kind: 'Unneeded' }
  | { readonly kind: 'Wait'; readonly target: string; readonly obstacles: readonly Finding[] }
  | { readonly kind: 'SwitchBack'; readonly target: string };

/** After failed tries it is not tried again for longer and longer, up to this, milliseconds. */
const LONGEST_REST_MILLISECONDS = 24 * 60 * 60 * 1000;

const at = (instant: Instant): string => new Date(instant).toISOString();

function stabilityObstacle(
  target: string,
  { stabilizationMilliseconds }: FailbackSettings,
  stability: Stability | undefined,
): Finding | undefined {
  if (stability?.region !== target) {
    return { reason: 'Stabilizing', message: `${target} is not fit to take the writer back yet` };
  }
  // Time counts in rounds that saw it fit: a clock that jumps proves nothing.
  return stability.until - stability.since >= stabilizationMilliseconds
    ? undefined
    : {
        reason: 'Stabilizing',
        message: `${target} has been fit since ${at(stability.since)}, and has to be until ${at(stability.since + stabilizationMilliseconds)}`,
      };
}

/** No window is used twice, and without windows each try that fails doubles the time until the next. */
function tryObstacle(
  tries: readonly FailbackTry[],
  window: WindowState,
  { stabilizationMilliseconds }: FailbackSettings,
  now: Instant,
): Finding | undefined {
  const [newest] = tries;
  if (newest === undefined) {
    return undefined;
  }
  if (window.kind === 'Open') {
    return newest.startedAt < window.openedAt
      ? undefined
      : {
          reason: 'TriedInWindow',
          message: `it was tried in this window, at ${at(newest.startedAt)}: the next window is the next chance`,
        };
  }
  const rest = Math.min(LONGEST_REST_MILLISECONDS, stabilizationMilliseconds * 2 ** (tries.length - 1));
  const next = newest.completedAt + rest;
  return window.kind === 'Closed' || now >= next
    ? undefined
    : { reason: 'Resting', message: `${tries.length} tries changed nothing: not tried again before ${at(next)}` };
}

function windowObstacle(window: WindowState): Finding | undefined {
  if (window.kind !== 'Closed') {
    return undefined;
  }
  const { opensAt } = window;
  return {
    reason: 'OutsideWindow',
    message:
      opensAt === undefined ? 'no window of failback.windows ever opens' : `the next window opens at ${at(opensAt)}`,
  };
}

/**
 * Whether to bring the writer back by ourselves, on this round and nothing older. Always by a switchover: a failback that
 * cannot be one waits.
 */
export function judgeFailback(question: FailbackQuestion): FailbackVerdict {
  const { assessment, settings, facts, stability, now } = question;
  const { failback } = settings;
  const { primaryRegion } = assessment.topology;
  const target = failbackTarget(settings, primaryRegion);
  if (failback === undefined || target === undefined) {
    return { kind: 'Unneeded' };
  }
  const window = windowState(failback.windows, now);
  const obstacles = [
    leadObstacle(settings, primaryRegion),
    facts.hasDrill
      ? { reason: 'DrillInProgress', message: 'a drill is under way: it brings the writer back' }
      : undefined,
    ...plannedObstacles({ assessment, settings, facts, target, now }),
    stabilityObstacle(target, failback, stability),
    tryObstacle(facts.tries, window, failback, now),
    windowObstacle(window),
  ].filter((finding) => finding !== undefined);
  return obstacles.length === 0 ? { kind: 'SwitchBack', target } : { kind: 'Wait', target, obstacles };
}
