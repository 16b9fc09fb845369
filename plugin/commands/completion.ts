import { parseArgs } from 'node:util';
import tab, { script, type ArgumentHandler, type RootCommand } from '@bomb.sh/tab';
import addTabTo from '@bomb.sh/tab/commander';
import { Argument, type Command } from 'commander';
import { ANY_REGION } from '../../operator/api/v1alpha1/annotations.ts';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { withCluster, type ClusterFlags } from '../cluster/connect.ts';
import { listPolicies } from '../cluster/policies.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT_CODES } from '../exit-codes.ts';

/** The plugin's file, which is also how a shell can call it. */
const EXECUTABLE = 'kubectl-aurora_dr';
/** Whoever presses the tabulator does not wait for longer. */
const PATIENCE_MILLISECONDS = 2_000;

/** The command that people see: it prints a script. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .summary('completion for bash, zsh or fish')
    .description(
      `Prints the script that completes ${EXECUTABLE} in a shell. kubectl's own completion completes \`kubectl aurora-dr\` ` +
        'without it, as soon as kubectl_complete-aurora_dr is on PATH beside the plugin.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .action((shell: string) => {
      script(shell, EXECUTABLE, EXECUTABLE);
    });
}

/**
 * The command that shells and kubectl call.
 *
 * @param visibleProgram the command line anew, without this command: what is completed is read off its definitions
 */
export function addComplete(program: Command, context: CommandContext, visibleProgram: () => Command): void {
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action((words: readonly string[]) =>
      context.run(async () => {
        complete(visibleProgram(), words, await policiesFor(words, context));
        return EXIT_CODES.done;
      }),
    );
}

/** What is in the cluster that the words so far name; nothing when it does not answer at once. */
async function policiesFor(
  words: readonly string[],
  { terminal }: CommandContext,
): Promise<readonly DisasterRecoveryPolicy[]> {
  const { values } = parseArgs({
    args: [...words],
    strict: false,
    options: {
      namespace: { type: 'string', short: 'n' },
      context: { type: 'string' },
      kubeconfig: { type: 'string' },
    },
  });
  const named = Object.entries(values).filter(([, value]) => typeof value === 'string' && value !== '');
  const flags = Object.fromEntries(named) as ClusterFlags;
  return withCluster(
    { ...flags, timeoutMilliseconds: PATIENCE_MILLISECONDS },
    terminal.clock,
    ({ client, namespace }) => listPolicies(client, namespace),
  ).catch(() => []);
}

function complete(program: Command, words: readonly string[], policies: readonly DisasterRecoveryPolicy[]): void {
  for (const command of program.commands) {
    command.description(command.summary());
  }
  const root: RootCommand = addTabTo(program);
  // Its own commands: they are for scripts.
  root.commands.delete('complete');
  const [, name] = words.filter((word) => !word.startsWith('-'));
  const handlers = handlersFor(
    policies,
    policies.find(({ metadata }) => metadata.name === name),
  );
  for (const command of root.commands.values()) {
    for (const argument of command.arguments.values()) {
      const handler = handlers[argument.name];
      if (handler !== undefined) argument.handler ??= handler;
    }
  }
  tab.parse([...words]);
}

/** What an argument can be, by its name in the definitions. */
function handlersFor(
  policies: readonly DisasterRecoveryPolicy[],
  policy: DisasterRecoveryPolicy | undefined,
): Readonly<Record<string, ArgumentHandler>> {
  const chosen = policy === undefined ? policies : [policy];
  const operations = chosen.flatMap(({ status }) => [
    ...(status?.operation === undefined ? [] : [{ ...status.operation, outcome: 'in flight' }]),
    ...(status?.history ?? []),
  ]);
  return {
    name: (offer) => {
      for (const { metadata, status } of policies) {
        offer(metadata.name, `${status?.phase ?? 'Pending'}, ${status?.primaryRegion ?? 'no primary'}`);
      }
    },
    region: (offer) => {
      for (const { name, promotion } of chosen.flatMap(({ spec }) => spec.regions)) offer(name, promotion);
      offer(ANY_REGION, 'the best candidate');
    },
    operation: (offer) => {
      for (const { id, type, from, to, outcome } of operations) offer(id, `${type} ${from} → ${to} ${outcome}`);
    },
  };
}
