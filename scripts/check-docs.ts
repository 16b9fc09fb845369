/**
 * Holds the documents to what is there: README's transcript is docs/demo-transcript.txt word for word, its map of the
 * house names every folder that exists and none that does not, every relative link of any document leads to a file and, where
 * it says so, to a heading of it, what the report of
 * the simulation says is what the figures beside it say, and the figures that pages quote are those of the reports.
 * `--write` puts the transcript into README, and the figures into the pages, first.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import GithubSlugger from 'github-slugger';
import { format } from 'prettier';
import { performanceBlocks } from '../test/bench/report/performance-page.ts';
import type { Report } from '../test/bench/report/report.ts';
import type { Evidence } from '../test/simulation/evidence.ts';
import { formatEvidence, jsonPathOf } from '../test/simulation/long-run.ts';
import { disagreementsIntroduction, disagreementsTable, figuresTable, invariantsTable } from './figures.ts';
import { standingIn } from './mutation/standing-report.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const readmePath = join(root, 'README.md');
const transcriptPath = join(root, 'docs/demo-transcript.txt');
/** Folders whose own folders are rooms, and are named in the map too. */
const houses = ['operator', 'test', 'docs'];
const problems: string[] = [];

interface Block {
  readonly start: number;
  readonly end: number;
}

/** What stands between `<!-- name:begin -->` and `<!-- name:end -->`. */
function blockOf(text: string, name: string): Block {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const start = text.indexOf(begin);
  const stop = text.indexOf(end);
  if (start < 0 || stop < start) {
    throw new Error(`cannot find the ${name} in a document: it stands between ${begin} and ${end}; restore them`);
  }
  return { start: start + begin.length, end: stop };
}

function checkTranscript(): void {
  const wanted = `\n\n\`\`\`text\n${readFileSync(transcriptPath, 'utf8')}\`\`\`\n\n`;
  const readme = readFileSync(readmePath, 'utf8');
  const { start, end } = blockOf(readme, 'transcript');
  if (readme.slice(start, end) === wanted) return;
  if (process.argv.includes('--write')) {
    writeFileSync(readmePath, readme.slice(0, start) + wanted + readme.slice(end));
    process.stdout.write('wrote the transcript into README.md\n');
  } else {
    problems.push(
      'README.md: its transcript differs from docs/demo-transcript.txt; run `node scripts/check-docs.ts --write`',
    );
  }
}

/** Every folder at the top and in a house that holds a file which Git knows. */
function trackedFolders(): string[] {
  const listed = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
  if (listed.status !== 0) {
    throw new Error(`cannot list the files: git ls-files failed: ${listed.stderr}; run this in a clone`);
  }
  const folders = listed.stdout.split('\0').flatMap((file) => {
    const [top = '', room] = file.split('/').slice(0, -1);
    const isRoom = room !== undefined && houses.includes(top);
    return top === '' ? [] : [`${top}/`, ...(isRoom ? [`${top}/${room}/`] : [])];
  });
  return [...new Set(folders)].toSorted();
}

function checkMap(): void {
  const readme = readFileSync(readmePath, 'utf8');
  const { start, end } = blockOf(readme, 'map');
  const named = new Set(
    Array.from(readme.slice(start, end).matchAll(/^\|\s*`([^`]+\/)`/gm), (match) => match[1] ?? ''),
  );
  const present = trackedFolders();
  for (const folder of present) {
    if (!named.has(folder)) problems.push(`README.md: the map does not name ${folder}, which exists; add it`);
  }
  for (const folder of named) {
    if (!present.includes(folder)) problems.push(`README.md: the map names ${folder}, which does not exist`);
  }
}

/** Documents that Git knows, those that are about to be added too. */
function trackedDocuments(): string[] {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  });
  return listed.stdout
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(root, file)))
    .map((file) => join(root, file));
}

/** What a link into the document can name after its #, as GitHub makes it of headings. */
function anchorsOf(path: string): ReadonlySet<string> {
  const slugger = new GithubSlugger();
  const text = readFileSync(path, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
  const headings = Array.from(text.matchAll(/^#{1,6} +(.*)$/gm), ([, heading = '']) => heading);
  return new Set(
    headings.map((heading) => slugger.slug(heading.replaceAll(/\[([^\]]*)\]\([^)]*\)|[`*]/g, '$1').trim())),
  );
}

