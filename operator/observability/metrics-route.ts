import type { HttpRoute } from './http-server.ts';

/** What can be scraped. */
export interface Scrapable {
  readonly contentType: string;
  /** The text, in the pieces in which it is made: each as soon as the one before is on its way. */
  pieces(): AsyncIterable<string>;
}

/** `/metrics`, sent as it is made: with thousands of policies it is tens of megabytes. */
export function metricsRoute(metrics: Scrapable): Readonly<Record<'/metrics', HttpRoute>> {
  return { '/metrics': () => ({ status: 200, contentType: metrics.contentType, body: metrics.pieces() }) };
}
