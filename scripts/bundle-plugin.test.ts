import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { bundlePlugin } from './bundle-plugin.ts';

it('given nothing but Node and the package.json, the bundled plugin runs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'aurora-dr-bundle-'));
  try {
    await copyFile(fileURLToPath(new URL('../package.json', import.meta.url)), join(folder, 'package.json'));
    const file = join(folder, 'dist/kubectl-aurora_dr.mjs');
    await bundlePlugin(file);
    const run = `const { main } = await import(${JSON.stringify(pathToFileURL(file).href)}); await main(['status', '--help']);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', run], {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    expect(stdout).toContain('Usage: kubectl aurora-dr status');
  } finally {
    await rm(folder, { recursive: true });
  }
}, 60_000);
