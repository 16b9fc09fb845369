import { createHash } from 'node:crypto';
import { ReleaseError } from './release-error.ts';

/** An image by name and tag, as a registry has it. */
export interface ImageReference {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
}

/** Reads `node:24-slim` or `gcr.io/distroless/nodejs24:nonroot`. */
export function parseImage(image: string): ImageReference {
  const [, name = '', tag = 'latest'] = /^(.*?)(?::([\w][\w.-]*))?$/.exec(image) ?? [];
  const [first = '', ...rest] = name.split('/');
  if (rest.length > 0 && /[.:]|^localhost$/.test(first)) return { registry: first, repository: rest.join('/'), tag };
  return { registry: 'registry-1.docker.io', repository: rest.length > 0 ? name : `library/${name}`, tag };
}

const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

export interface DigestOptions {
  /** Base URL of a registry. @default - https */
  readonly baseUrl?: (registry: string) => string;
}

/**
 * Asks the registry what a tag means now, by the Distribution API, and checks the answer: the digest is that of what was sent.
 *
 * @returns `sha256:…`
 * @throws ReleaseError when the registry does not say
 */
export async function resolveDigest(image: string, options: DigestOptions = {}): Promise<string> {
  const { registry, repository, tag } = parseImage(image);
  const base = options.baseUrl?.(registry) ?? `https://${registry}`;
  const url = `${base}/v2/${repository}/manifests/${tag}`;
  const response = await ask(image, url);
  const body = Buffer.from(await response.arrayBuffer());
  const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  const told = response.headers.get('docker-content-digest');
  if (told !== null && told !== digest) {
    throw new ReleaseError(`cannot pin ${image}: the registry calls it ${told}, and sent ${digest}; try again`);
  }
  return digest;
}

async function ask(image: string, url: string): Promise<Response> {
  const headers = { accept: MANIFESTS };
  let response = await get(image, url, headers);
  const challenge = response.status === 401 ? response.headers.get('www-authenticate') : null;
  if (challenge !== null) {
    response = await get(image, url, { ...headers, authorization: `Bearer ${await tokenFor(image, challenge)}` });
  }
  if (!response.ok) {
    throw new ReleaseError(`cannot pin ${image}: ${url} answers ${response.status}; does the tag exist?`);
  }
  return response;
}

async function get(image: string, url: string, headers: Record<string, string>): Promise<Response> {
  try {
    return await fetch(url, { headers, signal: AbortSignal.timeout(30_000) });
  } catch (error) {
    throw new ReleaseError(`cannot pin ${image}: ${url} cannot be reached: ${String(error)}; check the network`, {
      cause: error,
    });
  }
}

/** What anybody gets for public images. */
async function tokenFor(image: string, challenge: string): Promise<string> {
  const parts = Object.fromEntries(
    Array.from(challenge.matchAll(/(\w+)="([^"]*)"/g), ([, name = '', value = '']) => [name, value]),
  );
  const { realm, ...query } = parts;
  if (realm === undefined)
    throw new ReleaseError(`cannot pin ${image}: the registry asks for ${challenge}; log in to it`);
  const response = await get(image, `${realm}?${new URLSearchParams(query).toString()}`, {});
  const { token } = (await response.json()) as { token?: string };
  if (token === undefined)
    throw new ReleaseError(`cannot pin ${image}: ${realm} gives no token; log in to the registry`);
  return token;
}
