import { lastDelivered, type LagProps, type RoundProps } from './a-round.ts';
import { EAST, WEST } from './a-settings.ts';
import { noAnswer } from './attempts.ts';

/** Replication that ended: no sample ends after `until`, while the secondary's CloudWatch goes on. */
export const stoppedLag = (until: number, lags: readonly number[] = [100, 100, 100]): LagProps => ({ until, lags });

/** Everything direct falls silent; replication says what `lag` says. */
export const silentPrimary = (lag: Readonly<Record<string, LagProps>> = {}): RoundProps => ({
  regions: { [EAST]: { rds: noAnswer() } },
  endpoint: noAnswer(),
  lag,
});

/** What a round sees of the primary region's loss at `lossAt` (milliseconds after T0), the witness included. */
export const lostPrimary =
  (lossAt: number, lags?: readonly number[]) =>
  (at: number): RoundProps => ({
    ...silentPrimary({ [WEST]: stoppedLag(Math.min(lastDelivered(at), lastDelivered(lossAt)), lags) }),
    witness: 503,
  });
