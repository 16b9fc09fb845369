import { Option, type Command } from 'commander';
import { isDuration, parseDuration } from '../operator/api/v1alpha1/duration.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { PluginError } from './plugin-error.ts';
import type { ClusterFlags } from './cluster/connect.ts';

export type { ClusterFlags };

/** How a result is printed: for people, or for programs. */
export type OutputFormat = 'json' | 'yaml';

export interface OutputFlags {
  readonly output?: OutputFormat;
}

/** kubectl's own flags, with kubectl's meanings. */
export function withClusterFlags(command: Command): Command {
  return command
    .option('-n, --namespace <name>', "the policy's namespace (default: that of the kubeconfig's context)")
    .option('--context <name>', "which of the kubeconfig's contexts to use")
    .option('--kubeconfig <file>', 'the kubeconfig to use (default: KUBECONFIG, ~/.kube/config)');
}

export function withOutputFlag(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'print data instead of text').choices([
      'json',
      'yaml',
    ] satisfies OutputFormat[]),
  );
}

/** A flag's duration in milliseconds. */
export function durationFlag(flag: string): (text: string) => number {
  return (text) => {
    if (!isDuration(text)) {
      throw new PluginError(
        `cannot use ${flag} ${text}: it is not a duration; write it like 90s, 5m or 1h30m`,
        EXIT_CODES.usage,
      );
    }
    return parseDuration(text);
  };
}
