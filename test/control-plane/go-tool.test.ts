import { chmod, mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cacheDirectory, ensureGoTool, pinnedVersion } from './go-tool.ts';
import type { GoTool } from './go-tool.ts';

let directory: string;
let tool: GoTool;
let env: NodeJS.ProcessEnv;

/** Stands in for Go: answers `go env` and, for `go build`, copies its arguments to the output file. */
const FAKE_GO = `#!/bin/sh
if [ "$1" = env ]; then echo go1.99; echo plan9; exit; fi
echo "run $*" >> "$FAKE_GO_LOG"
[ -n "$FAKE_GO_FAILS" ] && { echo "undefined: frobnicate" >&2; exit 2; }
all="$*"
shift $(($# - 2))
echo "$all" > "$1"
chmod +x "$1"
`;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'aurora-dr-go-tool-'));
  tool = {
    name: 'frob',
    moduleDirectory: join(directory, 'module'),
    module: 'example.com/frob/v2',
    package: 'example.com/frob/v2/cmd/frob',
    variables: (version) => ({ 'main.version': version }),
    firstBuild: 'no time',
  };
  await Promise.all([mkdir(join(directory, 'module')), mkdir(join(directory, 'bin'))]);
  await writeFile(
    join(directory, 'module', 'go.mod'),
    'module test\n\nrequire example.com/frob/v2 v2.3.4 // indirect\n',
  );
  await writeFile(join(directory, 'module', 'go.sum'), '');
  await writeFile(join(directory, 'bin', 'go'), FAKE_GO);
  await chmod(join(directory, 'bin', 'go'), 0o755);
  env = {
    PATH: `${join(directory, 'bin')}:/usr/bin:/bin`,
    AURORA_DR_CACHE_DIR: join(directory, 'cache'),
    FAKE_GO_LOG: join(directory, 'log'),
  };
});

afterEach(() => rm(directory, { recursive: true }));

const progress = (): void => undefined;

async function builds(): Promise<number> {
  const log = await readFile(join(directory, 'log'), 'utf8').catch(() => '');
  return log.split('\n').filter((line) => line.startsWith('run ')).length;
}

describe('ensureGoTool', () => {
  it('builds a program of this repository anew when one of its sources changes, and not for a test', async () => {
    const own = { ...tool, package: '.', hasOwnSources: true };
    const source = join(directory, 'module', 'main.go');
    await writeFile(source, 'package main');
    const first = await ensureGoTool(own, { env, progress });
    await writeFile(join(directory, 'module', 'main_test.go'), 'package main');
    await expect(ensureGoTool(own, { env, progress })).resolves.toBe(first);

    await writeFile(source, 'package main // changed');

    await expect(ensureGoTool(own, { env, progress })).resolves.not.toBe(first);
    await expect(builds()).resolves.toBe(2);
  });

  it('builds the pinned version with its variables, once', async () => {
    const path = await ensureGoTool(tool, { env, progress });
    await expect(ensureGoTool(tool, { env, progress })).resolves.toBe(path);

    const content = await readFile(path, 'utf8');
    expect(content).toContain('-mod=readonly -trimpath -p 2');
    expect(content).toContain('-ldflags -s -w -X main.version=v2.3.4');
    expect(content).toContain('example.com/frob/v2/cmd/frob');
    await expect(builds()).resolves.toBe(1);
  });

  it('builds again when a pin changes', async () => {
    const before = await ensureGoTool(tool, { env, progress });
    await writeFile(join(directory, 'module', 'go.sum'), 'example.com/other v1.0.0 h1:abc=\n');
    await expect(ensureGoTool(tool, { env, progress })).resolves.not.toBe(before);
    await expect(builds()).resolves.toBe(2);
  });

  it('builds once for many who ask at the same time, and leaves no lock', async () => {
    const paths = await Promise.all(Array.from({ length: 5 }, () => ensureGoTool(tool, { env, progress })));
    expect(new Set(paths).size).toBe(1);
    await expect(builds()).resolves.toBe(1);
    await expect(readdir(join(directory, 'cache', 'go-tools', 'frob'))).resolves.toHaveLength(1);
  });

  it.each([
    ['whose process is gone', JSON.stringify({ host: hostname(), pid: 2 ** 22 + 1 }), new Date()],
    ['that nobody touches any more', JSON.stringify({ host: 'elsewhere', pid: 1 }), new Date(Date.now() - 60_000)],
    ['that was never filled', '', new Date(Date.now() - 60_000)],
  ])('takes over a lock %s', async (_what, content, touchedAt) => {
    const path = await ensureGoTool(tool, { env, progress });
    const built = join(path, '..');
    await rm(built, { recursive: true });
    await writeFile(`${built}.lock`, content);
    await utimes(`${built}.lock`, touchedAt, touchedAt);

    await expect(ensureGoTool(tool, { env, progress })).resolves.toBe(path);
    await expect(builds()).resolves.toBe(2);
  });

  it('waits for a lock that somebody holds, and says so', async () => {
    const path = await ensureGoTool(tool, { env, progress });
    const built = join(path, '..');
    await rm(built, { recursive: true });
    await writeFile(`${built}.lock`, JSON.stringify({ host: 'elsewhere', pid: 1 }));

    const lines: string[] = [];
    const waiting = ensureGoTool(tool, {
      env,
      progress: (line) => {
        lines.push(line);
        if (line.startsWith('waiting')) void rm(`${built}.lock`);
      },
    });
    await expect(waiting).resolves.toBe(path);
    expect(lines[0]).toMatch(/^waiting for another process that builds frob v2\.3\.4 … 0 s/);
  });

  it('fails with the end of the output and leaves nothing half done', async () => {
    await expect(ensureGoTool(tool, { env: { ...env, FAKE_GO_FAILS: '1' }, progress })).rejects.toThrow(
      /cannot build frob v2\.3\.4 from .*: go build ended with 2; check .*undefined: frobnicate/s,
    );
    await expect(readdir(join(directory, 'cache', 'go-tools', 'frob'))).resolves.toEqual([]);
  });

  it('says what to do when Go is missing', async () => {
    await expect(ensureGoTool(tool, { env: { ...env, PATH: join(directory, 'cache') }, progress })).rejects.toThrow(
      /cannot build frob: cannot run go: .*ENOENT; install Go .* or set KUBEBUILDER_ASSETS/,
    );
  });
});

describe('cacheDirectory', () => {
  it.each([
    [{ AURORA_DR_CACHE_DIR: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' }, '/a'],
    [{ AURORA_DR_CACHE_DIR: '', XDG_CACHE_HOME: '/b', HOME: '/c' }, '/b/aurora-dr-operator'],
    [{ HOME: '/c' }, '/c/.cache/aurora-dr-operator'],
  ])('of %j is %s', (variables, expected) => {
    expect(cacheDirectory(variables)).toBe(expected);
  });
});

describe('pinnedVersion', () => {
  it('reads a version from a block and from a line', () => {
    expect(pinnedVersion('require (\n\ta.example/x v1.2.3 // indirect\n)\n', 'a.example/x')).toBe('v1.2.3');
    expect(pinnedVersion('require a.example/x v1.2.3', 'a.example/x')).toBe('v1.2.3');
  });

  it('does not take a replacement or a longer name for it', () => {
    expect(() =>
      pinnedVersion('replace a.example/x => a.example/x v1.2.3\nrequire a.example/xy v1.0.0', 'a.example/x'),
    ).toThrow(/cannot find the version of a\.example\/x: go\.mod does not require it/);
  });
});
