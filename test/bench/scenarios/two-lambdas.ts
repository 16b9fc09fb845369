import { monthlyCostOfOperator, monthlyCostOfTwoLambdas, type MonthlyCost } from '../peers/two-lambdas/monthly-cost.ts';
import { callsPerPolicyAndMinute, runTwoLambdas } from '../peers/two-lambdas/two-lambdas.ts';
import { clusterName } from '../rig/aws-commands.ts';
import { range } from '../rig/side-by-side.ts';
import type { Bench } from '../bench.ts';
import type { WholeScenario } from '../scenario.ts';
import { startAws } from '../session.ts';

const SCENARIO = 'lambdas';
const CONTESTANT = 'two-lambdas';
/** What one pair costs does not depend on how many there are. */
const MOST_PAIRS = 100;
const SECONDS_PER_MINUTE = 60;
/** The interval of the fleet, and the finest that a schedule of AWS has. */
const INTERVALS = [10, 60];

export const twoLambdas: WholeScenario = {
  kind: 'whole',
  name: SCENARIO,
  title: 'two scheduled functions for each pair of databases: their calls in a minute, and both designs by the month',
  async run(bench, policies) {
    await bench.restore();
    for (const intervalSeconds of INTERVALS) {
      await execute(bench, policies, intervalSeconds);
      tell(bench, policies, CONTESTANT, monthlyCostOfTwoLambdas({ policies, intervalSeconds }), `${intervalSeconds} s`);
    }
    // Its rounds cost nothing: only CloudWatch has a price by the call, and is asked once a metric period.
    tell(bench, policies, 'operator', monthlyCostOfOperator({ policies }), 'any interval');
  },
};

/** One minute of the functions of each pair against a local AWS, whose own count has to be that of the rule. */
async function execute(bench: Bench, policies: number, intervalSeconds: number): Promise<void> {
  const { measurements } = bench;
  const place = { scenario: SCENARIO, contestant: CONTESTANT, policies };
  const count = Math.min(policies, MOST_PAIRS);
  await using aws = await startAws(bench, count, { isOneAccount: true });
  const pairs = range(1, count).map((number) => ({
    globalClusterIdentifier: clusterName(number),
    primary: { region: 'us-east-1', clusterIdentifier: clusterName(number) },
    secondary: { region: 'us-west-2', clusterIdentifier: clusterName(number) },
  }));
  const { awsEndpoints, environment } = { awsEndpoints: aws.endpoints, environment: aws.environmentOf('AKIALAMBDAS') };
  const invocations = SECONDS_PER_MINUTE / intervalSeconds;
  await runTwoLambdas({ pairs, invocations, awsEndpoints, environment, intervalSeconds });

  const made: Record<string, number> = {};
  for (const [name, calls] of Object.entries(await aws.ask('counts'))) {
    const action = name.split(' ')[0] ?? '';
    made[action] = (made[action] ?? 0) + calls / count;
  }
  const rule = callsPerPolicyAndMinute(intervalSeconds);
  for (const action of new Set([...Object.keys(made), ...Object.keys(rule)])) {
    if (made[action] !== rule[action]) {
      measurements.violate(
        place,
        `${made[action] ?? 0} calls of ${action} for each policy, by the rule ${rule[action] ?? 0}`,
      );
    }
  }
  const total = Object.values(made).reduce((sum, calls) => sum + calls, 0);
  measurements.add(place, `AWS calls per policy, every ${intervalSeconds} s`, '1/min', total);
}

function tell(bench: Bench, policies: number, contestant: string, { lines, dollars }: MonthlyCost, when: string): void {
  const place = { scenario: SCENARIO, contestant, policies };
  bench.measurements.add(place, `list price, ${when}`, '$/month', dollars);
  const byItem = Map.groupBy(lines, ({ item }) => item);
  for (const [item, own] of byItem) {
    const sum = own.reduce((whole, line) => whole + line.dollars, 0);
    if (sum > 0) bench.measurements.add(place, `of it ${item}, ${when}`, '$/month', sum);
  }
}
