/**
 * `npm run release -- --version 0.2.0 --chart-version 0.3.0 [--image REPOSITORY] [--dry-run]` makes a release from the
 * present commit, in a clone of its own: versions, changelog, chart, image, SBOM, provenance and checksums, into
 * dist/release/VERSION/. A dry run does all that needs no registry, and neither commits nor publishes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureHelm } from '../../test/control-plane/ensure-binaries.ts';
import { readStages } from '../image/dockerfile.ts';
import { releaseChangelog } from './changelog.ts';
import { resolveDigest } from './image-digest.ts';
import { provenanceOf } from './provenance.ts';
import { ReleaseError } from './release-error.ts';
import { assertLater, fieldOf, withChartVersions } from './versions.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const CHART = 'charts/aurora-dr-operator';

interface Options {
  readonly version: string;
  readonly chartVersion: string;
  readonly image: string | undefined;
  readonly isDryRun: boolean;
}

function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      version: { type: 'string' },
      'chart-version': { type: 'string' },
      image: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
    },
  });
  const { version, image, 'chart-version': chartVersion, 'dry-run': isDryRun } = values;
  if (version === undefined || chartVersion === undefined) {
    throw new ReleaseError('cannot release: name --version and --chart-version');
  }
  if (image === undefined && !isDryRun) {
    throw new ReleaseError('cannot release: name the repository of the image with --image, or ask for a --dry-run');
  }
  return { version, chartVersion, image, isDryRun };
}

const git = (directory: string, ...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: directory, encoding: 'utf8' }).trim();
const tell = (line: string): void => void process.stdout.write(`${line}\n`);
const sha256Of = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** A clean checkout of the present commit: what lies around uncommitted gets into no release. */
function checkOut(): string {
  const clone = mkdtempSync(join(tmpdir(), 'aurora-dr-release-'));
  git(root, 'clone', '--quiet', '--no-hardlinks', root, clone);
  git(clone, 'checkout', '--quiet', '--detach', git(root, 'rev-parse', 'HEAD'));
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  return clone;
}

/** Sets versions and changelog in the clone; gives the notes. */
function prepare(clone: string, { version, chartVersion }: Options): string {
  const read = (file: string): string => readFileSync(join(clone, file), 'utf8');
  const write = (file: string, text: string): void => writeFileSync(join(clone, file), text);
  const manifest = JSON.parse(read('package.json')) as { version: string };
  const chart = read(`${CHART}/Chart.yaml`);
  assertLater('version', manifest.version, version);
  assertLater('chart', fieldOf(chart, 'version'), chartVersion);
  for (const file of ['package.json', 'package-lock.json']) {
    const content = JSON.parse(read(file)) as { version: string; packages?: Record<string, { version: string }> };
    content.version = version;
    if (content.packages?.[''] !== undefined) content.packages[''].version = version;
    write(file, `${JSON.stringify(content, undefined, 2)}\n`);
  }
  write(`${CHART}/Chart.yaml`, withChartVersions(chart, { version: chartVersion, appVersion: version }));
  const { text, notes } = releaseChangelog(read('CHANGELOG.md'), version, new Date().toISOString().slice(0, 10));
  write('CHANGELOG.md', text);
  execFileSync(process.execPath, ['scripts/generate-chart.ts'], { cwd: clone });
  return notes;
}

interface Base {
  readonly argument: string;
  readonly image: string;
  readonly digest: string;
}

/** What the Dockerfile's tags mean now. */
async function resolveBases(clone: string): Promise<Base[]> {
  const [build, run] = readStages(readFileSync(join(clone, 'Dockerfile'), 'utf8'));
  if (build === undefined || run === undefined) throw new ReleaseError('cannot pin: the Dockerfile has not two stages');
  const bases = [
    { argument: 'BUILD_DIGEST', image: build.from },
    { argument: 'BASE_DIGEST', image: run.from },
  ];
  return Promise.all(bases.map(async (base) => ({ ...base, digest: await resolveDigest(base.image) })));
}

