import type { DisasterRecoveryPolicyStatus } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { MetricDatum } from '../../operator/aws/aws-gateway.ts';
import { fencedHost, type ConfigMapObject, type ServiceObject } from '../../operator/publishing/writer-objects.ts';
import { ROUTING, type PolicyNames } from './policy-of.ts';
import type { Action, Scenario } from './scenario.ts';
import { EPOCH, type Scheduler } from './scheduler.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { partsOf } from './simulated-probes.ts';
import type { Accuse } from './violation.ts';

export interface PublicationProps {
  readonly scenario: Scenario;
  readonly scheduler: Pick<Scheduler, 'time'>;
  readonly names: PolicyNames;
  readonly accuse: Accuse;
}

/** A demotion on record: since when, milliseconds since the simulation began, and who wrote it. */
interface Demotion {
  readonly at: number;
  readonly by: string;
}

/** With these it may be long until a process knows that what it wrote is written. */
const DEAFENING: readonly Action['kind'][] = ['slowNetwork', 'stall', 'apiUnavailable', 'cut', 'clockJump'];
/** From a write until whoever made it knows of it, usually, and at most while the API server is hard to reach. */
const ANSWER_MILLISECONDS = 1_000;
const LATE_ANSWER_MILLISECONDS = 30_000;

/** Watches where clients are sent. */
export class PublicationChecks {
  readonly #props: PublicationProps;
  readonly #patience: number;
  /** Regions whose demotion is on record. */
  readonly #demoted = new Map<string, Demotion>();

  constructor(props: PublicationProps) {
    this.#props = props;
    const isDeaf = props.scenario.events.some(({ action }) => DEAFENING.includes(action.kind));
    this.#patience = isDeaf ? LATE_ANSWER_MILLISECONDS : ANSWER_MILLISECONDS;
  }

  onStatus(
    by: string,
    was: DisasterRecoveryPolicyStatus | undefined,
    is: DisasterRecoveryPolicyStatus | undefined,
  ): void {
    const primary = is?.primaryRegion;
    if (primary === undefined || primary === was?.primaryRegion) return;
    if (was?.primaryRegion !== undefined) this.#demoted.set(was.primaryRegion, { by, at: this.#props.scheduler.time });
    this.#demoted.delete(primary);
  }

  onPublished(object: ServiceObject & ConfigMapObject): void {
    const host = object.spec?.externalName ?? object.data?.['writerEndpoint'] ?? fencedHost;
    if (host !== fencedHost && this.#demoted.has(partsOf(host).region)) {
      this.#props.accuse('old-primary', `clients are sent to ${host} although its demotion is on record`);
    }
  }

  /** Nothing of what a process said before it knew of a demotion can be held against it: that waits for others, too. */
  onMetrics(process: SimulatedProcess, metrics: readonly MetricDatum[]): void {
    const { names, accuse } = this.#props;
    for (const { name, dimensions, value, at } of metrics) {
      const told = Object.fromEntries(dimensions.map((dimension) => [dimension.name, dimension.value]));
      if (name !== ROUTING.metric || told['GlobalCluster'] !== names.globalCluster || value !== 1) continue;
      const region = told['Region'] ?? '';
      const demotion = this.#demoted.get(region);
      const since = at - process.wallOffset - EPOCH - (demotion?.at ?? Infinity);
      if (demotion?.by === process.name && since > this.#patience) {
        accuse('old-primary', `health checks are told to send clients to ${region} although its demotion is on record`);
      }
    }
  }
}