function checkLinks(): void {
  for (const path of trackedDocuments()) {
    const text = readFileSync(path, 'utf8').replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      const [file = '', anchor] = target.split('#');
      if (/^[a-z]+:/.test(target)) continue;
      const goal = file === '' ? path : join(dirname(path), file);
      if (!existsSync(goal)) {
        problems.push(`${relative(root, path)}: the link to ${target} leads nowhere`);
      } else if (anchor !== undefined && goal.endsWith('.md') && !anchorsOf(goal).has(anchor)) {
        problems.push(`${relative(root, path)}: the link to ${target} leads to no heading`);
      }
    }
  }
}

/** Whoever links to the report is told by {@link checkLinks} when there is none. */
async function checkEvidence(): Promise<void> {
  const path = join(root, 'docs/evidence/simulation.md');
  const [hasReport, hasFigures] = [existsSync(path), existsSync(jsonPathOf(path))];
  if (hasReport !== hasFigures) {
    problems.push('docs/evidence: simulation.md and simulation.json belong together; write both by the command in it');
  } else if (hasReport) {
    const evidence = JSON.parse(readFileSync(jsonPathOf(path), 'utf8')) as Evidence;
    if (readFileSync(path, 'utf8') !== (await formatEvidence(evidence, path))) {
      problems.push('docs/evidence/simulation.md: it does not say what simulation.json says; write it anew from a run');
    }
  }
}

/** What pages quote of the reports, by page and block. */
async function checkFigures(): Promise<void> {
  const path = join(root, 'docs/evidence/simulation.md');
  if (!existsSync(jsonPathOf(path))) return;
  const evidence = JSON.parse(readFileSync(jsonPathOf(path), 'utf8')) as Evidence;
  const mutation = [...standingIn(readFileSync(join(root, 'docs/evidence/mutation.md'), 'utf8')).values()];
  const figures = figuresTable(
    evidence,
    mutation.map(({ tally }) => tally),
  );
  const disagreements = `${disagreementsIntroduction(evidence)}\n\n${disagreementsTable(evidence)}`;
  await checkBlock('docs/concepts/failure-model.md', 'invariants', invariantsTable());
  await checkBlock('docs/concepts/failure-model.md', 'figures', figures);
  await checkBlock('docs/concepts/two-operators.md', 'disagreements', disagreements);
}

/** What the page on performance quotes of the reports of the benchmark. */
async function checkPerformance(): Promise<void> {
  const directory = join(root, 'docs/evidence/performance');
  // Without reports the page says itself that nothing was measured.
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.json')) : [];
  const reports = names
    .toSorted()
    .map(
      (name) => [name.replace('.json', ''), JSON.parse(readFileSync(join(directory, name), 'utf8')) as Report] as const,
    );
  for (const [name, markdown] of performanceBlocks(new Map(reports)))
    await checkBlock('docs/performance.md', name, markdown);
}

async function checkBlock(page: string, name: string, markdown: string): Promise<void> {
  const path = join(root, page);
  const text = readFileSync(path, 'utf8');
  const { start, end } = blockOf(text, name);
  const wanted = `\n\n${(await format(markdown, { parser: 'markdown', printWidth: 120, proseWrap: 'preserve' })).trimEnd()}\n\n`;
  if (text.slice(start, end) === wanted) return;
  if (process.argv.includes('--write')) {
    writeFileSync(path, text.slice(0, start) + wanted + text.slice(end));
    process.stdout.write(`wrote the ${name} into ${page}\n`);
  } else {
    problems.push(`${page}: its ${name} are not those of the reports; run \`node scripts/check-docs.ts --write\``);
  }
}

checkTranscript();
checkMap();
checkLinks();
await checkEvidence();
await checkFigures();
await checkPerformance();
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
