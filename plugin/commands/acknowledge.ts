import type { Command } from 'commander';
import { ACKNOWLEDGE } from '../../operator/api/v1alpha1/annotations.ts';
import type { DisasterRecoveryPolicy, HistoryEntry } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { CommandContext } from '../command-context.ts';
import { PluginError } from '../plugin-error.ts';
import { byYes } from '../terminal/confirm.ts';
import { lossText, routeText, triggerText } from '../views/operation-text.ts';
import { dateText } from '../views/time-text.ts';
import { ask, withAskFlags, type AskFlags } from './ask.ts';

/** @throws PluginError when nothing has ended yet, so that there is nothing to acknowledge */
function newestOf({ metadata, status }: DisasterRecoveryPolicy): HistoryEntry {
  const newest = status?.history?.find(({ type }) => type !== 'Simulation');
  if (newest === undefined) {
    throw new PluginError(`cannot acknowledge: status.history of ${metadata.name} names no operation`);
  }
  return newest;
}

function previewOf(entry: HistoryEntry, { status }: DisasterRecoveryPolicy): string[] {
  return [
    `${entry.type} ${routeText(entry)} ${entry.outcome}, ${triggerText(entry)}: ${entry.id}`,
    `  ended    ${dateText(entry.completedAt)}`,
    `  loss     ${lossText(entry)}`,
    `  cooldown ${status?.cooldownUntil === undefined ? 'none' : `until ${dateText(status.cooldownUntil)}: ends now, and automation may act again`}`,
    '',
  ];
}

export function addAcknowledge(program: Command, context: CommandContext): void {
  const command = program
    .command('acknowledge')
    .summary('end the cooldown after an operation: automation may act again')
    .description(
      'Says that you have seen what an operation did, and ends the cooldown that followed it. Without OPERATION the ' +
        'newest one is shown, and you are asked.',
    )
    .argument('<name>', 'name of the policy')
    .argument('[operation]', 'id of the operation, as history shows it');
  withAskFlags(command).action((name: string, operation: string | undefined, flags: AskFlags) =>
    ask(context, name, flags, (policy) => {
      const newest = operation === undefined ? newestOf(policy) : undefined;
      const id = operation ?? newest?.id ?? '';
      return {
        wish: { action: 'acknowledge', value: id, annotations: { [ACKNOWLEDGE]: id } },
        preview: newest === undefined ? [] : previewOf(newest, policy),
        // Who names the operation has seen it.
        ...(newest === undefined ? {} : { question: byYes }),
      };
    }),
  );
}
