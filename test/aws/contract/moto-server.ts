import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** A moto server, the independent stand-in that the contract is checked against. */
export interface MotoServer {
  readonly url: string;
  stop(): Promise<void>;
}

const version = '5.2.5';
const requirements = path.join(import.meta.dirname, 'moto-requirements.txt');

/** How long another process may take to install before it counts as dead. */
const installLimit = 600_000;
const startLimit = 60_000;

/** Starts moto on a free loopback port; installs it on first use into the project's cache. */
export async function startMotoServer(): Promise<MotoServer> {
  const python = await ensureInstalled();
  const child = spawn(python, ['-c', 'from moto.server import main; main()', '-H', '127.0.0.1', '-p', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MOTO_CALL_RESET_API: 'false', PYTHONUNBUFFERED: '1' },
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
  };
  try {
    return { url: await announcedUrl(child), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The URL that moto says it runs on: so it is certainly the child's port. */
async function announcedUrl(child: ChildProcess): Promise<string> {
  const said: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream! }).on('line', (line) => {
      said.push(line);
      const url = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (url !== undefined) {
        resolve(url);
      }
    });
  }
  child.once('error', reject);
  child.once('exit', (code) => {
    reject(new Error(`cannot start moto: it exited with ${code ?? 'a signal'}: ${said.join('\n')}`));
  });
  const timer = setTimeout(() => {
    reject(new Error(`cannot start moto: not ready after ${startLimit} ms: ${said.join('\n')}`));
  }, startLimit);
  return promise.finally(() => {
    clearTimeout(timer);
  });
}

function cacheDirectory(): string {
  return process.env['AURORA_DR_CACHE_DIR'] ?? path.join(homedir(), '.cache', 'aurora-dr-operator');
}

/** The Python of the virtual environment that holds moto. Installed aside and renamed into place by whoever has the lock. */
async function ensureInstalled(): Promise<string> {
  const target = path.join(cacheDirectory(), `moto-${version}`);
  const python = path.join(target, 'bin', 'python');
  const lock = `${target}.lock`;
  await mkdir(cacheDirectory(), { recursive: true });
  const deadline = Date.now() + installLimit;
  while (!(await isCurrent(target))) {
    if (await takeLock(lock)) {
      try {
        await install(target);
      } finally {
        await rm(lock, { force: true });
      }
    } else if (Date.now() > deadline) {
      throw new Error(`cannot install moto: another process holds ${lock}; delete it when none is at work`);
    } else {
      await delay(500);
    }
  }
  return python;
}

/** Whether what is installed is what the requirements ask for. */
async function isCurrent(target: string): Promise<boolean> {
  try {
    const [installed, wanted] = await Promise.all([
      readFile(path.join(target, 'requirements.txt'), 'utf8'),
      readFile(requirements, 'utf8'),
    ]);
    return installed === wanted;
  } catch {
    return false;
  }
}

/** Takes the lock file, also from a process that is gone. */
async function takeLock(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
    const age = await stat(lock).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > 1000 && !isRunning(holder)) {
      await rm(lock, { force: true });
    }
    return false;
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return processId > 0;
  } catch {
    return false;
  }
}

async function install(target: string): Promise<void> {
  // A virtual environment knows its own path: it is built where it stays, and counts once the last file is there.
  await rm(target, { recursive: true, force: true });
  progress(`installing moto ${version} into ${target} (once, about half a minute)`);
  await run('python3', ['-m', 'venv', target]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
  await run(path.join(target, 'bin', 'python'), pip);
  const aside = await mkdtemp(path.join(target, 'done-'));
  await copyFile(requirements, path.join(aside, 'requirements.txt'));
  await rename(path.join(aside, 'requirements.txt'), path.join(target, 'requirements.txt'));
  progress(`moto ${version} is installed`);
}

async function run(command: string, arguments_: string[]): Promise<void> {
  const child = spawn(command, arguments_, { stdio: ['ignore', 2, 2] });
  const [code] = (await once(child, 'exit').catch((error: unknown) => {
    throw new Error(
      `cannot run ${command}, which the moto contract tests need: install Python 3.9 or newer with its venv module`,
      { cause: error },
    );
  })) as [number | null];
  if (code !== 0) {
    throw new Error(`cannot run ${command} ${arguments_.join(' ')}: it exited with ${code ?? 'a signal'}`);
  }
}

function progress(message: string): void {
  process.stderr.write(`${message}\n`);
}
