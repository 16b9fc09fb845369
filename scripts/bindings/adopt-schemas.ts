import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { BindingsError } from './bindings-error.ts';
import type { CustomResourceDefinition } from './custom-resource-definition.ts';

/** Written like the releases are, so that a comparison shows what is new and nothing else. */
const AS_THE_RELEASES = { indentSeq: false, singleQuote: true, lineWidth: 80 };

/** What became of the schemas of a release. */
export interface Adoption {
  /** Files that say now what the release says. */
  readonly adopted: readonly string[];
  /** Kinds of the release that are not in use here: how many. */
  readonly unused: number;
}

/**
 * Puts the CRDs of a release in place of those that are in use: files `{namespaced,cluster}/{group}_{plural}.yaml` below the
 * folder. Kinds without such a file are left out.
 *
 * @throws BindingsError if no kind of the release is in use.
 */
export function adoptSchemas(folder: string, definitions: readonly CustomResourceDefinition[]): Adoption {
  const adopted = definitions.flatMap((definition) => {
    const { group, names } = definition.spec;
    // Namespaced ones also have a kind that is not: ClusterProviderConfig.
    const file = join(group.includes('.m.') ? 'namespaced' : 'cluster', `${group}_${names.plural}.yaml`);
    if (!existsSync(join(folder, file))) return [];
    writeFileSync(join(folder, file), stringify(definition, AS_THE_RELEASES));
    return [file];
  });
  if (adopted.length === 0) {
    throw new BindingsError(
      `cannot adopt schemas: none of the ${String(definitions.length)} CRDs is in use; to begin with a kind, put its file into ${folder} by hand`,
    );
  }
  return { adopted, unused: definitions.length - adopted.length };
}
