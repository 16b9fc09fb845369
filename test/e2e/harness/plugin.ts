import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ensureKubectl } from '../../control-plane/ensure-binaries.ts';
import type { PolicyScene } from './policy-scene.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const LIMIT_MILLISECONDS = 60_000;

/** How a run of the plugin ended. */
export interface PluginEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PluginRun {
  /** Sends Ctrl-C once this text is on its standard output. */
  readonly interruptAt?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The environment of a user who has the plugin, and the Node that it needs, on PATH. */
function environmentOf({ environment = {} }: PluginRun): NodeJS.ProcessEnv {
  const { KUBECONFIG: _own, AURORA_DR_AWS_ENDPOINTS: _told, NODE_OPTIONS: _jest, ...inherited } = process.env;
  const path = [join(root, 'plugin/bin'), dirname(process.execPath), inherited['PATH'] ?? ''].join(':');
  return { ...inherited, KUBERC: 'off', ...environment, PATH: path };
}

/** What a user types behind `kubectl`, as kubectl itself finds and runs it. */
export async function kubectlWithPlugin(args: readonly string[], run: PluginRun = {}): Promise<PluginEnd> {
  const child = spawn(await ensureKubectl(), args, {
    env: environmentOf(run),
    cwd: run.cwd ?? root,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MILLISECONDS,
  });
  const { interruptAt } = run;
  if (interruptAt !== undefined) {
    let seen = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const isThereAlready = seen.includes(interruptAt);
      seen += chunk.toString();
      if (!isThereAlready && seen.includes(interruptAt)) child.kill('SIGINT');
    });
  }
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

/** `kubectl aurora-dr …` in a scene's namespace. */
export function auroraDr(scene: PolicyScene, args: readonly string[], run: PluginRun = {}): Promise<PluginEnd> {
  const where = ['--kubeconfig', scene.plane.kubeconfig, '--namespace', scene.namespace];
  return kubectlWithPlugin(['aurora-dr', ...args, ...where], {
    ...run,
    environment: { ...scene.aws.environment, ...run.environment },
  });
}
