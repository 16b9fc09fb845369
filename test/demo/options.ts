import { parseArgs } from 'node:util';

/** What the command line asks of the demo. */
export interface DemoOptions {
  /** Print the result as one JSON document on standard output; what a person follows goes to standard error. */
  readonly isJson: boolean;
  /** Leave everything running at the end, until Ctrl-C. */
  readonly isKept: boolean;
  /** Show the loss of a region on two real databases under load instead. */
  readonly isOnDatabases: boolean;
  readonly isHelpWanted: boolean;
}

export const usage = `Shows the operator on a real API server and a local AWS: a region is lost, the operator fails over, publishes the
new writer and writes down what happened; then kubectl annotate switches back. Everything is started, checked and
stopped by this command.

usage: npm run demo [-- --json] [-- --keep | --database]   (or: node test/demo/main.ts [--json] [--keep | --database])

  --json      print checks, timeline and measurements as JSON on standard output; the rest goes to standard error
  --keep      leave everything running at the end and print commands to try; Ctrl-C stops it
  --database  play the loss on two real MariaDB servers behind the local AWS, under a payments service, and judge it by
              the data; MariaDB is installed by apt-get where that is allowed, otherwise the line that does it is printed
  --help      print this text

Exit codes: 0 every check passed; 1 a check failed or the demo could not be set up; 130 interrupted.

environment: AURORA_DR_TEST_KUBECONFIG  use this test cluster instead of a control plane of the demo's own
             KUBEBUILDER_ASSETS         folder with etcd, kube-apiserver and kubectl; otherwise they are built once
             NO_COLOR                   no colours on a terminal
`;

/**
 * Reads the command line.
 *
 * @throws TypeError (of parseArgs) that names what it does not know
 */
export function parseOptions(argv: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      database: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { json: isJson, keep: isKept, database: isOnDatabases, help: isHelpWanted } = values;
  if (isKept && isOnDatabases) throw new TypeError('cannot keep the databases: use --keep without --database');
  return { isJson, isKept, isOnDatabases, isHelpWanted };
}
