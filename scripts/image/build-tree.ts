/**
 * Makes what the image holds of this repository, as files in one folder: the operator and the replay bundled into one
 * file each, the bill of materials of exactly these bundles (CycloneDX), and the licences of what is in them. The same
 * sources and packages give the same bytes. `npm run image:tree` writes it to dist/image/; the Dockerfile calls it too.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const ENTRY_POINTS = ['operator/main.ts', 'operator/replay.ts'];

/** Bundled CommonJS packages call require, which an ES module has to make for itself. */
const BANNER = `import { createRequire as createRequireOfBundle } from 'node:module';
const require = createRequireOfBundle(import.meta.url);`;

/** Asked for by packages that do without: colours for a terminal. */
const OPTIONAL = ['supports-color'];

export class ImageTreeError extends Error {
  override name = 'ImageTreeError';
}

/** The parts of a CycloneDX document that notices are made from. */
interface BillOfMaterials {
  readonly components: readonly {
    readonly group?: string;
    readonly name: string;
    readonly version: string;
    readonly licenses?: readonly {
      readonly expression?: string;
      readonly license?: { readonly id?: string; readonly name?: string };
    }[];
    readonly evidence?: {
      readonly licenses?: readonly { readonly license: { readonly text?: { readonly content: string } } }[];
    };
  }[];
}

/** @returns esbuild's account of what went into the bundles */
async function bundle(output: string): Promise<string> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ENTRY_POINTS,
    outdir: output,
    outbase: '.',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    external: OPTIONAL,
    // Not minified, so that people can read a stack trace. `keepNames` would name every closure anew whenever it is made.
    legalComments: 'none',
    banner: { js: BANNER },
    metafile: true,
    logLevel: 'silent',
  });
  return JSON.stringify(metafile);
}

function writeBillOfMaterials(metafile: string, path: string): BillOfMaterials {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-dr-sbom-'));
  try {
    const metafilePath = join(folder, 'metafile.json');
    writeFileSync(metafilePath, metafile);
    const program = join(root, 'node_modules/@cyclonedx/cyclonedx-esbuild/bin/cyclonedx-esbuild-cli.js');
    const flags = ['--output-reproducible', '--gather-license-texts', '--sv', '1.6', '-o', path];
    const result = spawnSync(process.execPath, [program, ...flags, metafilePath], { cwd: root, encoding: 'utf8' });
    if (result.status !== 0) {
      throw new ImageTreeError(`cannot write the bill of materials: ${result.stderr}; run npm ci and try again`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return JSON.parse(readFileSync(path, 'utf8')) as BillOfMaterials;
}

/** The licence texts of all that is bundled, which their licences ask for. */
function noticesOf({ components }: BillOfMaterials): string {
  const sections = components.map(({ group, name, version, licenses = [], evidence }) => {
    const declared = licenses
      .map(({ expression, license }) => expression ?? license?.id ?? license?.name ?? '')
      .join(', ');
    const title = `${group === undefined ? '' : `${group}/`}${name} ${version}: ${declared}`;
    const texts = (evidence?.licenses ?? []).flatMap(({ license }) => license.text?.content ?? []);
    if (declared === '') {
      throw new ImageTreeError(`cannot write the notices: ${title} declares no licence; replace the package`);
    }
    return [title, ...texts.map((text) => Buffer.from(text, 'base64').toString('utf8').trim())].join('\n\n');
  });
  const line = `\n\n${'-'.repeat(80)}\n\n`;
  return `Aurora DR Operator contains these packages.${line}${sections.toSorted().join(line)}\n`;
}

/**
 * Writes the tree into `output`, which is emptied first.
 *
 * @throws ImageTreeError when the bill of materials cannot be made, or a package declares no licence
 */
export async function buildImageTree(output: string): Promise<void> {
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  const { name, version, description, license } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Record<string, string>;
  writeFileSync(
    join(output, 'package.json'),
    `${JSON.stringify({ name, version, description, license, private: true, type: 'module' }, undefined, 2)}\n`,
  );
  cpSync(join(root, 'LICENSE'), join(output, 'LICENSE'));
  const materials = writeBillOfMaterials(await bundle(output), join(output, 'sbom.cdx.json'));
  writeFileSync(join(output, 'THIRD-PARTY-NOTICES.txt'), noticesOf(materials));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { output: { type: 'string', default: join(root, 'dist/image/app') } } });
  await buildImageTree(resolve(values.output));
  process.stdout.write(`wrote ${values.output}\n`);
}
