import type { Command } from 'commander';
import { AFFIRMATIVE, FAILBACK } from '../../operator/api/v1alpha1/annotations.ts';
import type { CommandContext } from '../command-context.ts';
import { byName } from '../terminal/confirm.ts';
import { planLines } from '../views/plan-text.ts';
import { ask, withAskFlags, type AskFlags } from './ask.ts';

export function addFailback(program: Command, context: CommandContext): void {
  const command = program
    .command('failback')
    .summary('bring the writer back to the preferred region, without loss')
    .description(
      'Asks for a failback: a switchover to the region that the policy prefers, at once, whatever windows and cooldown say. ' +
        "Refused while that region's lag is above objectives.recoveryPoint.",
    )
    .argument('<name>', 'name of the policy');
  withAskFlags(command).action((name: string, flags: AskFlags) =>
    ask(context, name, flags, (policy, style, now) => {
      const { regions } = policy.spec;
      const home = regions.find(({ promotion }) => promotion === 'Prefer') ?? regions[0];
      return {
        wish: { action: 'failback', value: AFFIRMATIVE, annotations: { [FAILBACK]: AFFIRMATIVE } },
        preview: planLines({ policy, type: 'Switchover', target: home?.name ?? '', now }, style),
        question: byName(name),
      };
    }),
  );
}
