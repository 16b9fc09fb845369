import { readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { BindingsError } from './bindings-error.ts';

/**
 * The files of a source: all YAML files below a folder, otherwise the file itself.
 *
 * @throws BindingsError if there are none.
 */
export function filesOf(source: string): string[] {
  const stat = statSync(source, { throwIfNoEntry: false });
  if (stat?.isFile() === true) return [source];
  const files =
    stat?.isDirectory() === true
      ? readdirSync(source, { recursive: true, encoding: 'utf8' })
          .filter((file) => ['.yaml', '.yml'].includes(extname(file)))
          .map((file) => join(source, file))
          .toSorted()
      : [];
  if (files.length === 0) {
    throw new BindingsError(
      `cannot read schemas from ${source}: no YAML file is there; name a folder of CRDs, a YAML file or a provider package`,
    );
  }
  return files;
}
