import type { Attempt, LagObservation, LagSample, RegionObservation } from '../failover/observation.ts';
import type { Clock } from '../runtime/clock.ts';
import type { DatabaseLag } from './probes.ts';

/** What a reader's and this process's clock may differ by between two readings of the same calculation. */
const CLOCK_UNCERTAINTY_MILLISECONDS = 5;

export interface DatabaseLagObserverProps {
  readonly clock: Clock;
  readonly retentionMilliseconds: number;
}

/** The lag of one policy's secondaries as their own readers tell it, round by round, for a bounded time. */
export class DatabaseLagObserver {
  readonly #props: DatabaseLagObserverProps;
  readonly #samples = new Map<string, readonly LagSample[]>();
  readonly #readers = new Map<string, { readonly host: string; readonly port: number }>();

  constructor(props: DatabaseLagObserverProps) {
    this.#props = props;
  }

  /** Asks once; what was known before stays known when there is no answer. */
  async observe(
    secondary: { readonly region: string; readonly clusterIdentifier: string },
    read: () => Promise<DatabaseLag>,
  ): Promise<LagObservation> {
    const { clock } = this.#props;
    const askedAt = clock.now();
    const startedAt = clock.monotonic();
    const { attempt, reading } = await read();
    const tripMilliseconds = clock.monotonic() - startedAt;
    if (reading !== undefined) {
      // Its age is as of some moment during the trip: counted from the start, the sample is never made younger.
      const at = Math.round(askedAt - reading.ageMilliseconds);
      this.#add(
        secondary.region,
        {
          periodStart: at,
          periodEnd: at,
          lagMilliseconds: reading.lagMilliseconds,
          uncertaintyMilliseconds: Math.ceil(tripMilliseconds + CLOCK_UNCERTAINTY_MILLISECONDS),
        },
        tripMilliseconds,
      );
    }
    return {
      ...secondary,
      source: 'SQL',
      askedAt,
      attempt,
      samples: this.samplesOf(secondary.region),
      ...controlOf(attempt, askedAt),
    };
  }

  /** Takes the address of a region's reader from what its RDS says; what it does not say stays as it was. */
  noteReader(observation: RegionObservation | undefined): void {
    const { region, cluster } = observation ?? {};
    if (region !== undefined && cluster?.readerEndpoint !== undefined) {
      this.#readers.set(region, { host: cluster.readerEndpoint, port: cluster.port });
    }
  }

  readerOf(region: string): { readonly host: string; readonly port: number } | undefined {
    return this.#readers.get(region);
  }

  samplesOf(region: string): readonly LagSample[] {
    return this.#samples.get(region) ?? [];
  }

  #add(region: string, sample: LagSample, tripMilliseconds: number): void {
    const now = this.#props.clock.now();
    const oldest = now - this.#props.retentionMilliseconds;
    // A sample later than now was dated before the clock was set back: it would pass for young, and as proof that the primary
    // lives, until the clock has caught up.
    const kept = this.samplesOf(region).filter(({ periodEnd }) => periodEnd >= oldest && periodEnd <= now);
    const newest = kept.at(-1);
    // The same calculation read once more comes out a little earlier or later each time.
    const isNew =
      newest === undefined || sample.periodEnd - newest.periodEnd > tripMilliseconds + CLOCK_UNCERTAINTY_MILLISECONDS;
    this.#samples.set(region, isNew ? [...kept, sample] : kept);
  }
}

/** Who answers the query is on time, however old the calculation is that it answers with. */
function controlOf(attempt: Attempt, askedAt: number): Pick<LagObservation, 'controlSampleEnd'> {
  return attempt.kind === 'answered' ? { controlSampleEnd: askedAt } : {};
}
