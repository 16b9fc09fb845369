import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Health } from '../runtime/health.ts';
import { healthRoutes } from './health-routes.ts';
import { type HttpRoute, HttpServer, HttpServerError, type HttpServerProps } from './http-server.ts';
import { metricsRoute } from './metrics-route.ts';

const address = '127.0.0.1';
const servers: HttpServer[] = [];

async function start(routes: Record<string, HttpRoute>, props: Partial<HttpServerProps> = {}): Promise<number> {
  const server = new HttpServer({ port: 0, address, routes, ...props });
  servers.push(server);
  return server.start();
}

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

function ask(port: number, path: string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ port, host: address, path, method, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, type: response.headers['content-type'], body }));
    });
    call.on('error', reject).end();
  });
}

const hello: HttpRoute = () => ({ status: 200, contentType: 'text/plain', body: 'hellö' });

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

describe('HttpServer', () => {
  it('given port 0, tells the port that it got and answers there', async () => {
    const port = await start({ '/x': hello });
    expect(port).toBeGreaterThan(0);
    expect(await ask(port, '/x?y=1')).toEqual({ status: 200, type: 'text/plain', body: 'hellö' });
  });

  it('given HEAD, answers without a body', async () => {
    expect(await ask(await start({ '/x': hello }), '/x', 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  it.each(['/', '/y', '/x/', '//', '/constructor', '/__proto__'])(
    'given the unknown path %s, answers 404',
    async (path) => {
      expect(await ask(await start({ '/x': hello }), path)).toMatchObject({ status: 404 });
    },
  );

  it('given another method, answers 405', async () => {
    expect(await ask(await start({ '/x': hello }), '/x', 'POST')).toMatchObject({ status: 405 });
  });

  it('given a route that throws, answers 500 without its words and reports it', async () => {
    const errors: unknown[] = [];
    const boom = new Error('inner words');
    const onError = (error: unknown): unknown => errors.push(error);
    const port = await start({ '/x': () => Promise.reject(boom) }, { onError });
    expect(await ask(port, '/x')).toMatchObject({ status: 500, body: 'internal error\n' });
    expect(errors).toEqual([boom]);
  });

  it('given a port in use, fails with what to do', async () => {
    const port = await start({});
    const second = start({}, { port });
    await expect(second).rejects.toThrow(HttpServerError);
    await expect(second).rejects.toThrow(/^cannot listen on port \d+: .*EADDRINUSE.*; free it, or choose another/);
  });

  it('given more connections than allowed, refuses the one too many', async () => {
    const port = await start({ '/x': hello }, { maximumConnections: 1 });
    const held = connect(port, address);
    await new Promise((resolve) => held.once('connect', resolve));
    await expect(ask(port, '/x')).rejects.toThrow();
    held.destroy();
  });

  it('given a request in flight, a close lets it end, and takes no new ones', async () => {
    let answer = (): void => undefined;
    let isAsked = (): void => undefined;
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    const port = await start({
      '/slow': async () => {
        isAsked();
        await new Promise<void>((resolve) => (answer = resolve));
        return { status: 200, contentType: 'text/plain', body: 'late' };
      },
    });
    const slow = ask(port, '/slow');
    await asked;
    const closed = servers[0]?.close(60_000);
    await expect(ask(port, '/slow')).rejects.toThrow('ECONNREFUSED');
    answer();
    expect(await slow).toMatchObject({ body: 'late' });
    await closed;
  });

  it('given a request that never ends, a close cuts it after the grace', async () => {
    let isAsked = (): void => undefined;
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    const port = await start({ '/slow': () => new Promise(() => isAsked()) });
    const slow = expect(ask(port, '/slow')).rejects.toThrow('hang up');
    await asked;
    await servers[0]?.close(1);
    await slow;
  });

  it('given a close before or after, does nothing', async () => {
    const server = new HttpServer({ port: 0, address, routes: {} });
    await server.close();
    await server.start();
    await server.close();
    await server.close();
  });
});

describe('healthRoutes', () => {
  it('given healthy checks, answers ok, and lists them when asked to', async () => {
    const health = new Health();
    health.register('ready', 'watch', () => true);
    const port = await start(healthRoutes(health));
    expect(await ask(port, '/readyz')).toMatchObject({ status: 200, body: 'ok\n' });
    expect(await ask(port, '/readyz?verbose')).toMatchObject({ body: '[+]watch ok\nreadyz check passed\n' });
  });

  it('given a failing check, answers 503 with all of them, and the other endpoint is not affected', async () => {
    const health = new Health();
    health.register('live', 'loop', () => true);
    health.register('live', 'watch', () => 'silent for 5 min');
    const port = await start(healthRoutes(health));
    expect(await ask(port, '/healthz')).toMatchObject({
      status: 503,
      body: '[+]loop ok\n[-]watch failed: silent for 5 min\nhealthz check failed\n',
    });
    expect(await ask(port, '/readyz')).toMatchObject({ status: 200 });
  });
});

describe('metricsRoute', () => {
  const scrapable = (pieces: () => AsyncGenerator<string>) => ({ contentType: 'text/metrics', pieces });

  it('given scrapes at the same time, each gets the whole', async () => {
    const port = await start(
      metricsRoute(
        scrapable(async function* () {
          yield 'a 1\n';
          await new Promise((resolve) => setImmediate(resolve));
          yield 'b 2\n';
        }),
      ),
    );
    const whole = { status: 200, type: 'text/metrics', body: 'a 1\nb 2\n' };
    expect(await Promise.all([ask(port, '/metrics'), ask(port, '/metrics')])).toEqual([whole, whole]);
    expect(await ask(port, '/metrics', 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  it('given a scrape that fails half-way, ends the connection, says so, and serves the next', async () => {
    let isBroken = true;
    const errors: unknown[] = [];
    const routes = metricsRoute(
      scrapable(async function* () {
        yield 'a 1\n';
        await new Promise((resolve) => setImmediate(resolve));
        if (isBroken) throw new Error('broken');
      }),
    );
    const port = await start(routes, { onError: (error) => errors.push(error) });
    await expect(ask(port, '/metrics')).rejects.toThrow();
    expect(errors).toEqual([new Error('broken')]);
    isBroken = false;
    expect(await ask(port, '/metrics')).toMatchObject({ body: 'a 1\n' });
  });

  it('given a client that leaves half-way, makes no more of it', async () => {
    let made = 0;
    const ended = Promise.withResolvers<undefined>();
    const errors: unknown[] = [];
    const routes = metricsRoute(
      scrapable(async function* () {
        try {
          for (; made < 1_000_000; made += 1) {
            yield 'x'.repeat(65_536);
            await new Promise((resolve) => setImmediate(resolve));
          }
        } finally {
          ended.resolve(undefined);
        }
      }),
    );
    const port = await start(routes, { onError: (error) => errors.push(error) });
    await new Promise<void>((resolve, reject) => {
      request({ port, host: '127.0.0.1', path: '/metrics', agent: false }, (response) => {
        response.once('data', () => response.destroy());
        response.on('error', () => undefined).once('close', resolve);
      })
        .on('error', reject)
        .end();
    });
    await ended.promise;
    expect(made).toBeLessThan(1_000_000);
    expect(errors).toEqual([]);
  });
});
