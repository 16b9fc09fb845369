/**
 * `npm run synth -- --config FILE [--out DIR]`: the manifests of a configuration, one file a chart. The folder is emptied of
 * earlier manifests first, so that nothing stays that the configuration no longer asks for.
 */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { ConfigurationError } from './configuration/configuration-error.ts';
import { loadConfiguration } from './configuration/load-configuration.ts';
import { gitopsFiles } from './gitops/gitops-files.ts';
import type { ManifestFile } from './infrastructure.ts';
import { createInfrastructure, manifestFiles } from './infrastructure.ts';

const USAGE = `npm run synth -- --config FILE [--out DIR] [--observed FILE]
  --config FILE    the configuration, YAML or JSON; examples are in cdk8s/examples/
  --out DIR        where the manifests go (default dist/infrastructure)
  --observed FILE  what \`kubectl get vpcendpoints,clusters.rds.aws.m.upbound.io -A -o json\` said (cluster-scoped resources:
                   clusters.rds.aws.upbound.io): functions then use the endpoints of other regions, and DNS names the clusters
`;

/** Names that this command gives: `20-network.yaml`, `argocd/root.yaml`. */
const OWN_FILE = /^(\d\d-[a-z]+|argocd\/(applications|argocd-cm|root))\.yaml$/;

function toYaml(manifests: readonly object[]): string {
  return manifests.map((manifest) => stringify(manifest, { lineWidth: 0 })).join('---\n');
}

function writeManifests(folder: string, files: readonly ManifestFile[]): void {
  mkdirSync(folder, { recursive: true });
  const earlier = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const file of earlier.filter((name) => OWN_FILE.test(name))) rmSync(join(folder, file));
  for (const { name, manifests } of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), toYaml(manifests));
  }
}

function synth(): void {
  const { values } = parseArgs({
    options: {
      config: { type: 'string' },
      out: { type: 'string', default: join('dist', 'infrastructure') },
      observed: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || values.config === undefined) {
    process.stdout.write(USAGE);
    if (!values.help) process.exitCode = 2;
    return;
  }
  const observed = values.observed === undefined ? undefined : readFileSync(values.observed, 'utf8');
  const configuration = loadConfiguration(values.config, observed);
  const charts = createInfrastructure(configuration);
  const files = [...manifestFiles(charts), ...gitopsFiles(configuration, charts)];
  writeManifests(values.out, files);
  const lines = files.map(({ name, manifests }) => `  ${name.padEnd(24)} ${String(manifests.length)} objects\n`);
  process.stdout.write(`wrote ${values.out}:\n${lines.join('')}`);
}

try {
  synth();
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  if (!isUsage && !(error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
