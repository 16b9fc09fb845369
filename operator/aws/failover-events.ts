import type { FailoverEvent } from './aws-gateway.ts';

export interface RawEvent {
  readonly message: string;
  readonly categories: readonly string[];
  readonly sourceIdentifier: string;
  readonly at: number;
}

/**
 * DescribeEvents has no event id: the documented texts tell which is which. Aurora user guide, "Amazon RDS event
 * categories and event messages for Aurora".
 */
const documentedTexts: readonly (readonly [id: string, text: RegExp])[] = [
  ['RDS-EVENT-0181', /^Global switchover to .* started/i],
  ['RDS-EVENT-0184', /^New primary DB cluster .* was successfully promoted/i],
  ['RDS-EVENT-0185', /^Global switchover to .* finished/i],
  ['RDS-EVENT-0186', /^Global switchover to .* is cancelled/i],
  ['RDS-EVENT-0187', /^Global switchover to .* failed/i],
  ['RDS-EVENT-0238', /^Global failover to .* completed/i],
  ['RDS-EVENT-0239', /^Global failover to .* failed/i],
  ['RDS-EVENT-0240', /^Started resynchronizing members of /i],
  ['RDS-EVENT-0241', /^Finished resynchronizing members of /i],
  ['RDS-EVENT-0390', /^Attempt to block writes for .* succeeded/i],
  ['RDS-EVENT-0391', /^Attempt to block writes for .* timed out/i],
  ['RDS-EVENT-0397', /finished changing the DNS name that the global writer endpoint/i],
  ['RDS-EVENT-0519', /^Global database failover to .* completed/i],
];

/** As the event table spells it; subscriptions, and perhaps events, have a hyphen. */
const CATEGORY = /^global[ -]failover$/i;

/** Undefined for an event that has nothing to do with a role change. */
export function readFailoverEvent(event: RawEvent): FailoverEvent | undefined {
  const eventId = documentedTexts.find(([, text]) => text.test(event.message))?.[0];
  if (eventId === undefined && !event.categories.some((category) => CATEGORY.test(category))) return undefined;
  const named = /DB cluster (?<cluster>\S+) in Region (?<region>[a-z0-9-]+)/i.exec(event.message)?.groups;
  const cluster = named?.['cluster'];
  const region = named?.['region'];
  return {
    eventId,
    at: event.at,
    message: event.message,
    sourceIdentifier: event.sourceIdentifier,
    ...(cluster !== undefined && region !== undefined && { about: { clusterIdentifier: cluster, region } }),
  };
}
