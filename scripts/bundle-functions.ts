/**
 * Bundles the Lambda functions: one file each, minified, in a zip whose bytes depend on nothing but its content, so that
 * a function changes when its code does. `npm run bundle:functions` writes them to dist/functions/ and prints their sizes.
 *
 * The AWS SDK goes along, at the version that the tests ran with, reduced to what is called: the runtime's own is another
 * version, which changes by itself, and its many files take longer to load (`npm run measure:functions` shows both).
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, buildSync } from 'esbuild';
import { zipSync } from 'fflate';

/** The functions, by the names of their folders in lambda/. */
export const FUNCTION_NAMES = ['health-monitor', 'failover'] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

/**
 * The Lambda runtime that the bundles are made for.
 * Source: "Building Lambda functions with Node.js" in the AWS Lambda Developer Guide, table of supported runtimes.
 */
export const FUNCTION_RUNTIME = 'nodejs24.x';
/** `Handler` of the functions: the zip holds index.mjs, which exports handler. */
export const FUNCTION_HANDLER = 'index.handler';
const FILE_NAME = 'index.mjs';

/**
 * A zip travels as base64 in an object that client-side `kubectl apply` copies whole into an annotation, of which an
 * object may have 262,144 bytes altogether: 170 KiB become 232,107 bytes of base64.
 */
export const LARGEST_ZIP_BYTES = 170 * 1024;

/** The first date that a zip can tell, in the local time that fflate reads it with. */
const ZIP_DATE = new Date(1980, 0, 1);
/** -rw-r--r--, and 3 for Unix as the system that the attributes come from. */
const ZIP_ATTRIBUTES = { os: 3, attrs: 0o100_644 << 16 } as const;

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A bundled function. */
export interface FunctionBundle {
  readonly zipBase64: string;
  /** Of the zip, in hexadecimal digits. */
  readonly sha256: string;
  /** Of the zip, in bytes. */
  readonly size: number;
}

/** A function cannot be bundled as it is. */
export class BundleError extends Error {
  override name = 'BundleError';
}

/** What the functions never use of the SDK, by what stands in for it. */
const STAND_INS = { '@aws-sdk/credential-provider-node': join(root, 'lambda/bundling/no-default-credentials.ts') };

type Sdk = 'bundled' | 'runtime';

function optionsFor(name: FunctionName, sdk: Sdk) {
  return {
    absWorkingDir: root,
    entryPoints: [join('lambda', name, 'handler.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    charset: 'utf8',
    treeShaking: true,
    logLevel: 'silent',
    ...(sdk === 'bundled' ? { alias: STAND_INS } : { external: ['@aws-sdk/*', '@smithy/*'] }),
  } as const satisfies BuildOptions;
}

function textOf(name: FunctionName, files: readonly { readonly text: string }[]): string {
  const [file] = files;
  if (file === undefined) {
    throw new BundleError(`cannot bundle ${name}: esbuild wrote nothing; report this as a bug`);
  }
  return file.text;
}

/**
 * @param sdk whether the AWS SDK goes along, or is left to the runtime's
 * @returns the bundled JavaScript
 */
export async function bundleSource(name: FunctionName, sdk: Sdk = 'bundled'): Promise<string> {
  return textOf(name, (await build(optionsFor(name, sdk))).outputFiles);
}

/** A zip of one file: the same bytes for the same content, wherever and whenever. */
export function zipOf(source: string): Uint8Array {
  const content = new TextEncoder().encode(source);
  return zipSync({ [FILE_NAME]: [content, { level: 9, mtime: ZIP_DATE, ...ZIP_ATTRIBUTES }] });
}

/** @throws BundleError when the zip is larger than {@link LARGEST_ZIP_BYTES} */
export function sizedZip(name: FunctionName, source: string): Uint8Array {
  const zip = zipOf(source);
  if (zip.length > LARGEST_ZIP_BYTES) {
    throw new BundleError(
      `cannot bundle ${name}: its zip has ${zip.length} bytes, and ${LARGEST_ZIP_BYTES} are allowed; ` +
        'look for an import that brings in too much',
    );
  }
  return zip;
}

function bundleOf(name: FunctionName, source: string): FunctionBundle {
  const zip = sizedZip(name, source);
  return {
    zipBase64: Buffer.from(zip).toString('base64'),
    sha256: createHash('sha256').update(zip).digest('hex'),
    size: zip.length,
  };
}

/**
 * Bundles one function.
 *
 * @throws BundleError when its zip is too large
 */
export async function bundleFunction(name: FunctionName): Promise<FunctionBundle> {
  return bundleOf(name, await bundleSource(name));
}

/** The same for callers that cannot wait, such as constructs of the infrastructure. */
export function bundleFunctionSync(name: FunctionName): FunctionBundle {
  return bundleOf(name, textOf(name, buildSync(optionsFor(name, 'bundled')).outputFiles));
}

async function main(): Promise<void> {
  const folder = join(root, 'dist/functions');
  mkdirSync(folder, { recursive: true });
  for (const name of FUNCTION_NAMES) {
    const { zipBase64, sha256, size } = await bundleFunction(name);
    writeFileSync(join(folder, `${name}.zip`), Buffer.from(zipBase64, 'base64'));
    process.stdout.write(`dist/functions/${name}.zip  ${(size / 1024).toFixed(1)} KiB  sha256 ${sha256}\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main();
}
