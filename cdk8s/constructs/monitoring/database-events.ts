import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import { EventSubscription } from '../../imports/rds.ts';
import type { Reference } from '../../managed/reference.ts';

export interface DatabaseEventsProps {
  readonly names: Names;
  readonly region: string;
  /** The region's: RDS tells of its own region's resources alone. */
  readonly topic: Reference;
  /** Identifier of the region's cluster. */
  readonly cluster: string;
  /** Identifiers of its instances. */
  readonly instances: readonly string[];
}

/**
 * Categories as `DescribeEventCategories` spells them for each type of source; left out are routine ones such as backups.
 * Source: "Amazon RDS event categories and event messages for Aurora" in the Aurora User Guide.
 */
const CLUSTER_CATEGORIES = [
  'configuration change',
  'deletion',
  'failover',
  'failure',
  'global-failover',
  'maintenance',
  'notification',
] as const;
const INSTANCE_CATEGORIES = [
  'availability',
  'configuration change',
  'deletion',
  'failover',
  'failure',
  'low storage',
  'maintenance',
  'notification',
  'recovery',
] as const;

/** What RDS itself tells of a region's cluster and its instances, role changes among it. */
export class DatabaseEvents extends Construct {
  constructor(scope: Construct, id: string, { names, region, topic, cluster, instances }: DatabaseEventsProps) {
    super(scope, id);
    new EventSubscription(this, 'cluster', {
      name: names.of('event-subscription', region, 'cluster'),
      forProvider: {
        region,
        snsTopicRef: topic,
        sourceType: 'db-cluster',
        // Identifiers: the schema's reference leads to instances of RDS without Aurora.
        sourceIds: [cluster],
        eventCategories: CLUSTER_CATEGORIES,
        enabled: true,
      },
    });
    new EventSubscription(this, 'instance', {
      name: names.of('event-subscription', region, 'instance'),
      forProvider: {
        region,
        snsTopicRef: topic,
        sourceType: 'db-instance',
        sourceIds: instances,
        eventCategories: INSTANCE_CATEGORIES,
        enabled: true,
      },
    });
  }
}
