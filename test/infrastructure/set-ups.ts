import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Configuration } from '../../cdk8s/configuration/configuration.ts';
import { createConfiguration } from '../../cdk8s/configuration/configuration.ts';
import type { ConfigurationInput } from '../../cdk8s/configuration/schema.ts';
import { createInfrastructure, manifestFiles } from '../../cdk8s/infrastructure.ts';
import type { Manifest } from './manifest.ts';

const examples = join(import.meta.dirname, '..', '..', 'cdk8s', 'examples');

/** A configuration and all that is made of it. */
export interface SetUp {
  readonly title: string;
  readonly configuration: Configuration;
  readonly manifests: readonly Manifest[];
}

function setUpOf(title: string, input: ConfigurationInput): SetUp {
  const configuration = createConfiguration(input);
  const files = manifestFiles(createInfrastructure(configuration));
  return { title, configuration, manifests: files.flatMap(({ manifests }) => manifests as readonly Manifest[]) };
}

/** Every example, in both scopes. */
export const SET_UPS: readonly SetUp[] = readdirSync(examples).flatMap((file) => {
  const input = parse(readFileSync(join(examples, file), 'utf8')) as ConfigurationInput;
  return (['namespaced', 'cluster'] as const).map((scope) => setUpOf(`${file}, ${scope}`, { ...input, scope }));
});
