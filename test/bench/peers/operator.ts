import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildImageTree } from '../../../scripts/image/build-tree.ts';
import { readStages } from '../../../scripts/image/dockerfile.ts';
import { PeerProcess } from './peer-process.ts';
import { commonFlags } from './common-flags.ts';
import type { Peer, PeerOptions } from './peer.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** What the image holds of this repository. */
const TREE = join(root, 'dist/bench/operator');

/** What the image runs: flags of Node, then the bundle in its tree. */
function entryPoint(): readonly string[] {
  const container = readStages(readFileSync(join(root, 'Dockerfile'), 'utf8')).at(-1);
  const text = container?.instructions.find(({ name }) => name === 'ENTRYPOINT')?.text ?? '[]';
  const [, ...args] = JSON.parse(text) as string[];
  return args;
}

/** This repository's operator, as its image runs it. */
export const operator: Peer = {
  name: 'operator',
  scope: 'everything that the policies ask for',
  async prepare() {
    await buildImageTree(TREE);
  },
  start(options) {
    const { environment, variables, watchdog, lease } = options;
    return PeerProcess.start({
      command: process.execPath,
      args: [...entryPoint(), ...operatorFlags(options)],
      workingDirectory: TREE,
      environment: { ...environment, NODE_ENV: 'production', ...variables },
      watchdog,
      hasLease: lease !== undefined,
      onLine: options.onLine,
    });
  },
};

/** The operator's command line for these options. */
export function operatorFlags(options: PeerOptions): readonly string[] {
  return [
    ...['--bind-address', '127.0.0.1'],
    ...['--metrics-port', '0'],
    ...['--health-port', '0'],
    ...commonFlags(options, ['--leader-elect', '--leader-election-namespace']),
  ];
}
