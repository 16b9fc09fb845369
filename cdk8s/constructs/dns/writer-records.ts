import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import type { Zone } from '../../imports/route53.ts';
import { Route53Record } from '../../imports/route53.ts';
import type { Reference } from '../../managed/reference.ts';
import type { FailoverRecord } from './failover-chain.ts';
import { failoverChain, preparedLabel, regionLabel } from './failover-chain.ts';

export interface WriterRecordsProps {
  readonly names: Names;
  readonly zone: Zone;
  /** Its domain. */
  readonly domain: string;
  /** First label of the writer's name. */
  readonly record: string;
  readonly ttlSeconds: number;
  /** All regions, in an order that does not depend on their roles. */
  readonly regions: readonly string[];
  /** The region that is declared to write. */
  readonly primary: string;
  /** What says of a region that it is the writer's. */
  readonly healthChecks: ReadonlyMap<string, Reference>;
  /** The clusters' writer endpoints, by region, as far as they are known. */
  readonly endpoints: Readonly<Record<string, string>>;
}

/** With two regions, of which one may be lost, one is left to say where the writer is. */
const IS_ONE_VOICE = 2;

/**
 * The writer's name, and what it leads to: failover records, and for each region a name of its cluster's writer endpoint.
 *
 * With two regions a pair of failover records is prepared for either declared primary, and the writer's name leads to the
 * declared one's. That one value is all that another declared primary changes: the roles of two failover records could not
 * be swapped one by one, because Route 53 refuses a second PRIMARY of a name. With more regions a majority of them is heard,
 * and the records do not depend on the declared primary.
 */
export class WriterRecords extends Construct {
  readonly #props: WriterRecordsProps;

  constructor(scope: Construct, id: string, props: WriterRecordsProps) {
    super(scope, id);
    this.#props = props;
    const { record, regions, primary, endpoints } = props;
    if (regions.length === IS_ONE_VOICE) {
      for (const region of regions) {
        const order = [region, ...regions.filter((other) => other !== region)];
        this.#createChain(failoverChain(record, preparedLabel(record, region), order));
      }
      this.#create(record, preparedLabel(record, primary));
    } else {
      this.#createChain(failoverChain(record, record, regions));
    }
    for (const region of regions) {
      const endpoint = endpoints[region];
      if (endpoint !== undefined) this.#createRecord(regionLabel(record, region), endpoint);
    }
  }

  #createChain(records: readonly FailoverRecord[]): void {
    for (const { label, target, type, follows, region } of records) {
      const healthCheck = follows === undefined ? undefined : this.#props.healthChecks.get(follows);
      this.#create(label, target, {
        setIdentifier: region,
        failoverRoutingPolicy: { type },
        ...(healthCheck === undefined ? {} : { healthCheckIdRef: healthCheck }),
      });
    }
  }

  /** A record that leads to another one of the zone. */
  #create(label: string, target: string, routing: Routing = {}): void {
    this.#createRecord(label, `${target}.${this.#props.domain}`, routing);
  }

  #createRecord(label: string, value: string, routing: Routing = {}): void {
    const { names, zone, domain, ttlSeconds } = this.#props;
    const part = routing.setIdentifier === undefined ? label : `${label}-to-${routing.setIdentifier}`;
    new Route53Record(this, part, {
      name: names.of('record', 'global', part),
      forProvider: {
        zoneIdRef: zone.reference,
        name: `${label}.${domain}`,
        type: 'CNAME',
        ttl: ttlSeconds,
        records: [value],
        ...routing,
      },
    });
  }
}

interface Routing {
  readonly setIdentifier?: string;
  readonly failoverRoutingPolicy?: { readonly type: FailoverRecord['type'] };
  readonly healthCheckIdRef?: Reference;
}
