import type { Command } from 'commander';
import { ACCEPT_DATA_LOSS, AFFIRMATIVE, FORCE_FAILOVER, FORCE_TYPE } from '../../operator/api/v1alpha1/annotations.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { PluginError } from '../plugin-error.ts';
import { byName } from '../terminal/confirm.ts';
import { planLines } from '../views/plan-text.ts';
import { ask, withAskFlags, type AskFlags } from './ask.ts';
import { namedRegion } from './named-region.ts';

interface FailoverFlags extends AskFlags {
  readonly acceptDataLoss?: boolean;
  readonly auto?: boolean;
}

/** Nobody who is asked by name has to say twice that writes may be lost; a script has to say so once. */
function checkAcceptance({ yes, acceptDataLoss, auto }: FailoverFlags): void {
  if (yes === true && acceptDataLoss !== true && auto !== true) {
    throw new PluginError(
      'cannot fail over without a word about the loss: what was not replicated is lost; add --accept-data-loss, or use switchover',
      EXIT_CODES.usage,
    );
  }
}

export function addFailover(program: Command, context: CommandContext): void {
  const command = program
    .command('failover')
    .summary('promote another region without the old primary; may lose the newest writes')
    .description(
      'Asks for a failover: another region is promoted without the help of the old primary, and what was not replicated ' +
        'is lost. For a primary that is well, use switchover. It works whatever mode, quorum, cooldown and suspend say; ' +
        'never during another operation, and never towards a region that AWS would refuse.',
    )
    .argument('<name>', 'name of the policy')
    .argument('[region]', 'the region to promote; the best candidate without it')
    .option('--accept-data-loss', 'what was not replicated may be lost; needed with --yes')
    .option(
      '--auto',
      'let the signals decide: a switchover where all direct signals pass, a failover (only with --accept-data-loss) where a quorum fails',
    );
  withAskFlags(command).action((name: string, region: string | undefined, flags: FailoverFlags) =>
    ask(context, name, flags, (policy, style, now) => {
      checkAcceptance(flags);
      const target = namedRegion(policy, region);
      const isAuto = flags.auto === true;
      // Typing the name below a plan that says what is lost is the acceptance.
      const isAccepted = flags.acceptDataLoss === true || !isAuto;
      return {
        wish: {
          action: 'force-failover',
          value: target,
          annotations: {
            [FORCE_FAILOVER]: target,
            [FORCE_TYPE]: isAuto ? 'Auto' : 'Failover',
            ...(isAccepted ? { [ACCEPT_DATA_LOSS]: AFFIRMATIVE } : {}),
          },
        },
        preview: planLines({ policy, type: isAuto ? 'either' : 'Failover', target, now }, style),
        question: byName(name),
      };
    }),
  );
}
