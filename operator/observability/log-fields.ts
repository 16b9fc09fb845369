/** The keys of a log line besides time, level and msg. They keep their names and meanings; others are never written. */
export interface LogFields {
  readonly action?: string | undefined;
  readonly component?: string | undefined;
  readonly decision?: unknown;
  readonly delay?: number | undefined;
  readonly directory?: string | undefined;
  readonly error?: unknown;
  readonly identity?: string | undefined;
  readonly isTerminal?: boolean | undefined;
  readonly kind?: string | undefined;
  readonly leader?: string | undefined;
  readonly lost?: number | undefined;
  readonly members?: readonly string[] | undefined;
  readonly operation?: string | undefined;
  readonly outcome?: string | undefined;
  readonly policy?: string | undefined;
  readonly port?: number | undefined;
  readonly quorumRounds?: number | undefined;
  readonly reason?: string | undefined;
  readonly region?: string | undefined;
  readonly resource?: string | undefined;
  readonly result?: string | undefined;
  readonly round?: { readonly startedAt: string; readonly completedAt: string } | undefined;
  readonly rush?: Readonly<Record<string, number>> | undefined;
  readonly server?: string | undefined;
  readonly shard?: number | undefined;
  readonly shards?: number | undefined;
  readonly signal?: string | undefined;
  readonly signals?: Readonly<Record<string, string>> | undefined;
  readonly successor?: string | undefined;
  readonly target?: string | undefined;
  readonly topicArn?: string | undefined;
  readonly version?: string | undefined;
}

export type LogKey = keyof LogFields | 'time' | 'level' | 'msg';

/** What each key means, for the reference. */
export const LOG_KEYS: Readonly<Record<LogKey, string>> = {
  time: 'RFC 3339, UTC, milliseconds',
  level: '`debug`, `info`, `warn`, `error` or `fatal`',
  msg: 'what happened, for people; its wording may change',
  action: 'what is done: `failover`, `decide`, or the action of the AWS API',
  component: 'the part of the process that ended, or did not',
  decision: 'a record of the decision log, where no directory is set for it',
  delay: 'milliseconds until it is tried again',
  directory: 'of the decision log',
  error: 'name, message, code, stack and cause of an error',
  identity: 'this process, as in the lease',
  isTerminal: 'whether it is not tried again until the policy changes',
  kind: 'what a notification tells of',
  leader: 'the process that leads',
  lost: 'how many records of the decision log were lost',
  members: 'the processes that share the shards',
  operation: 'id of the operation, as in `status.operation` and `status.history`',
  outcome: 'how the end of a component went',
  policy: '`namespace/name`',
  port: 'TCP port that is listened on',
  quorumRounds: 'failing rounds in a row when a loss was declared',
  reason: 'of the event of the same policy, or why leadership ended',
  region: 'the AWS region',
  resource: 'a Crossplane managed resource: `kind/name`, with its namespace where it has one',
  result: '`delivered`, `failed` or `dropped`, of a notification',
  round: 'start and end of the round that a decision rests on',
  rush:
    'role changes that waited for their turns: calls per second at its begin; at its end how many policies waited, the ' +
    'most at once, and for how many milliseconds',
  server: '`metrics`, `health` or `health and metrics`',
  shard: 'number of the shard, from 0 on',
  shards: 'how many shards there are',
  signal: 'the signal that ends the process',
  signals: 'the state of each signal of the policy, by its name',
  successor: 'the process that a shard is handed over to',
  target: "the region that is to be the writer's",
  topicArn: 'the SNS topic',
  version: 'of the operator',
};
