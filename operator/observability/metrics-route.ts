import type { HttpRoute } from './http-server.ts';

/** What can be scraped. */
export interface Scrapable {
  readonly contentType: string;
  render(): Promise<string>;
}

/** `/metrics`. Scrapes that come while one is being rendered share its answer: rendering costs the event loop time. */
export function metricsRoute(metrics: Scrapable): Readonly<Record<'/metrics', HttpRoute>> {
  let rendering: Promise<string> | undefined;
  return {
    '/metrics': async () => {
      rendering ??= metrics.render().finally(() => {
        rendering = undefined;
      });
      return { status: 200, contentType: metrics.contentType, body: await rendering };
    },
  };
}
