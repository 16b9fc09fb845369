import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';

const TIMEOUT_MS = 60_000;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'synth-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A file of a configuration; without functions, whose bundling takes time that nothing here needs. */
function configurationFile(name: string, input: object = {}): string {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    stringify({ suffix: 'test', accountId: '123456789012', functions: { enabled: false }, ...input }),
  );
  return file;
}

function synth(...options: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...options], { encoding: 'utf8' });
}

describe('npm run synth', () => {
  it(
    'given a repository, writes Argo CD’s files beside the manifests, and takes them away with it',
    () => {
      const out = join(folder, 'out');
      const gitops = { repository: 'https://git.example.com/infrastructure.git' };
      expect(synth('--config', configurationFile('with', { gitops }), '--out', out)).toMatchObject({ status: 0 });
      expect(readdirSync(join(out, 'argocd'))).toEqual(['applications.yaml', 'argocd-cm.yaml', 'root.yaml']);
      mkdirSync(join(out, 'notes'));
      writeFileSync(join(out, 'notes', 'kept.yaml'), '');
      expect(synth('--config', configurationFile('without'), '--out', out)).toMatchObject({ status: 0 });
      expect(readdirSync(join(out, 'argocd'))).toEqual([]);
      expect(existsSync(join(out, '20-network.yaml')) && existsSync(join(out, 'notes', 'kept.yaml'))).toBe(true);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['nothing differs', {}, 0],
    ['something differs', { monitoring: { emails: ['dba@example.com'] } }, 3],
    [
      'AWS would have to replace something',
      { regions: [{ name: 'us-east-1' }, { name: 'us-west-2', cidr: '10.9.0.0/16' }] },
      4,
    ],
  ])(
    'given that %s, ends a comparison accordingly',
    (_title, input, status) => {
      const [other, file] = [configurationFile('other'), configurationFile('file', input)];
      expect(synth('--config', file, '--diff', other)).toMatchObject({ status, stderr: '' });
    },
    TIMEOUT_MS,
  );

  it(
    'given --cost or --teardown, prints and writes nothing',
    () => {
      const [config, out] = [configurationFile('file'), join(folder, 'out')];
      const cost = synth('--config', config, '--out', out, '--cost');
      expect(cost.stdout).toMatch(/^USD a month[^]* total [^]*Prices/);
      const teardown = synth('--config', config, '--out', out, '--teardown');
      expect(teardown.stdout).toContain(`kubectl delete -f ${out}/20-network.yaml`);
      expect(existsSync(out)).toBe(false);
    },
    TIMEOUT_MS,
  );

  it(
    'given two wishes at once, or a configuration that is wrong, says what is allowed',
    () => {
      expect(synth('--config', configurationFile('file'), '--cost', '--teardown')).toMatchObject({ status: 2 });
      const wrong = synth('--config', configurationFile('wrong', { suffix: 'No' }), '--cost');
      expect(wrong).toMatchObject({ status: 1, stdout: '' });
      expect(wrong.stderr).toMatch(/suffix: must be/);
    },
    TIMEOUT_MS,
  );

  it(
    'given a mistake in one of two files that are compared, says in which',
    () => {
      const [file, other] = [configurationFile('file'), configurationFile('other', { scope: 'planet' })];
      const { status, stdout, stderr } = synth('--config', file, '--diff', other);
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toBe(`cannot use the configuration ${other}:\n  scope: must be one of namespaced, cluster\n`);
    },
    TIMEOUT_MS,
  );

  it(
    'given a folder that cannot be written to, says so',
    () => {
      const file = configurationFile('file');
      const { status, stderr } = synth('--config', file, '--out', file);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^cannot write .*file\.yaml: EEXIST.*; name a folder .* with --out\n$/);
    },
    TIMEOUT_MS,
  );
});
