import { Option, type Command } from 'commander';
import { DRILL, DRILL_MODES } from '../../operator/api/v1alpha1/annotations.ts';
import type { CommandContext } from '../command-context.ts';
import { byName } from '../terminal/confirm.ts';
import { planLines } from '../views/plan-text.ts';
import { ask, withAskFlags, type AskFlags } from './ask.ts';

interface DrillFlags extends AskFlags {
  readonly mode: (typeof DRILL_MODES)[number];
}

export function addDrill(program: Command, context: CommandContext): void {
  const command = program
    .command('drill')
    .summary('rehearse: would a failover find all that it needs?')
    .description(
      'Asks for a drill. Simulate: the operator checks on one round all that a failover would need, and calls nothing. ' +
        'Switchover: the writer goes to the region that a failover would choose, and comes home, by two switchovers.',
    )
    .argument('<name>', 'name of the policy')
    .addOption(
      new Option('--mode <mode>', 'what to do').choices(DRILL_MODES).default('Simulate' satisfies DrillFlags['mode']),
    );
  withAskFlags(command).action((name: string, flags: DrillFlags) =>
    ask(context, name, flags, (policy, style, now) => ({
      wish: { action: 'drill', value: flags.mode, annotations: { [DRILL]: flags.mode } },
      preview: [
        ...planLines({ policy, type: 'Switchover', target: 'any', now }, style).slice(0, -1),
        '  then   home again, as soon as that is safe',
        '',
      ],
      ...(flags.mode === 'Simulate' ? {} : { question: byName(name) }),
    })),
  );
}
