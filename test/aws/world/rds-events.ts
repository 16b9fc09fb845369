import type { DbCluster, RdsEvent } from './model.ts';

/**
 * The events of global databases, with the messages of the Aurora user guide ("Amazon RDS event categories and event
 * messages for Aurora"). DescribeEvents carries no number: consumers tell events apart by source type, category and message.
 * 0390 and 0391 are DB *instance* events, recorded in the old primary's region when it can be reached, otherwise on the
 * new primary.
 */
export const globalFailoverEvents = {
  switchoverStarted: [
    'RDS-EVENT-0181',
    (name: string, region: string) => `Global switchover to DB cluster ${name} in Region ${region} started.`,
  ],
  oldPrimaryShutDown: [
    'RDS-EVENT-0182',
    (name: string, region: string) => `Old primary DB cluster ${name} in Region ${region} successfully shut down.`,
  ],
  newPrimaryPromoted: [
    'RDS-EVENT-0184',
    (name: string, region: string) => `New primary DB cluster ${name} in Region ${region} was successfully promoted.`,
  ],
  switchoverFinished: [
    'RDS-EVENT-0185',
    (name: string, region: string) => `Global switchover to DB cluster ${name} in Region ${region} finished.`,
  ],
  switchoverCancelled: [
    'RDS-EVENT-0186',
    (name: string, region: string) => `Global switchover to DB cluster ${name} in Region ${region} is cancelled.`,
  ],
  switchoverFailed: [
    'RDS-EVENT-0187',
    (name: string, region: string) => `Global switchover to DB cluster ${name} in Region ${region} failed.`,
  ],
  failoverCompleted: [
    'RDS-EVENT-0238',
    (name: string, region: string) => `Global failover to DB cluster ${name} in Region ${region} completed.`,
  ],
  failoverFailed: [
    'RDS-EVENT-0239',
    (name: string, region: string) => `Global failover to DB cluster ${name} in Region ${region} failed.`,
  ],
  resynchronizationStarted: [
    'RDS-EVENT-0240',
    (name: string, region: string) =>
      `Started resynchronizing members of DB cluster ${name} in Region ${region} after global failover.`,
  ],
  resynchronizationFinished: [
    'RDS-EVENT-0241',
    (name: string, region: string) =>
      `Finished resynchronizing members of DB cluster ${name} in Region ${region} after global failover.`,
  ],
  globalEndpointChanged: [
    'RDS-EVENT-0397',
    () => 'Aurora finished changing the DNS name that the global writer endpoint resolves to.',
  ],
} as const satisfies Record<string, readonly [string, (name: string, region: string) => string]>;

export type GlobalFailoverEvent = keyof typeof globalFailoverEvents;

/** The event `kind` about `subject`, recorded on the cluster `recordedOn`. */
export function clusterEvent(
  kind: GlobalFailoverEvent,
  subject: DbCluster,
  recordedOn: DbCluster,
  at: number,
): RdsEvent {
  const [id, message] = globalFailoverEvents[kind];
  return {
    id,
    accountId: recordedOn.accountId,
    region: recordedOn.region,
    sourceType: 'db-cluster',
    sourceIdentifier: recordedOn.identifier,
    sourceArn: recordedOn.arn,
    categories: ['global failover'],
    message: message(subject.identifier, subject.region),
    at,
  };
}

/** Whether Aurora could block writes to the old primary's storage; undefined when `recordedOn` has no instance. */
export function fenceEvent(
  fence: 'succeeded' | 'timed-out',
  oldPrimary: DbCluster,
  recordedOn: DbCluster,
  at: number,
): RdsEvent | undefined {
  const instance = recordedOn.instances[0];
  if (instance === undefined) {
    return undefined;
  }
  const result = fence === 'succeeded' ? 'succeeded' : 'timed out';
  return {
    id: fence === 'succeeded' ? 'RDS-EVENT-0390' : 'RDS-EVENT-0391',
    accountId: recordedOn.accountId,
    region: recordedOn.region,
    sourceType: 'db-instance',
    sourceIdentifier: instance.identifier,
    sourceArn: instance.arn,
    categories: ['notification', 'global database'],
    message: `Attempt to block writes for DB cluster ${oldPrimary.identifier} in Region ${oldPrimary.region} ${result}.`,
    at,
  };
}
