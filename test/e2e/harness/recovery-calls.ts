/** Where a call goes, seen from the loss of the primary's region. */
export type Reach =
  /** To every region of the policy, the lost one too: nothing but the next round, or a background task, hears of its end. */
  | 'every region'
  /** Never to the lost region. */
  | 'surviving regions'
  /** Beyond AWS. */
  | 'elsewhere';

/** One kind of call that leaves the operator between the loss of a region and the end of the recovery from it. */
export interface RecoveryCall {
  /** `service action` of AWS, or what else is asked. */
  readonly call: string;
  readonly reach: Reach;
  readonly purpose: string;
  /** What happens without an answer from the lost region. */
  readonly withoutAnswer: string;
}

/**
 * Every call that a recovery makes. A call that is not here fails the tests of static stability, until somebody has decided
 * where it may go and what happens when nobody answers there.
 */
export const RECOVERY_CALLS: readonly RecoveryCall[] = [
  {
    call: 'rds DescribeGlobalClusters',
    reach: 'every region',
    purpose: 'who is the writer; once more in the target’s region before the call',
    withoutAnswer: 'the attempt ends at `detection.timeout`, and counts as no answer',
  },
  {
    call: 'rds DescribeDBClusters',
    reach: 'every region',
    purpose: 'how the clusters are',
    withoutAnswer: 'as above',
  },
  {
    call: 'rds DescribeEvents',
    reach: 'every region',
    purpose: 'was the old primary fenced?',
    withoutAnswer: 'in the background; the surviving region’s word counts as it comes',
  },
  {
    call: 'rds FailoverGlobalCluster',
    reach: 'surviving regions',
    purpose: 'the failover, in the target’s region',
    withoutAnswer: 'never sent there',
  },
  {
    call: 'monitoring ListMetrics',
    reach: 'every region',
    purpose: 'which lag series there are',
    withoutAnswer: 'in the background; the series that is known serves',
  },
  {
    call: 'monitoring GetMetricData',
    reach: 'every region',
    purpose: 'replication lag, in the secondaries’ regions',
    withoutAnswer: 'the attempt ends at `detection.timeout`; the lost one is asked once it is a secondary',
  },
  {
    call: 'monitoring PutMetricData',
    reach: 'every region',
    purpose: 'the routing metric and the heartbeat, which DNS health checks follow',
    withoutAnswer: 'in the background; a region that did not answer in the round is left out',
  },
  {
    call: 'sns Publish',
    reach: 'every region',
    purpose: 'notifications, to each topic in its own region',
    withoutAnswer: 'in the background, a queue for each region; given up after three attempts',
  },
  {
    call: 'sts AssumeRole',
    reach: 'every region',
    purpose: 'a session for `spec.aws.roleArn`, from the STS of the region that it is for',
    withoutAnswer: 'a session from another region’s STS serves',
  },
  {
    call: 'sts AssumeRoleWithWebIdentity',
    reach: 'every region',
    purpose: 'the operator’s own session, likewise',
    withoutAnswer: 'a session from another region’s STS serves',
  },
  {
    call: 'TCP writer endpoint',
    reach: 'every region',
    purpose: 'does the writer accept connections?',
    withoutAnswer: 'the attempt ends at `detection.timeout`, and counts as no answer',
  },
  {
    call: 'HTTP witness',
    reach: 'elsewhere',
    purpose: 'does somebody outside see the primary serving?',
    withoutAnswer: 'Unknown: it neither votes nor vetoes',
  },
  {
    call: 'HTTPS Kubernetes API',
    reach: 'elsewhere',
    purpose: 'policies, status, events, leases, Service and ConfigMap, Crossplane’s managed resources',
    withoutAnswer: 'nothing is called that could not be recorded: run it where the loss does not take it along',
  },
];

/** The table of docs/concepts/static-stability.md. */
export function recoveryCallsTable(): string {
  const rows = RECOVERY_CALLS.map(({ call, reach, purpose, withoutAnswer }) => {
    return `| ${call} | ${reach} | ${purpose} | ${withoutAnswer} |`;
  });
  return ['| call | goes to | for | without an answer of the lost region |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}
