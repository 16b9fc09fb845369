import type { Command } from 'commander';
import { withCluster } from '../cluster/connect.ts';
import { getPolicy, listPolicies } from '../cluster/policies.ts';
import type { CommandContext } from '../command-context.ts';
import { withClusterFlags, withOutputFlag, type ClusterFlags, type OutputFlags } from '../command-flags.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { printData } from '../terminal/print-data.ts';
import { outPaint, print, remark, widthOf } from '../terminal/terminal.ts';
import { historyLines, historyRows } from '../views/history-view.ts';

interface HistoryFlags extends ClusterFlags, OutputFlags {
  readonly allNamespaces?: boolean;
}

export function addHistory(program: Command, { terminal, run }: CommandContext): void {
  const command = program
    .command('history')
    .summary('failovers, switchovers and simulations that ended')
    .description(
      'Shows what status.history keeps, newest first: the newest ten of each policy. `report` makes an incident report of one.',
    )
    .argument('[name]', 'name of the policy; all of the namespace without it')
    .option('-A, --all-namespaces', 'the policies of all namespaces');
  withOutputFlag(withClusterFlags(command)).action((name: string | undefined, flags: HistoryFlags) =>
    run(() =>
      withCluster(flags, terminal.clock, async ({ client, namespace }) => {
        const isEverywhere = flags.allNamespaces === true;
        const policies =
          name === undefined
            ? await listPolicies(client, isEverywhere ? undefined : namespace)
            : [await getPolicy(client, namespace, name)];
        const rows = historyRows(policies);
        if (flags.output !== undefined) {
          const items = rows.map(({ namespace: place, policy, entry }) => ({ namespace: place, policy, ...entry }));
          printData(terminal, flags.output, { items });
        } else if (rows.length === 0) {
          remark(terminal, 'nothing has ended yet');
        } else {
          const style = { paint: outPaint(terminal), width: widthOf(terminal.stdout) };
          print(terminal, historyLines(rows, { namespace: isEverywhere, policy: name === undefined }, style));
        }
        return EXIT_CODES.done;
      }),
    ),
  );
}
