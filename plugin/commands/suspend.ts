import type { Command } from 'commander';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import type { KubeObject } from '../../operator/runtime/resource.ts';
import { withCluster, type Cluster } from '../cluster/connect.ts';
import { getPolicy } from '../cluster/policies.ts';
import { PolicyWatch } from '../cluster/policy-watch.ts';
import type { CommandContext } from '../command-context.ts';
import { withClusterFlags, type ClusterFlags } from '../command-flags.ts';
import { EXIT_CODES, type ExitCode } from '../exit-codes.ts';
import { byYes, confirm } from '../terminal/confirm.ts';
import { print, remark, type Terminal } from '../terminal/terminal.ts';
import { gitOpsOwner } from '../views/gitops-owner.ts';

const PATIENCE_MILLISECONDS = 30_000;

interface SuspendFlags extends ClusterFlags {
  readonly yes?: boolean;
}

interface Switch {
  readonly isSuspended: boolean;
  /** What to tell before it is done; absent: nothing to be confirmed. */
  readonly warning: (policy: DisasterRecoveryPolicy) => string | undefined;
  readonly done: string;
  readonly already: string;
}

const SUSPEND: Switch = {
  isSuspended: true,
  warning: ({ metadata }) =>
    `Nothing starts by itself for ${metadata.namespace}/${metadata.name} any more: no failover, failback or drill. Commands work all the same.`,
  done: 'suspended: nothing starts by itself; undo it with: kubectl aurora-dr resume',
  already: 'is suspended already',
};

const RESUME: Switch = {
  isSuspended: false,
  // A loss that was confirmed meanwhile is acted on at once.
  warning: ({ metadata, status }) =>
    status?.incident === undefined
      ? undefined
      : `${metadata.namespace}/${metadata.name}: the primary is not seen serving. Automation may fail over at once.`,
  done: 'resumed: automation may act again',
  already: 'is not suspended',
};

export function addSuspend(program: Command, context: CommandContext): void {
  addSwitch(
    program
      .command('suspend')
      .summary('nothing starts by itself: no failover, failback or scheduled drill')
      .description(
        'Sets spec.suspend. Detection, status and notifications go on, an operation in flight is followed to its end, and ' +
          'failover, switchover and failback work by command. Use it during planned work on the database.',
      ),
    context,
    SUSPEND,
  );
}

export function addResume(program: Command, context: CommandContext): void {
  addSwitch(
    program
      .command('resume')
      .summary('let automation act again')
      .description('Clears spec.suspend. Asks first where a loss is being confirmed: automation may then act at once.'),
    context,
    RESUME,
  );
}

/** Whether an operator works with this generation of the spec, within a time in which one that runs does. */
async function isTakenIn(terminal: Terminal, cluster: Cluster, name: string, generation: number): Promise<boolean> {
  const { clock, interrupted } = terminal;
  const limit = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  const signal = AbortSignal.any([interrupted, limit]);
  const watch = new PolicyWatch({ ...cluster, clock, name, signal });
  try {
    await watch.follow(() => watch.list().some(({ status }) => (status?.observedGeneration ?? 0) >= generation));
    return true;
  } catch (error) {
    if (limit.aborted && !interrupted.aborted) return false;
    throw error;
  }
}

function addSwitch(command: Command, { terminal, run }: CommandContext, wanted: Switch): void {
  withClusterFlags(command.argument('<name>', 'name of the policy'))
    .option('-y, --yes', 'do not ask for confirmation')
    .action((name: string, flags: SuspendFlags) =>
      run(() =>
        withCluster(flags, terminal.clock, async ({ client, namespace }): Promise<ExitCode> => {
          const policy = await getPolicy(client, namespace, name);
          const label = `${namespace}/${name}`;
          if (policy.spec.suspend === wanted.isSuspended) {
            print(terminal, [`${label} ${wanted.already}`]);
            return EXIT_CODES.done;
          }
          const owner = gitOpsOwner(policy);
          if (owner !== undefined) {
            remark(terminal, `note: ${owner} applies this policy and may undo the change: change it at its source too`);
          }
          const warning = wanted.warning(policy);
          if (flags.yes !== true && warning !== undefined) {
            remark(terminal, warning);
            await confirm(terminal, byYes);
          }
          const patch = { spec: { suspend: wanted.isSuspended } };
          const written = await client.mergePatch<KubeObject>(DISASTER_RECOVERY_POLICY, { namespace, name }, patch);
          print(terminal, [`${label} ${wanted.done}${wanted.isSuspended ? ` ${name} -n ${namespace}` : ''}`]);
          const { generation = 0 } = written.metadata;
          if (!(await isTakenIn(terminal, { client, namespace }, name, generation))) {
            remark(terminal, 'warning: no operator has taken it in yet: check that it runs; it counts from then on');
            return EXIT_CODES.unanswered;
          }
          return EXIT_CODES.done;
        }),
      ),
    );
}
