/** A CNAME record that Route 53 answers with while it is healthy, or that stands in for the other one of its name. */
export interface FailoverRecord {
  /** Its first label. */
  readonly label: string;
  /** First label of the name that it leads to. */
  readonly target: string;
  readonly type: 'PRIMARY' | 'SECONDARY';
  /** The region whose health check it follows; none: always healthy. */
  readonly follows?: string;
  /** The region that it is about. */
  readonly region: string;
}

/** Label of the name that leads to a region's cluster. */
export const regionLabel = (record: string, region: string): string => `${record}-${region}`;
/** Label of the name that the declared primary's record leads to. */
export const preparedLabel = (record: string, primary: string): string => `${record}-from-${primary}`;

/**
 * Records that lead to the first region whose check is healthy, and to the last one when none is.
 *
 * A secondary record follows no check: Route 53 answers with the primary record, healthy or not, when the secondary one is
 * unhealthy, and the check of the secondary's region would be stuck at unhealthy just when its alarm's region is lost.
 * Source: `Failover` of ResourceRecordSet in the Route 53 API reference.
 */
export function failoverChain(record: string, label: string, regions: readonly string[]): readonly FailoverRecord[] {
  const [first, ...rest] = regions;
  const [second] = rest;
  if (first === undefined || second === undefined) return [];
  const next = rest.length === 1 ? regionLabel(record, second) : `${record}-after-${first}`;
  return [
    { label, target: regionLabel(record, first), type: 'PRIMARY', follows: first, region: first },
    { label, target: next, type: 'SECONDARY', region: second },
    ...(rest.length === 1 ? [] : failoverChain(record, next, rest)),
  ];
}
