import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { BindingsError } from './bindings-error.ts';
import type { CustomResourceDefinition } from './custom-resource-definition.ts';

const MAX_PACKAGE_BYTES = 1024 * 1024 * 1024;

/** @returns what tar finds, or undefined */
function fromTar(archive: Buffer, entry: string): Buffer | undefined {
  // GNU and BSD tar both tell compression by themselves only for files: say it.
  const isGzipped = archive[0] === 0x1f && archive[1] === 0x8b;
  const args = [isGzipped ? '-xzOf' : '-xOf', '-', entry];
  const { status, stdout } = spawnSync('tar', args, { input: archive, maxBuffer: MAX_PACKAGE_BYTES });
  return status === 0 ? stdout : undefined;
}

/** `package.yaml` of a provider package: at the root of an exported file system, or in a layer of an image. */
function packageYaml(file: string): string {
  const archive = readFileSync(file);
  const direct = fromTar(archive, 'package.yaml');
  if (direct !== undefined) return direct.toString('utf8');
  const listed = spawnSync('tar', ['-tf', file], { encoding: 'utf8', maxBuffer: MAX_PACKAGE_BYTES });
  for (const entry of listed.stdout.split('\n').filter((name) => /\.tar(\.gz)?$|^blobs\/.*[^/]$/.test(name))) {
    const layer = fromTar(archive, entry);
    const text = layer && fromTar(layer, 'package.yaml');
    if (text !== undefined) return text.toString('utf8');
  }
  throw new BindingsError(
    `cannot read schemas from ${file}: it holds no package.yaml; give the tar that \`crane export IMAGE\` writes`,
  );
}

/**
 * The CustomResourceDefinitions in a YAML file or a provider package; documents of other kinds are left out.
 *
 * @throws BindingsError if the file is neither.
 */
export function readSchemas(file: string): CustomResourceDefinition[] {
  const isYaml = ['.yaml', '.yml'].includes(extname(file));
  const text = isYaml ? readFileSync(file, 'utf8') : packageYaml(file);
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error) throw new BindingsError(`cannot read schemas from ${file}: it is not YAML`, { cause: error });
    const value = document.toJS() as { kind?: unknown } | null;
    return value?.kind === 'CustomResourceDefinition' ? [value as CustomResourceDefinition] : [];
  });
}
