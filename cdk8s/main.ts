/**
 * `npm run synth -- --config FILE [--out DIR]`: the manifests of a configuration, one file a chart. The folder is emptied of
 * earlier manifests first, so that nothing stays that the configuration no longer asks for. With `--teardown`, `--cost` or
 * `--diff` nothing is written but an answer.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { ConfigurationError } from './configuration/configuration-error.ts';
import type { Configuration } from './configuration/configuration.ts';
import { loadConfiguration, readObserved } from './configuration/load-configuration.ts';
import { gitopsFiles } from './gitops/gitops-files.ts';
import type { ManifestFile } from './infrastructure.ts';
import { createInfrastructure, manifestFiles } from './infrastructure.ts';
import { compareObjects, comparisonReport, isDangerous } from './operations/comparison.ts';
import type { ComparedObject } from './operations/comparison.ts';
import { costReport, estimateCost } from './operations/cost-estimate.ts';
import { COST_ASSUMPTIONS, costLines } from './operations/cost-lines.ts';
import type { PricedObject } from './operations/cost-lines.ts';
import { PriceTable } from './operations/price-table.ts';
import { teardownOf, teardownScript } from './operations/teardown.ts';
import type { TeardownFile } from './operations/teardown.ts';

const USAGE = `npm run synth -- --config FILE [--out DIR] [--observed FILE] [--teardown | --cost | --diff OTHER]
  --config FILE    the configuration, YAML or JSON; examples are in cdk8s/examples/
  --out DIR        where the manifests go (default dist/infrastructure)
  --observed FILE  what \`kubectl get vpcendpoints,clusters.rds.aws.m.upbound.io -A -o json\` said (cluster-scoped resources:
                   clusters.rds.aws.upbound.io): functions then use the endpoints of other regions, and DNS names the clusters
  --teardown       prints how to take the set-up down, as a script that runs one stage a call
  --cost           prints what the set-up costs a month at list prices
  --diff OTHER     prints what changes where OTHER is applied and FILE is to be: nothing (exit code 0), something (3),
                   something that AWS would refuse, replace or delete (4)
`;

/** Exit codes of a difference; 1 and 2 are those of mistakes. */
const DIFFERENT = 3;
const DANGEROUS = 4;

/** Names that this command gives: `20-network.yaml`, `argocd/root.yaml`. */
const OWN_FILE = /^(\d\d-[a-z]+|argocd\/(applications|argocd-cm|root))\.yaml$/;

function toYaml(manifests: readonly object[]): string {
  return manifests.map((manifest) => stringify(manifest, { lineWidth: 0 })).join('---\n');
}

/** What was made cannot be written. */
class OutputError extends Error {
  override name = 'OutputError';
}

function writeManifests(folder: string, files: readonly ManifestFile[]): void {
  try {
    replaceFiles(folder, files);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OutputError(`cannot write ${folder}: ${why}; name a folder that can be written to with --out`, {
      cause: error,
    });
  }
}

function replaceFiles(folder: string, files: readonly ManifestFile[]): void {
  mkdirSync(folder, { recursive: true });
  const earlier = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const file of earlier.filter((name) => OWN_FILE.test(name))) rmSync(join(folder, file));
  for (const { name, manifests } of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), toYaml(manifests));
  }
}

/** A configuration with everything that is made of it. */
class SetUp {
  readonly configuration: Configuration;
  readonly files: readonly ManifestFile[];
  readonly gitops: readonly ManifestFile[];

  constructor(file: string, observed: string | undefined) {
    this.configuration = loadConfiguration(file, observed);
    const charts = createInfrastructure(this.configuration);
    this.files = manifestFiles(charts);
    this.gitops = gitopsFiles(this.configuration, charts);
  }

  get all(): readonly ManifestFile[] {
    return [...this.files, ...this.gitops];
  }

  get objects(): readonly object[] {
    return this.files.flatMap(({ manifests }) => manifests);
  }
}

function writeAll(setUp: SetUp, folder: string): string {
  writeManifests(folder, setUp.all);
  const lines = setUp.all.map(({ name, manifests }) => `  ${name.padEnd(26)} ${String(manifests.length)} objects\n`);
  return `wrote ${folder}:\n${lines.join('')}`;
}

function describeTeardown({ configuration, all }: SetUp, folder: string): string {
  return teardownScript(teardownOf({ configuration, files: all as readonly TeardownFile[], folder }));
}

function describeCost({ configuration, objects }: SetUp): string {
  const table = PriceTable.read();
  const lines = costLines(configuration, objects as readonly PricedObject[], table.hoursPerMonth);
  return costReport(estimateCost(lines, table), COST_ASSUMPTIONS);
}

function describeDifference(after: SetUp, before: SetUp): string {
  const differences = compareObjects(
    before.objects as readonly ComparedObject[],
    after.objects as readonly ComparedObject[],
  );
  if (differences.length > 0) process.exitCode = differences.some(isDangerous) ? DANGEROUS : DIFFERENT;
  return comparisonReport(differences);
}

function synth(): void {
  const { values } = parseArgs({
    options: {
      config: { type: 'string' },
      out: { type: 'string', default: join('dist', 'infrastructure') },
      observed: { type: 'string' },
      teardown: { type: 'boolean', default: false },
      cost: { type: 'boolean', default: false },
      diff: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { config, out, teardown, cost, diff } = values;
  const isAmbiguous = [teardown, cost, diff !== undefined].filter(Boolean).length > 1;
  if (values.help || config === undefined || isAmbiguous) {
    process.stdout.write(USAGE);
    if (!values.help) process.exitCode = 2;
    return;
  }
  const observed = values.observed === undefined ? undefined : readObserved(values.observed);
  const setUp = new SetUp(config, observed);
  if (teardown) process.stdout.write(describeTeardown(setUp, out));
  else if (cost) process.stdout.write(describeCost(setUp));
  else if (diff !== undefined) process.stdout.write(describeDifference(setUp, new SetUp(diff, observed)));
  else process.stdout.write(writeAll(setUp, out));
}

try {
  synth();
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  if (!isUsage && !(error instanceof ConfigurationError) && !(error instanceof OutputError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
