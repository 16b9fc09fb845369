import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ManagedKind } from '../../cdk8s/managed/managed-resource.ts';
import { managedKindOf } from './manifest.ts';

const imports = join(import.meta.dirname, '..', '..', 'cdk8s', 'imports');

function isManagedKind(value: unknown): value is ManagedKind {
  return typeof value === 'function' && 'isTaggable' in value;
}

const modules = readdirSync(imports)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => import(pathToFileURL(join(imports, file)).href) as Promise<Record<string, unknown>>);

/** Kinds that AWS can tag, as the schemas say: those whose parameters have tags. */
export const TAGGABLE_KINDS: ReadonlySet<string> = new Set(
  (await Promise.all(modules))
    .flatMap((exported) => Object.values(exported))
    .filter(isManagedKind)
    .filter(({ isTaggable }) => isTaggable)
    .map(({ kind, apiVersions }) => managedKindOf({ apiVersion: apiVersions.cluster, kind }) ?? ''),
);
