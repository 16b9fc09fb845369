import type { Command } from 'commander';
import { parseEndpoint } from '../../operator/aws/endpoints.ts';
import { withCluster } from '../cluster/connect.ts';
import { getPolicy, statusWrittenAt } from '../cluster/policies.ts';
import type { CommandContext } from '../command-context.ts';
import {
  durationFlag,
  withClusterFlags,
  withOutputFlag,
  type ClusterFlags,
  type OutputFlags,
} from '../command-flags.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { PluginError } from '../plugin-error.ts';
import { judge, notTried, overall } from '../preflight/judge.ts';
import { look } from '../preflight/look.ts';
import { printData } from '../terminal/print-data.ts';
import { outPaint, print, widthOf, type Environment } from '../terminal/terminal.ts';
import { checkLines } from '../views/check-view.ts';

interface CheckFlags extends ClusterFlags, OutputFlags {
  readonly awsEndpoint?: readonly string[];
  readonly assumeRole: boolean;
  readonly metricPeriod: number;
}

const AURORA_METRIC_PERIOD = '60s';

export function addCheck(program: Command, { terminal, run }: CommandContext): void {
  const command = program
    .command('check')
    .summary('pre-flight: does a failover find all that it needs, seen from here?')
    .description(
      'Looks from this machine, with your own AWS credentials, at everything that a failover of the policy would need: ' +
        "credentials, every region's RDS and CloudWatch, versions, lag, DNS, network, what is published, and lets the " +
        "operator's own rules judge it. A verdict for each line. It changes nothing; the operator may see it otherwise from " +
        'where it runs: drill asks the operator.',
    )
    .argument('<name>', 'name of the policy')
    .option(
      '--aws-endpoint <region=url>',
      'send the AWS calls of that region to that URL; repeatable (default: AURORA_DR_AWS_ENDPOINTS)',
      (entry: string, entries: readonly string[] | undefined) => [...(entries ?? []), entry],
    )
    .option(
      '--no-assume-role',
      "use your credentials as they are, and not spec.aws.roleArn, which is the operator's to assume",
    )
    .option(
      '--metric-period <duration>',
      'period of the lag samples in CloudWatch',
      durationFlag('--metric-period'),
      durationFlag('--metric-period')(AURORA_METRIC_PERIOD),
    );
  withOutputFlag(withClusterFlags(command)).action((name: string, flags: CheckFlags) =>
    run(() =>
      withCluster(flags, terminal.clock, async ({ client, namespace }) => {
        const endpoints = endpointsOf(flags.awsEndpoint, terminal.environment);
        const policy = await getPolicy(client, namespace, name);
        const findings = await look({
          client,
          clock: terminal.clock,
          policy,
          statusWrittenAt: statusWrittenAt(policy),
          endpoints,
          account: flags.assumeRole ? (policy.spec.aws ?? {}) : {},
          metricPeriodMilliseconds: flags.metricPeriod,
          signal: terminal.interrupted,
        });
        const lines = judge(findings);
        const verdict = overall(lines);
        if (flags.output === undefined) {
          const style = { paint: outPaint(terminal), width: widthOf(terminal.stdout) };
          print(terminal, checkLines(lines, notTried(name), style));
        } else {
          printData(terminal, flags.output, { namespace, name, verdict, checks: lines, notTried: notTried(name) });
        }
        return verdict === 'ok' || verdict === 'warning' ? EXIT_CODES.done : EXIT_CODES.notReady;
      }),
    ),
  );
}

/** As the operator takes them: from the flag, else from the variable. */
function endpointsOf(entries: readonly string[] | undefined, environment: Environment): ReadonlyMap<string, string> {
  const variable = environment['AURORA_DR_AWS_ENDPOINTS'] ?? '';
  const given = entries ?? variable.split(',').filter((entry) => entry !== '');
  return new Map(
    given.map((entry) => {
      const parsed = parseEndpoint(entry.trim());
      if (parsed === undefined) {
        throw new PluginError(
          `cannot use the endpoint ${entry}: write REGION=URL, such as us-east-1=http://127.0.0.1:4566`,
          EXIT_CODES.usage,
        );
      }
      const { region, service, url } = parsed;
      return [service === undefined ? region : `${region}/${service}`, url] as const;
    }),
  );
}
