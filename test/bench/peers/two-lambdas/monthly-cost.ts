import { PriceTable } from '../../../../cdk8s/operations/price-table.ts';
import { callsPerPolicyAndMinute } from './two-lambdas.ts';

/** Dollars a month at list prices, one line. */
export interface CostLine {
  /** As the price table calls it. */
  readonly item: string;
  readonly what: string;
  readonly quantity: number;
  readonly unit: string;
  readonly dollars: number;
}

export interface MonthlyCost {
  readonly lines: readonly CostLine[];
  readonly dollars: number;
}

export interface TwoLambdasCostProps {
  readonly policies: number;
  /** How often each function is invoked. */
  readonly intervalSeconds: number;
  /** @default us-east-1 */
  readonly region?: string;
  /** Memory of each function. @default 0.25: what a bundle with the SDK's clients needs to start */
  readonly memoryGigabytes?: number;
  /** Billed for both functions of a pair together, each time; an assumption. @default 0.4 */
  readonly billedSeconds?: number;
  /** What Lambda itself writes for an invocation: three lines. @default 500 */
  readonly logBytes?: number;
}

export interface OperatorCostProps {
  readonly policies: number;
  /** @default us-east-1 */
  readonly region?: string;
  /** Secondaries of a policy, whose lag is read. @default 1 */
  readonly secondaries?: number;
  /** Between two readings of a series: `--metric-period`. @default 60 */
  readonly metricPeriodSeconds?: number;
  /** Pods, each of `processors` and `memoryGigabytes`. @default 2: a leader and its standby */
  readonly replicas?: number;
  /** @default 1 */
  readonly processors?: number;
  /** @default 2: what Fargate takes at least for one processor */
  readonly memoryGigabytes?: number;
  /** Policies whose writer's region is published as a metric each minute (`publish.routing`). @default 0 */
  readonly routedPolicies?: number;
}

const FUNCTIONS = 2;
const SECONDS_PER_HOUR = 3_600;
const MINUTES_PER_HOUR = 60;
const THOUSAND = 1e3;
const MILLION = 1e6;
const GIGABYTE = 1e9;
/** Of each secondary the lag, and the series that tells whether CloudWatch itself is late. */
const SERIES_PER_SECONDARY = 2;

/** The prices and the months of this repository's cost estimate: `cdk8s/operations/prices.json` has sources and dates. */
const table = PriceTable.read();

/**
 * What the two functions of each pair cost: invocations, time, schedules, metrics put and read, the metric itself, its alarm,
 * and the lines that Lambda logs. RDS takes no money for its calls. No free tier and no volume tiers, as in the price table.
 *
 * Schedules finer than a minute do not exist: what works around that costs more than the invocations that are counted here.
 * The counts of calls are `callsPerPolicyAndMinute`, which a test holds against the calls that are really made.
 */
export function monthlyCostOfTwoLambdas(props: TwoLambdasCostProps): MonthlyCost {
  const { policies, intervalSeconds, region = 'us-east-1' } = props;
  const { memoryGigabytes = 0.25, billedSeconds = 0.4, logBytes = 500 } = props;
  const minutes = table.hoursPerMonth * MINUTES_PER_HOUR;
  const rounds = (policies * table.hoursPerMonth * SECONDS_PER_HOUR) / intervalSeconds;
  const calls = callsPerPolicyAndMinute(intervalSeconds);
  const callsOf = (action: string): number => policies * minutes * (calls[action] ?? 0);
  const alarm = intervalSeconds < 60 ? 'alarm-metric:high-resolution' : 'alarm-metric';
  return costOf(region, [
    ['function-requests', 'invocations of both functions', (FUNCTIONS * rounds) / MILLION],
    ['function-time', 'time of both functions', rounds * billedSeconds * memoryGigabytes],
    ['scheduler-invocations', 'schedules that fire', (FUNCTIONS * rounds) / MILLION],
    // One metric in each request.
    ['metric-reads', 'lag, and the last checks', callsOf('GetMetricData') / THOUSAND],
    ['metric-puts', 'the result of each check', callsOf('PutMetricData') / THOUSAND],
    ['custom-metric', 'the health of each pair', policies],
    [alarm, 'an alarm on it', policies],
    ['logs', 'what Lambda logs of each invocation', (FUNCTIONS * rounds * logBytes) / GIGABYTE],
  ]);
}

/**
 * What the operator costs for the same pairs: its pods at Fargate's list price, the series that it reads, and what it puts
 * where routing is published. RDS takes no money for its calls. The cluster that it runs in is not counted: it is there for
 * the applications, and so are a client's calls to its API server. Notifications are sent in incidents only.
 */
export function monthlyCostOfOperator(props: OperatorCostProps): MonthlyCost {
  const { policies, region = 'us-east-1', secondaries = 1, metricPeriodSeconds = 60 } = props;
  const { replicas = 2, processors = 1, memoryGigabytes = 2, routedPolicies = 0 } = props;
  const hours = table.hoursPerMonth;
  const readings = (hours * SECONDS_PER_HOUR) / metricPeriodSeconds;
  return costOf(region, [
    ['container-processor', 'processors of all replicas', replicas * processors * hours],
    ['container-memory', 'memory of all replicas', replicas * memoryGigabytes * hours],
    ['metric-reads', 'lag and control series', (policies * secondaries * SERIES_PER_SECONDARY * readings) / THOUSAND],
    [
      'metric-puts',
      "the writer's region, where it is published",
      (routedPolicies * hours * MINUTES_PER_HOUR) / THOUSAND,
    ],
    ['custom-metric', "the writer's region, where it is published", routedPolicies],
  ]);
}

function costOf(region: string, quantities: readonly (readonly [string, string, number])[]): MonthlyCost {
  const lines = quantities.map(([item, what, quantity]): CostLine => {
    const price = table.find(item, region);
    if (price === undefined)
      throw new Error(`cannot price ${item} in ${region}: add it to cdk8s/operations/prices.json`);
    return { item, what, quantity, unit: price.unit, dollars: quantity * price.amount };
  });
  return { lines, dollars: lines.reduce((sum, { dollars }) => sum + dollars, 0) };
}
