import { fileURLToPath } from 'node:url';
import { ensureGoTool, type GoTool, type GoToolOptions } from '../../control-plane/go-tool.ts';
import { PeerProcess } from './peer-process.ts';
import { commonFlags } from './common-flags.ts';
import type { Peer, PeerOptions } from './peer.ts';

const program: GoTool = {
  name: 'go-controller',
  moduleDirectory: fileURLToPath(new URL('go-controller', import.meta.url)),
  module: 'sigs.k8s.io/controller-runtime',
  package: '.',
  hasOwnSources: true,
  firstBuild: '2 min',
};

/**
 * Path of the Go peer's program, built now if its sources or pins have changed since.
 *
 * @throws ControlPlaneError if Go is missing or the build fails
 */
export function ensureGoPeer(options: GoToolOptions = {}): Promise<string> {
  return ensureGoTool(program, options);
}

/**
 * A controller on controller-runtime and aws-sdk-go-v2. What it leaves out of the operator's work is told in the comment of
 * `go-controller/main.go`: it is the cheaper of the two.
 */
export const goController: Peer = {
  name: 'go-controller',
  scope: 'observation, decision, status, role changes; no fencing, publishing, events, drills, failback',
  async prepare() {
    await ensureGoPeer();
  },
  async start(options) {
    const { environment, variables, watchdog, lease } = options;
    return PeerProcess.start({
      command: await ensureGoPeer(),
      args: goControllerFlags(options),
      environment: { ...environment, ...variables },
      watchdog,
      hasLease: lease !== undefined,
      onLine: options.onLine,
    });
  },
};

/** The Go peer's command line for these options. */
export function goControllerFlags(options: PeerOptions): readonly string[] {
  return commonFlags(options, ['--lease-namespace']);
}
