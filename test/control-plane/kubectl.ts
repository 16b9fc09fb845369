import { execFile } from 'node:child_process';
import { ControlPlaneError } from './control-plane-error.ts';
import { ensureKubectl } from './ensure-binaries.ts';

export interface KubectlOptions {
  /** Text for its standard input, for `-f -`. */
  readonly input?: string;
  /**
   * Folder for what kubectl remembers of a server. It goes by address, which a later server may get: give each its own.
   */
  readonly cacheDirectory: string;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** @default 60000 */
  readonly timeoutMs?: number;
}

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/**
 * Runs kubectl with exactly this kubeconfig and gives its standard output.
 *
 * @throws ControlPlaneError if it ends with a failure; the message carries what it wrote to stderr.
 */
export async function runKubectl(
  kubeconfig: string,
  args: readonly string[],
  options: KubectlOptions,
): Promise<string> {
  const { KUBECONFIG: _notOurs, ...env } = options.env ?? process.env;
  const program = await findKubectl(options.env ?? process.env);
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      ['--kubeconfig', kubeconfig, '--cache-dir', options.cacheDirectory, ...args],
      {
        // The user's own kubectl preferences would change what the tests see.
        env: { ...env, KUBERC: 'off' },
        timeout: options.timeoutMs ?? 60_000,
        maxBuffer: MAX_OUTPUT_BYTES,
      },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve(stdout);
          return;
        }
        const why = stderr.trim() || error.message;
        reject(new ControlPlaneError(`cannot run "kubectl ${args.join(' ')}": ${why}`, { cause: error }));
      },
    );
    // A kubectl that ends before it has read everything says why on stderr.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

const found = new Map<string, Promise<string>>();

/** The search runs kubectl, which takes a while: once for each set of places is enough. */
function findKubectl(env: NodeJS.ProcessEnv): Promise<string> {
  const key = `${env['KUBEBUILDER_ASSETS'] ?? ''}\n${env['PATH'] ?? ''}`;
  let search = found.get(key);
  if (search === undefined) {
    search = ensureKubectl({ env });
    found.set(key, search);
    search.catch(() => found.delete(key));
  }
  return search;
}
