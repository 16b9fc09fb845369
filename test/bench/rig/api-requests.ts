import type { KubeApi } from './kube-api.ts';

/** Groups and resources that only a contestant uses, or the harness at times when nothing is counted. */
const COUNTED = new Set(['disasterrecoverypolicies', 'events', 'leases', 'services', 'configmaps', 'secrets']);
/** The API server's own requests, and those that end when they end. */
const UNCOUNTED_VERBS = new Set(['WATCH', 'CONNECT']);

/** Requests that the API server has answered, by verb and resource: its own count, whoever asked. */
export async function apiRequests(kube: KubeApi): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  const text = await kube.call('GET', '/metrics', { accept: 'text/plain' });
  for (const line of text.split('\n')) {
    if (!line.startsWith('apiserver_request_total{')) continue;
    const label = (name: string): string => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? '';
    const [resource, subresource, verb] = [label('resource'), label('subresource'), label('verb')];
    if (!COUNTED.has(resource) || UNCOUNTED_VERBS.has(verb)) continue;
    const name = `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}`;
    counts[name] = (counts[name] ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return counts;
}
