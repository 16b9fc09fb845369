import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildContainer, runInShell, type Container } from '../../scripts/image/dockerfile.ts';
import { Sandbox } from '../image/sandbox.ts';
import type { PolicyScene } from './harness/policy-scene.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const account = 'aurora-dr-operator';

/** The Dockerfile's own steps; what `npm ci` would install again is there already (`npm run image:rootfs` installs it). */
function buildImage(output: string): Container {
  return buildContainer({
    dockerfile: join(root, 'Dockerfile'),
    context: root,
    output,
    run: (command, directory) => {
      if (command.startsWith('npm ci ')) symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
      else runInShell(command, directory);
    },
  });
}

let stage: Stage;
let folder: string;
let container: Container;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aurora-dr-dockerfile-'));
  container = buildImage(folder);
  stage = await Stage.start();
}, SCENE_TIMEOUT);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A Pod's service account, with the rights of the demo's operator in the scene's namespace. */
async function createAccount({ namespace, plane }: PolicyScene): Promise<string> {
  const rights = readFileSync(join(root, 'test/demo/operator-rights.yaml'), 'utf8');
  const input = rights.replaceAll('namespace: aurora-dr-demo', `namespace: ${namespace}`);
  await plane.kubectl(['create', 'serviceaccount', account, '-n', namespace]);
  await plane.kubectl(['apply', '-n', namespace, '-f', '-'], { input });
  return (await plane.kubectl(['create', 'token', account, '-n', namespace])).trim();
}

/** Packages that the operator's sources import by name. */
function packagesOfOperator(): string[] {
  const sources = readdirSync(join(root, 'operator'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|(^|\/)testing\//.test(file))
    .map((file) => readFileSync(join(root, 'operator', file), 'utf8'));
  const named = sources.flatMap((text) =>
    Array.from(text.matchAll(/^import (?!type\b).*? from '([^.'][^']*)'/gms), ([, name = '']) => name),
  );
  const packages = named
    .filter((name) => !name.startsWith('node:'))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
  return [...new Set(packages)].toSorted();
}

/** What the kernel says of a process. */
async function kernelStatus(pid: number): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Object.fromEntries(
    text.split('\n').map((line) => {
      const [name = '', value = ''] = line.split(':');
      return [name, value.trim().replaceAll(/\s+/g, ' ')];
    }),
  );
}

describe('the image', () => {
  test(
    'given a read-only root, its own user and no privileges, then it runs as a Pod does, fails over, and ends in order',
    () =>
      stage.play({}, async (scene) => {
        const certificateAuthority = await readFile(stage.plane.caFile ?? '', 'utf8');
        const token = await createAccount(scene);
        const { namespace, aws } = scene;
        await using sandbox = await Sandbox.create({ container, certificateAuthority, token, namespace });
        const { hostname, port } = new URL(stage.plane.url);
        const operator = scene.startOperator(
          [],
          sandbox.program({ ...aws.environment, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }),
        );
        await scene.applyPolicy();
        await scene.until('it is Protected', ({ phase }) => phase === 'Protected');
        await scene.untilPassing();

        expect(await kernelStatus(operator.pid)).toMatchObject({
          ...(process.getuid?.() === 0 ? { Uid: '65532 65532 65532 65532', Gid: '65532 65532 65532 65532' } : {}),
          Groups: '',
          NoNewPrivs: '1',
          CapPrm: '0000000000000000',
          CapEff: '0000000000000000',
          CapAmb: '0000000000000000',
          // Process 1 of its own namespace, as in a container.
          NSpid: expect.stringMatching(/ 1$/) as unknown,
        });

        await aws.loseRegion('us-east-1');
        const { history } = await scene.untilHistory(1);
        expect(history?.[0]).toMatchObject({ type: 'Failover', trigger: 'Automatic', outcome: 'Succeeded' });

        expect(await operator.stop()).toBe(0);
        expect(JSON.parse(operator.lines.at(-1) ?? '')).toMatchObject({ level: 'info', msg: 'stopped' });
      }),
    SCENE_TIMEOUT,
  );

  test(
    'given the same restrictions, then nothing can be written, and nobody is root',
    async () => {
      await using sandbox = await Sandbox.create({ container, certificateAuthority: '', token: '', namespace: 'x' });
      const script = `
        const fs = require('node:fs');
        const tries = ['/x', '/app/x', '/app/operator/main.mjs', '/tmp/x', '/etc/passwd'].map((path) => {
          try { fs.writeFileSync(path, ''); return 'written'; } catch (error) { return error.code; }
        });
        console.log(JSON.stringify({ uid: process.getuid(), cwd: process.cwd(), tries }));`;
      const { uid, cwd, tries } = JSON.parse(await sandbox.evaluate(script)) as Record<string, unknown>;
      expect([uid, cwd]).toEqual([65_532, '/app']);
      for (const outcome of tries as string[]) expect(['EROFS', 'EACCES']).toContain(outcome);
    },
    SCENE_TIMEOUT,
  );

  test('given its file, then it is distroless, by tag and digest, runs as a number, and starts the operator itself', () => {
    const text = readFileSync(join(root, 'Dockerfile'), 'utf8');
    expect(container).toMatchObject({
      from: 'gcr.io/distroless/nodejs24-debian13:nonroot',
      user: '65532:65532',
      entryPoint: ['/nodejs/bin/node', '--max-semi-space-size=16', '--heap-growing-percent=30', 'operator/main.mjs'],
      workingDirectory: '/app',
    });
    // Digests come from the release, which asks the registries.
    expect(text).not.toMatch(/sha256:[0-9a-f]/);
  });

  test('given its bill of materials, then it names every package with its version and licence, and itself', () => {
    const materials = JSON.parse(readFileSync(join(container.root, 'app/sbom.cdx.json'), 'utf8')) as {
      bomFormat: string;
      metadata: { component: { name: string; version: string } };
      components: { name: string; group?: string; version: string; purl: string; licenses: unknown[] }[];
    };
    const { name, version, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      name: string;
      version: string;
      dependencies: Record<string, string>;
    };
    expect(materials.bomFormat).toBe('CycloneDX');
    expect(materials.metadata.component).toMatchObject({ name, version });
    const listed = new Map(
      materials.components.map((one) => [one.group === undefined ? one.name : `${one.group}/${one.name}`, one]),
    );
    for (const imported of packagesOfOperator()) {
      expect([imported, listed.get(imported)?.version]).toEqual([imported, dependencies[imported]]);
    }
    for (const { purl, licenses } of materials.components) {
      expect([purl, licenses.length > 0]).toEqual([expect.stringMatching(/^pkg:npm\//), true]);
    }
  });
});
