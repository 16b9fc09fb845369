/**
 * Bundles the kubectl plugin into one file, dist/kubectl-aurora_dr.mjs: Node does not strip the types of what is installed
 * as a package, and a file starts faster than many. `npm pack` runs it, and puts it into the package.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where the launchers in plugin/bin/ look for it. It reads ../package.json, as the sources do. */
export const PLUGIN_BUNDLE = 'dist/kubectl-aurora_dr.mjs';

/** What CommonJS packages expect of the module that they end up in. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** @returns the size of the bundle, in bytes */
export async function bundlePlugin(outfile = join(root, PLUGIN_BUNDLE)): Promise<number> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['plugin/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: true,
    legalComments: 'eof',
    charset: 'utf8',
    banner: { js: REQUIRE },
    metafile: true,
    logLevel: 'warning',
  });
  return Object.values(metafile.outputs).reduce((sum, { bytes }) => sum + bytes, 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const bytes = await bundlePlugin();
  process.stdout.write(`${PLUGIN_BUNDLE}  ${(bytes / 1024 / 1024).toFixed(1)} MiB\n`);
}
