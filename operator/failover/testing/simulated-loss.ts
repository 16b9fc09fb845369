import { detectionWindow } from '../detection-window.ts';
import type { Settings } from '../settings.ts';
import { aRound, MINUTE, type LagProps, type RoundProps } from './a-round.ts';
import { EAST, WEST } from './a-settings.ts';
import { noAnswer } from './attempts.ts';
import { Watch } from './watch.ts';

export interface SimulatedLoss {
  readonly settings: Settings;
  /** Milliseconds after T0. */
  readonly lossAt: number;
  /** By how much a round is shifted against the minute. */
  readonly phase: number;
  /** How late CloudWatch delivers the lag, and the control series. */
  readonly lagDelay: number;
  readonly controlDelay: number;
}

const periodEndBefore = (at: number): number => Math.floor(at / MINUTE) * MINUTE;

/** CloudWatch of the secondary at `at`: asked in every round under suspicion, otherwise once a minute. */
function lagAt(at: number, { lossAt, lagDelay, controlDelay }: SimulatedLoss): LagProps {
  const askedAt = at >= lossAt ? at : Math.max(0, periodEndBefore(at));
  // The period in which the primary was lost still has a sample.
  const last = Math.ceil(lossAt / MINUTE) * MINUTE;
  const until = Math.min(last, periodEndBefore(askedAt - lagDelay));
  return { askedAt, until, control: periodEndBefore(askedAt - controlDelay), lags: [100, 100, 100] };
}

function roundAt(at: number, loss: SimulatedLoss): RoundProps {
  const isLost = at >= loss.lossAt;
  return {
    at,
    lag: { [WEST]: lagAt(at, loss) },
    witness: isLost ? 503 : 200,
    ...(isLost ? { regions: { [EAST]: { rds: noAnswer() } }, endpoint: noAnswer() } : {}),
  };
}

/** Plays a true loss of the primary's region, and tells how long until the failover was decided and how long it may take. */
export function playLoss(loss: SimulatedLoss): { readonly decidedAfter: number; readonly window: number } {
  const { settings, lossAt, phase } = loss;
  const window = detectionWindow(settings) ?? -1;
  const watch = new Watch(settings);
  const step = settings.intervalMilliseconds;
  for (let at = phase; at <= lossAt + 2 * window; at += step) {
    const isLost = at >= lossAt;
    // Silence costs a round its whole timeout.
    const round = aRound(roundAt(at, loss));
    watch.see(isLost ? { ...round, completedAt: round.startedAt + settings.timeoutMilliseconds } : round);
    if (watch.judge().kind === 'FailOver') {
      return { decidedAfter: at + settings.timeoutMilliseconds - lossAt, window };
    }
  }
  return { decidedAfter: Infinity, window };
}
