import type { Command } from 'commander';
import { CONFIRM_FENCED } from '../../operator/api/v1alpha1/annotations.ts';
import type { CommandContext } from '../command-context.ts';
import { byName } from '../terminal/confirm.ts';
import { ask, withAskFlags, type AskFlags } from './ask.ts';

export function addConfirmFenced(program: Command, context: CommandContext): void {
  const command = program
    .command('confirm-fenced')
    .summary('your word that the old primary takes no writes')
    .description(
      'Confirms that the old primary of a failover takes no writes any more. With fencing.mode Required this publishes ' +
        'the new writer: if it is not true, two writers take writes, and their data go apart.',
    )
    .argument('<name>', 'name of the policy')
    .argument('<operation>', 'id of the failover, as status shows it');
  withAskFlags(command).action((name: string, operation: string, flags: AskFlags) =>
    ask(context, name, flags, ({ status }, { paint }) => {
      const from = status?.operation?.from ?? status?.splitBrain?.region ?? 'the old primary';
      return {
        wish: { action: 'confirm-fenced', value: operation, annotations: { [CONFIRM_FENCED]: operation } },
        preview: [
          paint.bold(`You vouch that the old primary in ${from} takes no writes (${operation}).`),
          '  Sure signs: its security group admits nobody; its instances are stopped; RDS shows it as a secondary.',
          '  If it is not true, two writers take writes, and their data go apart.',
          '',
        ],
        question: byName(name),
      };
    }),
  );
}
