import type { Attempt, Round } from '../../failover/observation.ts';
import { ObservationService } from '../observation-service.ts';
import type { ObservationTarget } from '../observation-target.ts';
import type { DatabaseClient, ProbeOptions, WitnessAnswer } from '../probes.ts';
import { defaultObservationSettings, type ObservationSettings } from '../settings.ts';
import { FakeGateway } from './fake-gateway.ts';
import { StallableClock } from './stallable-clock.ts';

export interface BenchProps {
  readonly settings?: Partial<ObservationSettings>;
  readonly probe?: (host: string, options: ProbeOptions) => Promise<Attempt>;
  readonly database?: DatabaseClient;
  readonly fetchWitness?: (url: string, options: ProbeOptions) => Promise<WitnessAnswer>;
}

/** An observation service with everything around it in the test's hands. */
export class Bench {
  readonly clock = new StallableClock();
  readonly gateway = new FakeGateway(this.clock);
  readonly rounds: { readonly key: string; readonly round: Round; readonly at: number }[] = [];
  readonly failures: unknown[] = [];
  readonly service: ObservationService;

  constructor(props: BenchProps = {}) {
    this.service = new ObservationService({
      clock: this.clock,
      gateway: this.gateway,
      random: () => 0.5,
      prober: { probe: (host, _port, options) => props.probe?.(host, options) ?? Promise.resolve(answered) },
      fetchWitness: (url, options) =>
        props.fetchWitness?.(url, options) ?? Promise.resolve({ attempt: answered, statusCode: 200 }),
      ...(props.database && { database: props.database }),
      settings: { ...defaultObservationSettings, ...props.settings },
      onRound: (key, round) => void this.rounds.push({ key, round, at: this.clock.monotonic() }),
      listener: { roundFailed: ({ error }) => void this.failures.push(error) },
    });
  }

  roundsOf(key: string): Round[] {
    return this.rounds.filter((entry) => entry.key === key).map(({ round }) => round);
  }

  lastRound(key = 'policy'): Round {
    const round = this.roundsOf(key).at(-1);
    if (round === undefined) throw new Error(`no round of ${key} was delivered`);
    return round;
  }
}

export const answered: Attempt = { kind: 'answered' };

export function targetOf(changes: Partial<ObservationTarget> = {}): ObservationTarget {
  return {
    key: 'policy',
    account: {},
    globalClusterIdentifier: 'global',
    regions: [
      { name: 'east', clusterIdentifier: 'prod' },
      { name: 'west', clusterIdentifier: 'prod' },
    ],
    intervalMilliseconds: 10_000,
    timeoutMilliseconds: 3000,
    endpoints: [],
    isReplicationWatched: false,
    isUnderSuspicion: false,
    ...changes,
  };
}
