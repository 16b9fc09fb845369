import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { expand, readStages } from '../image/dockerfile.ts';
import { releaseChangelog } from './changelog.ts';
import { parseImage, resolveDigest } from './image-digest.ts';
import { provenanceOf } from './provenance.ts';
import { assertLater, fieldOf, withChartVersions } from './versions.ts';

describe('versions', () => {
  it.each([
    ['0.1.0', '0.1.1'],
    ['0.9.9', '0.10.0'],
    ['0.9.9', '1.0.0'],
  ])('given %s, then %s is later', (present, next) => {
    expect(() => assertLater('version', present, next)).not.toThrow();
  });

  it.each([
    ['0.1.0', '0.1.0'],
    ['0.2.0', '0.1.9'],
    ['0.1.0', '1'],
    ['0.1.0', 'v0.2.0'],
  ])('given %s, then %s is refused', (present, next) => {
    expect(() => assertLater('version', present, next)).toThrow(/cannot release/);
  });

  it('given a chart, then both versions are set and the rest stays', () => {
    const chart = 'name: x\nversion: 0.1.0\n# of the operator\nappVersion: 0.1.0\nkubeVersion: 1\n';
    const next = withChartVersions(chart, { version: '0.3.0', appVersion: '0.2.0' });
    expect(next).toBe('name: x\nversion: 0.3.0\n# of the operator\nappVersion: 0.2.0\nkubeVersion: 1\n');
    expect(fieldOf(next, 'version')).toBe('0.3.0');
    expect(() => fieldOf('name: x', 'version')).toThrow('does not have it');
  });
});

describe('the changelog', () => {
  const before = '# Changelog\n\n## Unreleased\n\n- new\n\n## 0.1.0 (2026-01-01)\n\n- old\n';

  it('given news, then they stand under the version, and Unreleased is empty', () => {
    expect(releaseChangelog(before, '0.2.0', '2026-12-01')).toEqual({
      notes: '- new',
      text: '# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-12-01)\n\n- new\n\n## 0.1.0 (2026-01-01)\n\n- old\n',
    });
  });

  it('given no version before, then nothing follows', () => {
    expect(releaseChangelog('## Unreleased\n\n- new\n', '0.1.0', '2026-12-01').text).toBe(
      '## Unreleased\n\n## 0.1.0 (2026-12-01)\n\n- new\n',
    );
  });

  it.each(['# Changelog\n', '## Unreleased\n\n## 0.1.0 (2026-01-01)\n\n- old\n'])(
    'given none, then it is refused',
    (text) => {
      expect(() => releaseChangelog(text, '0.2.0', '2026-12-01')).toThrow('nothing under "Unreleased"');
    },
  );
});

describe('the digest of a base', () => {
  const manifest = JSON.stringify({ schemaVersion: 2 });
  const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
  let server: Server | undefined;
  afterEach(() => void server?.close());

  /** A registry on loopback that gives tokens to everybody. */
  async function startRegistry(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
    const started = createServer((request, response) => {
      if (request.url?.startsWith('/token?') === true) {
        response.end(
          JSON.stringify({ token: `for ${new URLSearchParams(request.url.split('?')[1]).get('scope') ?? ''}` }),
        );
      } else {
        answer(request, response);
      }
    });
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
  }

  it.each([
    ['node:24-trixie-slim', 'registry-1.docker.io', 'library/node', '24-trixie-slim'],
    ['grafana/grafana', 'registry-1.docker.io', 'grafana/grafana', 'latest'],
    ['gcr.io/distroless/nodejs24-debian13:nonroot', 'gcr.io', 'distroless/nodejs24-debian13', 'nonroot'],
    ['localhost:5000/x:1', 'localhost:5000', 'x', '1'],
  ])('given %s, then it knows where to ask', (image, registry, repository, tag) => {
    expect(parseImage(image)).toEqual({ registry, repository, tag });
  });

  it('given a registry that wants a token, then it gets one and gives the digest of what was sent', async () => {
    const asked: string[] = [];
    const url = await startRegistry((request, response) => {
      asked.push(`${request.url ?? ''} ${request.headers.authorization ?? ''}`);
      if (request.headers.authorization === undefined) {
        const challenge = `Bearer realm="${url}/token",service="r",scope="repository:library/node:pull"`;
        response.writeHead(401, { 'www-authenticate': challenge }).end();
      } else {
        response.writeHead(200, { 'docker-content-digest': digest }).end(manifest);
      }
    });
    expect(await resolveDigest('node:24', { baseUrl: () => url })).toBe(digest);
    expect(asked).toEqual([
      '/v2/library/node/manifests/24 ',
      '/v2/library/node/manifests/24 Bearer for repository:library/node:pull',
    ]);
  });

  it('given an answer that is not what it says, then it is refused', async () => {
    const url = await startRegistry((_request, response) => {
      response.writeHead(200, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }).end(manifest);
    });
    await expect(resolveDigest('node:24', { baseUrl: () => url })).rejects.toThrow('cannot pin node:24');
  });

  it('given no such tag, or no registry, then it says so', async () => {
    const url = await startRegistry((_request, response) => response.writeHead(404).end());
    await expect(resolveDigest('node:0', { baseUrl: () => url })).rejects.toThrow('answers 404; does the tag exist?');
    server?.close();
    await expect(resolveDigest('node:0', { baseUrl: () => 'http://127.0.0.1:1' })).rejects.toThrow('cannot be reached');
  });
});

describe('the provenance', () => {
  it('given what was made of what, then it is a statement that names both by their hashes', () => {
    const statement = provenanceOf({
      version: '0.2.0',
      commit: 'c0ffee',
      repository: 'https://git.example.com/x',
      startedOn: '2026-12-01T00:00:00Z',
      finishedOn: '2026-12-01T00:01:00Z',
      artifacts: [{ name: 'chart.tgz', sha256: 'aa' }],
      materials: [{ uri: 'docker://node:24', sha256: 'bb' }],
      node: 'v24.0.0',
    });
    expect(statement).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
      subject: [{ name: 'chart.tgz', digest: { sha256: 'aa' } }],
      predicate: {
        buildDefinition: {
          resolvedDependencies: [
            { uri: 'git+https://git.example.com/x', digest: { gitCommit: 'c0ffee' } },
            { uri: 'docker://node:24', digest: { sha256: 'bb' } },
          ],
        },
      },
    });
  });
});

describe('the Dockerfile', () => {
  it.each([
    ['a:1${D:+@${D}}', { D: 'sha256:x' }, 'a:1@sha256:x'],
    ['a:1${D:+@${D}}', { D: '' }, 'a:1'],
    ['a:1${D:+@${D}}', {}, 'a:1'],
    ['$A-${B}', { A: '1', B: '2' }, '1-2'],
  ])('given %s, then arguments are filled in', (text, values, result) => {
    expect(expand(text, values as Record<string, string>)).toBe(result);
  });

  it('given stages, then each has its base, with the digest that was given', () => {
    const text = 'ARG D=""\nFROM a:1${D:+@${D}} AS build\n# why\nRUN x \\\n  y\n\nFROM b\nUSER 1:1\n';
    expect(readStages(text, { D: 'sha256:1' })).toEqual([
      { from: 'a:1@sha256:1', name: 'build', instructions: [{ name: 'RUN', text: 'x y' }] },
      { from: 'b', instructions: [{ name: 'USER', text: '1:1' }] },
    ]);
  });
});
