import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ensureControlPlaneBinaries, ensureKubectl, resolveControlPlaneSource } from './ensure-binaries.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'aurora-dr-assets-'));
});

afterEach(() => rm(directory, { recursive: true }));

async function writeProgram(name: string, script = 'exit 0'): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

describe('resolveControlPlaneSource', () => {
  it('takes the declared test cluster before everything else', () => {
    const env = { AURORA_DR_TEST_KUBECONFIG: '/test', KUBEBUILDER_ASSETS: '/assets', KUBECONFIG: '/production' };
    expect(resolveControlPlaneSource(env)).toEqual({ kind: 'cluster', kubeconfig: '/test' });
  });

  it('takes KUBEBUILDER_ASSETS before a build', () => {
    const env = { AURORA_DR_TEST_KUBECONFIG: '', KUBEBUILDER_ASSETS: '/assets', KUBECONFIG: '/production' };
    expect(resolveControlPlaneSource(env)).toEqual({ kind: 'assets', directory: '/assets' });
  });

  it('builds otherwise', () => {
    expect(resolveControlPlaneSource({ KUBEBUILDER_ASSETS: '' })).toEqual({ kind: 'modules' });
  });

  it('never reads KUBECONFIG or HOME, which lead to the default cluster', () => {
    const read = new Set<string | symbol>();
    const env = new Proxy<NodeJS.ProcessEnv>(
      { KUBECONFIG: '/production', HOME: '/home/somebody' },
      {
        get(target, name) {
          read.add(name);
          return Reflect.get(target, name) as unknown;
        },
      },
    );
    expect(resolveControlPlaneSource(env)).toEqual({ kind: 'modules' });
    expect([...read]).toEqual(['AURORA_DR_TEST_KUBECONFIG', 'KUBEBUILDER_ASSETS']);
  });
});

describe('ensureControlPlaneBinaries', () => {
  it('takes the programs in KUBEBUILDER_ASSETS and builds nothing', async () => {
    const etcd = await writeProgram('etcd');
    const kubeApiserver = await writeProgram('kube-apiserver');
    await expect(ensureControlPlaneBinaries({ env: { KUBEBUILDER_ASSETS: directory } })).resolves.toEqual({
      etcd,
      kubeApiserver,
    });
  });

  it('says what KUBEBUILDER_ASSETS lacks instead of building something else', async () => {
    await writeProgram('etcd');
    await expect(ensureControlPlaneBinaries({ env: { KUBEBUILDER_ASSETS: directory } })).rejects.toThrow(
      /cannot use KUBEBUILDER_ASSETS=.*: it has no executable kube-apiserver; install it there, or unset/,
    );
  });
});

describe('ensureKubectl', () => {
  it('takes the one in KUBEBUILDER_ASSETS', async () => {
    const kubectl = await writeProgram('kubectl');
    await expect(ensureKubectl({ env: { KUBEBUILDER_ASSETS: directory, PATH: '/usr/bin:/bin' } })).resolves.toBe(
      kubectl,
    );
  });

  it('takes the one on PATH if it runs', async () => {
    await writeProgram('kubectl', '[ "$1 $2" = "version --client" ]');
    await expect(ensureKubectl({ env: { PATH: `${directory}:/bin` } })).resolves.toBe('kubectl');
  });

  it('builds one if that on PATH does not run', async () => {
    await writeProgram('kubectl', 'exit 1');
    await writeProgram(
      'go',
      // The arguments end with: -o FILE PACKAGE
      'if [ "$1" = build ]; then shift $(($# - 2)); echo built > "$1"; chmod +x "$1"; else echo go1.0; fi',
    );
    const env = { PATH: `${directory}:/bin:/usr/bin`, AURORA_DR_CACHE_DIR: directory };
    const lines: string[] = [];
    const kubectl = await ensureKubectl({ env, progress: (line) => lines.push(line) });
    expect(kubectl).toMatch(/go-tools\/kubectl\/v1\.\d+\.\d+-[0-9a-f]{16}\/kubectl$/);
    expect(lines[0]).toMatch(/^building kubectl v1\.\d+\.\d+ from Go modules … 0 s/);
  });
});
