import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  access,
  constants,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlPlaneError } from './control-plane-error.ts';

/** A Go program that is built from a pinned module. */
export interface GoTool {
  /** File name of the built program, and its name in progress lines and errors. */
  readonly name: string;
  /** Folder with the go.mod and go.sum that pin the module and everything that it needs. */
  readonly moduleDirectory: string;
  /** Module whose version in go.mod is the version of the program. */
  readonly module: string;
  /** Import path of the program's main package; `.` for one of this repository, in `moduleDirectory` itself. */
  readonly package: string;
  /**
   * The program's own sources are in `moduleDirectory`: a change of any of them makes another program.
   * @default false
   */
  readonly hasOwnSources?: boolean;
  /**
   * Values for `-ldflags -X`, by variable, made from the pinned version.
   * @default - none
   */
  readonly variables?: (version: string) => Readonly<Record<string, string>>;
  /**
   * Build tags.
   * @default - none
   */
  readonly tags?: readonly string[];
  /** How long a first build takes on two cores, in words, for the progress line. */
  readonly firstBuild: string;
}

export interface GoToolOptions {
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /**
   * Receives a line every few seconds while something is built.
   * @default - the line goes to stderr
   */
  readonly progress?: (line: string) => void;
}

const PROGRESS_INTERVAL_MS = 5_000;
const LOCK_HEARTBEAT_MS = 2_000;
const LOCK_STALE_MS = 15_000;
const LOCK_POLL_MS = 250;
const KEPT_ERROR_LINES = 30;

/**
 * Path of the program, built now if the cache has no build of exactly these pins with this Go version.
 *
 * Processes that ask at the same time wait for one build. The cache is `AURORA_DR_CACHE_DIR`, otherwise
 * `aurora-dr-operator` in `XDG_CACHE_HOME`, otherwise in `~/.cache`.
 *
 * @throws ControlPlaneError if Go is missing or the build fails; the message carries the end of the compiler's output.
 */
export async function ensureGoTool(tool: GoTool, options: GoToolOptions = {}): Promise<string> {
  const env = options.env ?? process.env;
  const progress = options.progress ?? writeToStderr;
  const [goMod, goSum, sources] = await Promise.all([
    readFile(join(tool.moduleDirectory, 'go.mod'), 'utf8'),
    readFile(join(tool.moduleDirectory, 'go.sum'), 'utf8'),
    tool.hasOwnSources === true ? readSources(tool.moduleDirectory) : [],
  ]);
  const version = pinnedVersion(goMod, tool.module);
  const goVersion = await describeGo(tool, env);
  const buildArguments = goBuildArguments(tool, version);
  const key = createHash('sha256')
    .update(JSON.stringify([goMod, goSum, goVersion, buildArguments, ...sources]))
    .digest('hex')
    .slice(0, 16);

  const toolDirectory = join(cacheDirectory(env), 'go-tools', tool.name);
  const directory = join(toolDirectory, `${version}-${key}`);
  const binary = join(directory, tool.name);
  if (await isExecutable(binary)) return binary;

  await mkdir(toolDirectory, { recursive: true });
  const label = `${tool.name} ${version}`;
  await withLock(`${directory}.lock`, label, progress, async () => {
    if (await isExecutable(binary)) return;
    const partial = `${directory}.partial-${randomUUID()}`;
    try {
      await mkdir(partial);
      await runGoBuild(tool, label, [...buildArguments, '-o', join(partial, tool.name), tool.package], env, progress);
      await rename(partial, directory).catch(async (error: unknown) => {
        // Somebody who took the lock for stale was quicker: equal pins give an equal program, theirs will do.
        if (!(await isExecutable(binary))) throw error;
      });
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  });
  return binary;
}

/** Every Go file of the module with its path, in an order that does not depend on the disk. */
async function readSources(directory: string): Promise<readonly (readonly [string, string])[]> {
  const files = await readdir(directory, { recursive: true });
  const paths = files.filter((path) => path.endsWith('.go') && !path.endsWith('_test.go')).sort();
  return Promise.all(paths.map(async (path) => [path, await readFile(join(directory, path), 'utf8')] as const));
}

/** Folder for what is expensive to make and safe to delete, outside the tracked files. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const chosen = nonEmpty(env['AURORA_DR_CACHE_DIR']);
  if (chosen !== undefined) return chosen;
  const home = nonEmpty(env['HOME']) ?? homedir();
  return join(nonEmpty(env['XDG_CACHE_HOME']) ?? join(home, '.cache'), 'aurora-dr-operator');
}

/** An empty variable counts as one that is not set. */
function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/**
 * Version at which a go.mod requires the module.
 *
 * @throws ControlPlaneError if it does not require it.
 */
export function pinnedVersion(goMod: string, module: string): string {
  for (const line of goMod.split('\n')) {
    const words = line
      .replace(/\/\/.*/, '')
      .replace(/^\s*require\b/, '')
      .trim()
      .split(/\s+/);
    if (words.length === 2 && words[0] === module && words[1]?.startsWith('v')) return words[1];
  }
  throw new ControlPlaneError(
    `cannot find the version of ${module}: go.mod does not require it; add it with "go get ${module}@VERSION"`,
  );
}

/** Whether this process may run the file. */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function writeToStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}

