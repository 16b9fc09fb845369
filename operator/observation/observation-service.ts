import type { AwsGateway } from '../aws/aws-gateway.ts';
import type { Round } from '../failover/observation.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { ObservationListener } from './observation-listener.ts';
import type { ObservationTarget } from './observation-target.ts';
import type { EndpointProber, FetchWitness } from './probes.ts';
import type { ObservationSettings } from './settings.ts';

export interface ObservationServiceProps {
  readonly gateway: AwsGateway;
  readonly clock: Clock;
  readonly random: Random;
  readonly prober: EndpointProber;
  readonly fetchWitness: FetchWitness;
  readonly settings: ObservationSettings;
  /** Called at once when a round of the target with this key is complete. */
  readonly onRound: (key: string, round: Round) => void;
  readonly listener?: ObservationListener;
}
