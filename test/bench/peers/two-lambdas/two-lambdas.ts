import { failover } from './failover.ts';
import { FunctionClients } from './function-clients.ts';
import { healthCheck } from './health-check.ts';
import type { DatabasePair } from './pair.ts';

/** Pairs whose functions run at the same time; the machine has few cores, AWS has many. */
const CONCURRENCY = 16;
const SECONDS_PER_MINUTE = 60;

/** Calls by action. */
export type Calls = Readonly<Record<string, number>>;

export interface TwoLambdasProps {
  readonly pairs: readonly DatabasePair[];
  /** How often each of the two functions of each pair is invoked, one after the other. */
  readonly invocations: number;
  readonly awsEndpoints: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  /** For which the functions are scheduled: a period that CloudWatch takes (1, 5, 10, 30 or a multiple of 60). @default 10 */
  readonly intervalSeconds?: number;
  /** The functions' clock: milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
  /** Awaited before the nth round of invocations, from 1; where a caller waits for the time to pass. @default - none waits */
  readonly beforeRound?: (round: number) => Promise<void> | void;
}

export interface TwoLambdasResult {
  readonly calls: Calls;
  /** The global clusters for which a failover was asked, in order. */
  readonly failedOver: readonly string[];
  /** How long the invocations took, the sum by function: milliseconds of this machine and the local AWS. */
  readonly milliseconds: { readonly healthCheck: number; readonly failover: number };
}

/**
 * The usual script-based design: two scheduled functions for each pair of databases. One checks health and puts a metric, one
 * reads it and fails over. Executed by their real handlers against the local AWS, without a Lambda runtime: rounds of
 * invocations of all pairs, one round after the other.
 *
 * It stands for designs as they are published: functions in Lambda that ask RDS about one global cluster, put or read
 * CloudWatch metrics, call FailoverGlobalCluster and then change a name in Route 53. Read for it, and nothing taken from it:
 * https://aws.amazon.com/blogs/database/automate-amazon-aurora-global-database-endpoint-management/,
 * https://github.com/dakshjat/aws-aurora-dr-automation. It is a careful one of its kind: one call for each question, in
 * parallel, clients kept between invocations, and the failover function reads two things only. The change in Route 53 is left
 * out: it comes once with a failover, and the local AWS has no Route 53.
 */
export async function runTwoLambdas(props: TwoLambdasProps): Promise<TwoLambdasResult> {
  const { pairs, invocations, intervalSeconds = 10 } = props;
  const calls: Record<string, number> = {};
  const milliseconds = { healthCheck: 0, failover: 0 };
  const failedOver: string[] = [];
  const onRequest = (action: string): void => {
    calls[action] = (calls[action] ?? 0) + 1;
  };
  const [checking, acting] = [
    new FunctionClients({ ...props, onRequest }),
    new FunctionClients({ ...props, onRequest }),
  ];
  const timed = async <T>(name: keyof typeof milliseconds, invoke: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    try {
      return await invoke();
    } finally {
      milliseconds[name] += performance.now() - started;
    }
  };
  const invokeBoth = async (pair: DatabasePair): Promise<void> => {
    await timed('healthCheck', () => healthCheck(pair, checking, intervalSeconds));
    if (await timed('failover', () => failover(pair, acting, intervalSeconds))) {
      failedOver.push(pair.globalClusterIdentifier);
    }
  };
  try {
    for (let round = 1; round <= invocations; round += 1) {
      await props.beforeRound?.(round);
      const waiting = [...pairs];
      const work = async (): Promise<void> => {
        for (let pair = waiting.shift(); pair !== undefined; pair = waiting.shift()) await invokeBoth(pair);
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, work));
    }
  } finally {
    checking.close();
    acting.close();
  }
  return { calls, failedOver, milliseconds };
}

/** Calls that one invocation of each function makes while all is well. */
const callsPerRound: Calls = {
  // Both functions: who is the writer?
  DescribeGlobalClusters: 2,
  // The health check, in each region.
  DescribeDBClusters: 2,
  // The lag, and the last checks.
  GetMetricData: 2,
  PutMetricData: 1,
};

/** Calls by action that this design makes for each policy and minute while all is well. */
export function callsPerPolicyAndMinute(intervalSeconds = 10): Calls {
  const rounds = SECONDS_PER_MINUTE / intervalSeconds;
  return Object.fromEntries(Object.entries(callsPerRound).map(([action, count]) => [action, count * rounds]));
}
