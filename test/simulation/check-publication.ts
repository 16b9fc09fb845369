import type { DisasterRecoveryPolicyStatus } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { fencedHost, type ConfigMapObject, type ServiceObject } from '../../operator/publishing/writer-objects.ts';
import { partsOf } from './simulated-probes.ts';
import type { Accuse } from './violation.ts';

/** Watches where clients are sent. */
export class PublicationChecks {
  readonly #accuse: Accuse;
  /** Regions whose demotion is on record. */
  readonly #demoted = new Set<string>();

  constructor(accuse: Accuse) {
    this.#accuse = accuse;
  }

  onStatus(was: DisasterRecoveryPolicyStatus | undefined, is: DisasterRecoveryPolicyStatus | undefined): void {
    const primary = is?.primaryRegion;
    if (primary === undefined || primary === was?.primaryRegion) return;
    if (was?.primaryRegion !== undefined) this.#demoted.add(was.primaryRegion);
    this.#demoted.delete(primary);
  }

  onPublished(object: ServiceObject & ConfigMapObject): void {
    const host = object.spec?.externalName ?? object.data?.['writerEndpoint'] ?? fencedHost;
    if (host !== fencedHost && this.#demoted.has(partsOf(host).region)) {
      this.#accuse('old-primary', `clients are sent to ${host} although its demotion is on record`);
    }
  }
}
