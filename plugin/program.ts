import { Command } from 'commander';
import { operatorVersion } from '../operator/config.ts';
import type { CommandContext } from './command-context.ts';
import { addAcknowledge } from './commands/acknowledge.ts';
import { addCheck } from './commands/check.ts';
import { addComplete, addCompletion } from './commands/completion.ts';
import { addConfirmFenced } from './commands/confirm-fenced.ts';
import { addDrill } from './commands/drill.ts';
import { addFailback } from './commands/failback.ts';
import { addFailover } from './commands/failover.ts';
import { addHistory } from './commands/history.ts';
import { addReport } from './commands/report.ts';
import { addStatus } from './commands/status.ts';
import { addResume, addSuspend } from './commands/suspend.ts';
import { addSwitchover } from './commands/switchover.ts';
import { EXIT_CODE_MEANINGS, EXIT_CODES } from './exit-codes.ts';

/** As users type it. */
export const PROGRAM_NAME = 'kubectl aurora-dr';

/** In the order of --help and of the reference. */
const COMMANDS = [
  addStatus,
  addCheck,
  addHistory,
  addReport,
  addFailover,
  addSwitchover,
  addFailback,
  addDrill,
  addAcknowledge,
  addConfirmFenced,
  addSuspend,
  addResume,
] as const;

/** The exit codes as rows of a text. */
function exitCodeHelp(): string {
  const rows = Object.entries(EXIT_CODES).map(([name, code]) => {
    const meaning = EXIT_CODE_MEANINGS[name as keyof typeof EXIT_CODES];
    return `  ${String(code).padStart(3)}  ${meaning.replaceAll('`', '')}`;
  });
  return ['', 'Exit codes:', ...rows].join('\n');
}

/** The whole command line. */
export function buildProgram(context: CommandContext): Command {
  const program = visibleProgram(context);
  addComplete(program, context, () => visibleProgram(context));
  return program;
}

/** What people see of the command line: the reference documentation is generated from it too. */
export function visibleProgram(context: CommandContext): Command {
  const { stdout, stderr } = context.terminal;
  const program = new Command(PROGRAM_NAME)
    .description('Looks after Aurora global databases under the Aurora DR Operator: see, ask, follow, report.')
    .version(operatorVersion, '--version', 'print the version')
    .helpCommand('help [command]', 'print the help of a command')
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
    })
    .addHelpText('after', exitCodeHelp())
    .exitOverride();
  for (const add of COMMANDS) {
    add(program, context);
  }
  addCompletion(program);
  return program;
}
