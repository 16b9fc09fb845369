/**
 * Generates typed bindings of Crossplane's AWS kinds, one file a service, into cdk8s/imports/ (not under version control):
 * one class a kind, for both scopes, whose `forProvider` has to be the same (that is checked).
 *
 *     node scripts/generate-bindings.ts                     from cdk8s/schemas/; nothing is done if it was done for these
 *     node scripts/generate-bindings.ts --adopt PATH …      first puts the CRDs of a release in place of those in cdk8s/schemas/
 *     node scripts/generate-bindings.ts --from PATH …       from elsewhere, to look at; the next npm script generates anew
 *
 * PATH is a folder with CRDs anywhere below it (a checkout of the provider has them in package/crds/), a file of YAML
 * documents, or a provider package: the tar that `crane export IMAGE` or `crossplane xpkg` writes. A package holds one
 * family (EC2, RDS, …): name one PATH for each. Nothing is downloaded.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { CustomResourceDefinition } from './bindings/custom-resource-definition.ts';
import { filesOf } from './bindings/files-of.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const schemas = join(root, 'cdk8s', 'schemas');
const imports = join(root, 'cdk8s', 'imports');
const stamp = join(imports, '.generated-from');

/** What decides the output: the files that are read, and the generator itself. */
function fingerprint(files: readonly string[]): string {
  const folder = join(root, 'scripts', 'bindings');
  const generator = readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => join(folder, file));
  const hash = createHash('sha256');
  for (const file of [...generator, ...files])
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}

/** The CRDs in all files. */
async function readAll(from: readonly string[]): Promise<CustomResourceDefinition[]> {
  const { readSchemas } = await import('./bindings/read-schemas.ts');
  return from.flatMap(readSchemas);
}

const path = { type: 'string', multiple: true } as const;
const { values } = parseArgs({ options: { from: path, adopt: path } });
if (values.adopt !== undefined) {
  const { adoptSchemas } = await import('./bindings/adopt-schemas.ts');
  const { adopted, unused } = adoptSchemas(schemas, await readAll(values.adopt.flatMap(filesOf)));
  process.stderr.write(`adopted ${String(adopted.length)} schemas; ${String(unused)} other kinds are not in use\n`);
}
const files = (values.from ?? [schemas]).flatMap(filesOf);
const wanted = fingerprint(files);
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  // Loaded only now: this runs before every npm script, where nothing is mostly what there is to do.
  const { emitBindings } = await import('./bindings/emit-bindings.ts');
  const bindings = emitBindings(await readAll(files));
  mkdirSync(imports, { recursive: true });
  const stale = readdirSync(imports).filter((file) => !bindings.some((binding) => binding.file === file));
  for (const file of stale) rmSync(join(imports, file));
  for (const { file, text } of bindings) writeFileSync(join(imports, file), text);
  writeFileSync(stamp, wanted);
  process.stderr.write(`generated ${String(bindings.length)} files of bindings in cdk8s/imports/\n`);
}
