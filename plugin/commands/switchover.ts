import type { Command } from 'commander';
import { ACCEPT_DATA_LOSS, AFFIRMATIVE, FORCE_FAILOVER, FORCE_TYPE } from '../../operator/api/v1alpha1/annotations.ts';
import type { CommandContext } from '../command-context.ts';
import { byName } from '../terminal/confirm.ts';
import { planLines } from '../views/plan-text.ts';
import { ask, withAskFlags, type AskFlags } from './ask.ts';
import { namedRegion } from './named-region.ts';

interface SwitchoverFlags extends AskFlags {
  readonly allowNever?: boolean;
}

export function addSwitchover(program: Command, context: CommandContext): void {
  const command = program
    .command('switchover')
    .summary('move the writer to another region, without loss')
    .description(
      'Asks for a switchover: the writer moves while both regions are well. Nothing is lost; writes rest for as long as ' +
        'AWS takes to change the roles. A switchover never becomes a failover.',
    )
    .argument('<name>', 'name of the policy')
    .argument('[region]', 'the region to move to; the best candidate without it')
    .option('--allow-never', 'go to a region with promotion: Never all the same');
  withAskFlags(command).action((name: string, region: string | undefined, flags: SwitchoverFlags) =>
    ask(context, name, flags, (policy, style, now) => {
      const target = namedRegion(policy, region);
      return {
        wish: {
          action: 'force-failover',
          value: target,
          annotations: {
            [FORCE_FAILOVER]: target,
            [FORCE_TYPE]: 'Switchover',
            // The API's word for going where the policy says Never; a switchover loses nothing with it either.
            ...(flags.allowNever === true ? { [ACCEPT_DATA_LOSS]: AFFIRMATIVE } : {}),
          },
        },
        preview: planLines({ policy, type: 'Switchover', target, now }, style),
        question: byName(name),
      };
    }),
  );
}