function buildImage(clone: string, { version, image = '' }: Options, bases: readonly Base[]): void {
  const digests = bases.flatMap(({ argument, digest }) => ['--build-arg', `${argument}=${digest}`]);
  const facts = ['--build-arg', `VERSION=${version}`, '--build-arg', `REVISION=${git(clone, 'rev-parse', 'HEAD')}`];
  const flags = ['--platform', 'linux/amd64,linux/arm64', '--provenance=mode=max', '--sbom=true', '--push'];
  const args = ['buildx', 'build', ...flags, ...digests, ...facts, '--tag', `${image}:${version}`, '.'];
  tell(`$ docker ${args.join(' ')}`);
  execFileSync('docker', args, { cwd: clone, stdio: 'inherit' });
}

async function buildArtifacts(clone: string, output: string, notes: string): Promise<void> {
  const tree = join(output, 'tree');
  execFileSync(process.execPath, ['scripts/image/build-tree.ts', '--output', tree], { cwd: clone });
  cpSync(join(tree, 'sbom.cdx.json'), join(output, 'sbom.cdx.json'));
  // Names, owners and times say nothing: the same tree gives the same bytes.
  const plain = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX'];
  execFileSync('tar', [...plain, '-C', tree, '-cf', join(output, 'image-tree.tar'), '.']);
  rmSync(tree, { recursive: true });
  const helm = await ensureHelm();
  execFileSync(helm, ['package', join(clone, CHART), '--destination', output], { stdio: 'ignore' });
  const crd = 'aurora-dr.io_disasterrecoverypolicies.yaml';
  cpSync(join(clone, 'crds', crd), join(output, crd));
  writeFileSync(join(output, 'notes.md'), `${notes}\n`);
}

function writeProvenance(
  clone: string,
  output: string,
  options: Options,
  facts: { bases: readonly Base[]; startedOn: string },
): void {
  const artifacts = readdirSync(output)
    .toSorted()
    .map((name) => ({ name, sha256: sha256Of(join(output, name)) }));
  const statement = provenanceOf({
    version: options.version,
    commit: git(clone, 'rev-parse', 'HEAD'),
    repository: git(root, 'config', '--default', 'file:aurora-dr-operator', '--get', 'remote.origin.url'),
    startedOn: facts.startedOn,
    finishedOn: new Date().toISOString(),
    artifacts,
    materials: [
      { uri: 'file:package-lock.json', sha256: sha256Of(join(clone, 'package-lock.json')) },
      ...facts.bases.map(({ image, digest }) => ({ uri: `docker://${image}`, sha256: digest.replace('sha256:', '') })),
    ],
    node: process.version,
  });
  writeFileSync(join(output, 'provenance.intoto.json'), `${JSON.stringify(statement, undefined, 2)}\n`);
  const sums = readdirSync(output)
    .toSorted()
    .map((name) => `${sha256Of(join(output, name))}  ${name}`);
  writeFileSync(join(output, 'SHA256SUMS'), `${sums.join('\n')}\n`);
}

/** Brings commit and tag from the clone; pushing them is the last word of a person. */
function bringHome(clone: string, { version }: Options): void {
  git(root, 'fetch', '--quiet', clone, `refs/tags/v${version}:refs/tags/v${version}`);
  tell(`tagged v${version}; to publish it: git push origin v${version} && git merge --ff-only v${version}`);
}

async function release(options: Options): Promise<void> {
  const startedOn = new Date().toISOString();
  const clone = checkOut();
  try {
    const notes = prepare(clone, options);
    // A dry run leaves nothing behind that somebody could have made.
    const identity = options.isDryRun ? ['-c', 'user.name=dry run', '-c', 'user.email=dry-run@localhost'] : [];
    git(clone, ...identity, 'commit', '--quiet', '--all', '--message', `Release ${options.version}`);
    git(clone, ...identity, 'tag', '--annotate', `v${options.version}`, '--message', notes);
    const bases = options.isDryRun ? [] : await resolveBases(clone);
    const output = join(root, 'dist/release', options.version);
    rmSync(output, { recursive: true, force: true });
    mkdirSync(output, { recursive: true });
    await buildArtifacts(clone, output, notes);
    writeProvenance(clone, output, options, { bases, startedOn });
    if (options.isDryRun) {
      tell('dry run: the digests of the bases are not resolved, no image is built, and nothing is tagged');
    } else {
      buildImage(clone, options, bases);
      bringHome(clone, options);
    }
    tell(`wrote ${readdirSync(output).toSorted().join(', ')} to dist/release/${options.version}`);
  } finally {
    rmSync(clone, { recursive: true, force: true });
  }
}

try {
  await release(readOptions(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof ReleaseError ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
