/**
 * Carries out the Dockerfile without an engine: every step of every stage, `npm ci` included, and leaves what the image adds
 * to its base in dist/rootfs/. `npm run image:rootfs`.
 */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildContainer } from './dockerfile.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const output = join(root, 'dist/rootfs');

rmSync(output, { recursive: true, force: true });
const container = buildContainer({ dockerfile: join(root, 'Dockerfile'), context: root, output });
process.stdout.write(`${JSON.stringify(container, undefined, 2)}\n`);
