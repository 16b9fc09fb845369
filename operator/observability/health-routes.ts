import type { Health, HealthKind } from '../runtime/health.ts';
import type { HttpAnswer, HttpRoute } from './http-server.ts';

/**
 * `/healthz` (should the process be restarted?) and `/readyz` (does it do its work?): 200 when every check passes, else
 * 503 with the list of checks. `?verbose` always lists them, as the API server's own endpoints do.
 */
export function healthRoutes(health: Pick<Health, 'report'>): Readonly<Record<'/healthz' | '/readyz', HttpRoute>> {
  return {
    '/healthz': (url) => healthAnswer('healthz', 'live', health, url),
    '/readyz': (url) => healthAnswer('readyz', 'ready', health, url),
  };
}

function healthAnswer(endpoint: string, kind: HealthKind, health: Pick<Health, 'report'>, url: URL): HttpAnswer {
  const { isHealthy, checks } = health.report(kind);
  const lines = checks.map((check) =>
    check.isHealthy ? `[+]${check.name} ok` : `[-]${check.name} failed: ${check.message}`,
  );
  const isShort = isHealthy && !url.searchParams.has('verbose');
  return {
    status: isHealthy ? 200 : 503,
    contentType: 'text/plain; charset=utf-8',
    body: isShort ? 'ok\n' : `${[...lines, `${endpoint} check ${isHealthy ? 'passed' : 'failed'}`].join('\n')}\n`,
  };
}
