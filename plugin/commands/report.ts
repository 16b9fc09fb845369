import { readFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { stringify } from 'yaml';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { Decision } from '../../operator/failover/decision.ts';
import { withCluster, type Cluster } from '../cluster/connect.ts';
import { getPolicy, listPolicies } from '../cluster/policies.ts';
import { eventsOf } from '../cluster/policy-events.ts';
import type { CommandContext } from '../command-context.ts';
import { withClusterFlags, type ClusterFlags } from '../command-flags.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { PluginError } from '../plugin-error.ts';
import { readDecisions } from '../report/decision-lines.ts';
import { htmlReport } from '../report/html-report.ts';
import { incidentOf, ReportError, type Incident } from '../report/incident.ts';
import { markdownReport } from '../report/markdown-report.ts';
import { timelineSvg } from '../report/timeline-svg.ts';
import { print, remark, type Terminal } from '../terminal/terminal.ts';

/** What can be printed instead of being written to files. */
const FORMATS = ['markdown', 'html', 'svg', 'json', 'yaml'] as const;
type ReportFormat = (typeof FORMATS)[number];

interface ReportFlags extends ClusterFlags {
  readonly policy?: string;
  readonly decisionLog?: readonly string[];
  readonly directory: string;
  readonly output?: ReportFormat;
}

/** Stands for the newest operation of a policy. */
const LATEST = 'latest';

export function addReport(program: Command, { terminal, run }: CommandContext): void {
  const command = program
    .command('report')
    .summary('an incident report of one operation, with the timeline as a picture')
    .description(
      'Makes the report of a failover or switchover for the post-mortem: what happened when, where the time went, what the ' +
        'decision rested on, what was lost, and what is to be filled in. It is made from status.history, the events that the ' +
        'API server still has, and the decision log. Writes OPERATION.md, OPERATION.html (one file, picture included) and ' +
        'OPERATION.svg.',
    )
    .argument('<operation>', `id of the operation, as history shows it; \`${LATEST}\` is the newest one`)
    .option('--policy <name>', 'the policy that it is of (default: whichever of the namespace has it)')
    .option(
      '--decision-log <file>',
      'a file of the decision log; repeatable, oldest first',
      (file: string, files: readonly string[] | undefined) => [...(files ?? []), file],
    )
    .option('-d, --directory <directory>', 'where the files are written', '.')
    .addOption(new Option('-o, --output <format>', 'print it instead of writing files').choices(FORMATS));
  withClusterFlags(command).action((operation: string, flags: ReportFlags) =>
    run(() =>
      withCluster(flags, terminal.clock, async (cluster) => {
        const [policy, operationId] = await find(cluster, operation, flags.policy);
        const events = await eventsOf(cluster.client, policy);
        const decisions = await decisionsOf(terminal, flags.decisionLog ?? []);
        const incident = report(() =>
          incidentOf({ policy, operationId, events, decisions, now: terminal.clock.now() }),
        );
        if (flags.output === undefined) {
          await write(terminal, incident, flags.directory);
        } else {
          terminal.stdout.write(printed(incident, flags.output));
        }
        incident.gaps.forEach((gap) => remark(terminal, `note: ${gap}`));
        return EXIT_CODES.done;
      }),
    ),
  );
}

/** A report that cannot be made is told as everything else is. */
function report<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof ReportError) {
      throw new PluginError(error.message, EXIT_CODES.failed, { cause: error });
    }
    throw error;
  }
}

const operationsOf = ({
  status,
}: DisasterRecoveryPolicy): readonly { readonly id: string; readonly startedAt: string }[] => [
  ...(status?.operation === undefined ? [] : [status.operation]),
  ...(status?.history ?? []).filter(({ type }) => type !== 'Simulation'),
];

/** Ids are unique, so the policy need not be named. */
async function find(
  { client, namespace }: Cluster,
  wanted: string,
  name: string | undefined,
): Promise<readonly [DisasterRecoveryPolicy, string]> {
  const policies =
    name === undefined ? await listPolicies(client, namespace) : [await getPolicy(client, namespace, name)];
  const known = policies
    .flatMap((policy) => operationsOf(policy).map(({ id, startedAt }) => ({ policy, id, startedAt })))
    .toSorted((one, other) => other.startedAt.localeCompare(one.startedAt));
  const found = wanted === LATEST ? known[0] : known.find(({ id }) => id === wanted);
  if (found === undefined) {
    const ids = known.slice(0, 5).map(({ id }) => id);
    const hint = ids.length === 0 ? 'nothing has moved a writer there yet' : `the newest are ${ids.join(', ')}`;
    throw new PluginError(`cannot find operation "${wanted}" in namespace "${namespace}"; ${hint}`);
  }
  return [found.policy, found.id];
}

async function decisionsOf(terminal: Terminal, files: readonly string[]): Promise<readonly Decision[]> {
  const decisions: Decision[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new PluginError(`cannot read the decision log ${file}: ${why}`, EXIT_CODES.failed, { cause: error });
    });
    const read = readDecisions(text);
    decisions.push(...read.decisions);
    if (read.badLines.length > 0) {
      remark(terminal, `warning: ${file}: lines ${read.badLines.join(', ')} are no records of this version: left out`);
    }
  }
  return decisions;
}

async function write(terminal: Terminal, incident: Incident, directory: string): Promise<void> {
  const { id } = incident.operation;
  const path = (extension: string): string => join(directory, `${id}.${extension}`);
  await mkdir(directory, { recursive: true });
  await writeFile(path('svg'), timelineSvg(incident));
  await writeFile(path('md'), markdownReport(incident, `![Timeline](${id}.svg)`));
  await writeFile(path('html'), htmlReport(incident));
  print(terminal, [path('md'), path('html'), path('svg')]);
}

function printed(incident: Incident, format: ReportFormat): string {
  const { decisions: _long, policy, ...data } = incident;
  const { namespace, name, uid } = policy.metadata;
  const whole = { policy: { namespace, name, uid }, ...data };
  switch (format) {
    case 'markdown':
      return markdownReport(incident, '');
    case 'html':
      return htmlReport(incident);
    case 'svg':
      return timelineSvg(incident);
    case 'json':
      return `${JSON.stringify(whole, null, 2)}\n`;
    case 'yaml':
      return stringify(whole);
  }
}