function goBuildArguments(tool: GoTool, version: string): string[] {
  const variables = Object.entries(tool.variables?.(version) ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  // Two compilers at a time: each takes up to a gigabyte for Kubernetes' largest packages.
  const tags = tool.tags === undefined ? [] : ['-tags', tool.tags.join(',')];
  const linker = ['-s', '-w', ...variables].join(' ');
  return ['build', '-mod=readonly', '-trimpath', '-p', '2', '-v', ...tags, '-ldflags', linker];
}

function goEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // A workspace above the checkout must not change the pins; without cgo no C compiler is needed.
  return { ...env, GOWORK: 'off', CGO_ENABLED: '0' };
}

async function describeGo(tool: GoTool, env: NodeJS.ProcessEnv): Promise<string> {
  const { code, output } = await runGo(tool, ['env', 'GOVERSION', 'GOOS', 'GOARCH'], env, () => undefined);
  if (code !== 0) {
    throw new ControlPlaneError(
      `cannot ask Go for its version to build ${tool.name}: go env ended with ${code}: ${output.join('\n')}; ` +
        `repair the Go installation, or set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver`,
    );
  }
  return output.join(' ');
}

async function runGoBuild(
  tool: GoTool,
  label: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  progress: (line: string) => void,
): Promise<void> {
  const startedAt = performance.now();
  let compiledPackages = 0;
  const report = (): void => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    progress(
      `building ${label} from Go modules … ${seconds} s, ${compiledPackages} packages compiled ` +
        `(${tool.firstBuild} the first time)`,
    );
  };
  report();
  const timer = setInterval(report, PROGRESS_INTERVAL_MS);
  try {
    const { code, output } = await runGo(tool, args, env, (line) => {
      if (!line.startsWith('go: ')) compiledPackages += 1;
    });
    if (code !== 0) {
      throw new ControlPlaneError(
        `cannot build ${label} from ${tool.moduleDirectory}: go build ended with ${code}; check that the Go module ` +
          `proxy is reachable and the disk has 5 GB free, or set KUBEBUILDER_ASSETS. Its last output:\n` +
          output.join('\n'),
      );
    }
  } finally {
    clearInterval(timer);
  }
  progress(`built ${label} in ${Math.round((performance.now() - startedAt) / 1000)} s`);
}

function runGo(
  tool: GoTool,
  args: string[],
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void,
): Promise<{ code: string | 0; output: string[] }> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, {
      cwd: tool.moduleDirectory,
      env: goEnvironment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    const collect = (chunk: string): void => {
      for (const line of chunk.split('\n')) {
        if (line.trim() === '') continue;
        onLine(line);
        output.push(line);
        if (output.length > KEPT_ERROR_LINES) output.shift();
      }
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', (error) => {
      reject(
        new ControlPlaneError(
          `cannot build ${tool.name}: cannot run go: ${error.message}; install Go (https://go.dev/dl) and put it on ` +
            `PATH, or set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver`,
          { cause: error },
        ),
      );
    });
    child.on('close', (code, signal) => {
      resolve({ code: code === 0 ? 0 : String(code ?? signal), output });
    });
  });
}

/**
 * Runs `work` while no other process runs its own under the same lock file.
 *
 * The holder touches the file while it works; a file that is not touched any more, or whose process on this host is
 * gone, is taken over. Two takers at the same instant may both win: `work` must bear that.
 */
async function withLock(
  path: string,
  label: string,
  progress: (line: string) => void,
  work: () => Promise<void>,
): Promise<void> {
  const me = JSON.stringify({ host: hostname(), pid: process.pid, id: randomUUID() });
  const startedAt = performance.now();
  let nextReport = 0;
  while (!(await createExclusively(path, me))) {
    if (await isStale(path)) {
      await rm(path, { force: true });
      continue;
    }
    const waited = performance.now() - startedAt;
    if (waited >= nextReport) {
      progress(`waiting for another process that builds ${label} … ${Math.round(waited / 1000)} s`);
      nextReport = waited + PROGRESS_INTERVAL_MS;
    }
    await delay(LOCK_POLL_MS);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    // A lost heartbeat costs at most a second build of the same program.
    utimes(path, now, now).catch(() => undefined);
  }, LOCK_HEARTBEAT_MS);
  try {
    await work();
  } finally {
    clearInterval(heartbeat);
    if ((await readIfPresent(path)) === me) await rm(path, { force: true });
  }
}

async function createExclusively(path: string, content: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    try {
      await writeFile(file, content);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (isErrorCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function isStale(path: string): Promise<boolean> {
  const content = await readIfPresent(path);
  if (content === undefined) return false;
  const holder = parseHolder(content);
  if (holder?.host === hostname() && !isProcessAlive(holder.pid)) return true;
  try {
    return Date.now() - (await stat(path)).mtimeMs > LOCK_STALE_MS;
  } catch {
    return false;
  }
}

function parseHolder(content: string): { host: string; pid: number } | undefined {
  try {
    return JSON.parse(content) as { host: string; pid: number };
  } catch {
    // The holder has created the file and not written it yet.
    return undefined;
  }
}

/** Whether a process with this id exists, whoever owns it. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrorCode(error, 'EPERM');
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrorCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isErrorCode(error: unknown, code: string): boolean {
  // Not instanceof: in jest's sandbox, the errors of Node's modules are not of the sandbox's class.
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
