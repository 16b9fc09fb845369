import { afterEach, describe, expect, it } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import type { ServerResponse } from 'node:http';

import { SystemClock } from './clock.ts';
import { HttpKubeClient, type HttpKubeClientOptions } from './http-kube-client.ts';
import type { WatchEvent, WatchQuery } from './kube-client.ts';
import { isConflict, KubeApiError, KubeConnectionError, KubeTimeoutError } from './kube-errors.ts';
import { ManualClock } from './manual-clock.ts';
import { Reflector } from './reflector.ts';
import type { KubeObject } from './resource.ts';
import { Store } from './store.ts';
import { CONFIG_MAPS, configMap, type ConfigMap } from './testing/config-maps.ts';
import { eventually } from './testing/eventually.ts';
import {
  FakeApiServer,
  isWatch,
  openWatch,
  sendEvent,
  sendJson,
  sendStatus,
  status,
  type Answer,
} from './testing/fake-api-server.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startServer(answer: Answer): Promise<FakeApiServer> {
  const server = await FakeApiServer.start(answer);
  cleanups.push(() => server.stop());
  return server;
}

function createClient(
  config: KubeConfig,
  options: Pick<HttpKubeClientOptions, 'clock' | 'timeoutMilliseconds' | 'onRequest'> = {},
): HttpKubeClient {
  const client = new HttpKubeClient({ config, userAgent: 'test/1', ...options });
  cleanups.push(() => client.close());
  return client;
}

const stored = (name: string, resourceVersion = '7'): ConfigMap => {
  const object = configMap(name);
  return { ...object, metadata: { ...object.metadata, uid: `uid-${name}`, resourceVersion } };
};

const reference = { namespace: 'default', name: 'a' };
const query: WatchQuery = { resourceVersion: '5', timeoutSeconds: 60, allowBookmarks: true };
const never = (): AbortSignal => new AbortController().signal;

describe('HttpKubeClient', () => {
  it('given a hundred calls one after the other, when counted, used two connections at most (trap: a new one for every call)', async () => {
    const server = await startServer((_request, response) => sendJson(response, stored('a')));
    const client = createClient(server.kubeConfig());
    for (let call = 0; call < 100; call += 1) await client.get(CONFIG_MAPS, reference);
    expect(server.requests).toHaveLength(100);
    // undici opens a second one when a call starts in the same turn in which the last one ends.
    expect(server.connections).toBeLessThanOrEqual(2);
    expect(client.connectionsOpened).toBe(server.connections);
  });

  it('given watches that stay open, when calls follow, opens at most two more connections for all of them', async () => {
    const server = await startServer((request, response) => {
      if (isWatch(request)) openWatch(response);
      else sendJson(response, stored('a'));
    });
    const client = createClient(server.kubeConfig());
    const controller = new AbortController();
    const watching = client.watch(CONFIG_MAPS, query, () => undefined, { signal: controller.signal });
    await eventually(() => server.watches.length === 1);
    for (let call = 0; call < 20; call += 1) await client.get(CONFIG_MAPS, reference);
    expect(server.connections).toBeLessThanOrEqual(3);
    controller.abort(new Error('enough'));
    await expect(watching).rejects.toThrow('enough');
  });

  it('given a server that never answers, when the time is up, fails with a KubeTimeoutError (trap: no request timeout)', async () => {
    const server = await startServer(() => undefined);
    const client = createClient(server.kubeConfig(), { timeoutMilliseconds: 30 });
    await expect(client.get(CONFIG_MAPS, reference)).rejects.toBeInstanceOf(KubeTimeoutError);
    await expect(client.create(CONFIG_MAPS, configMap('a'))).rejects.toBeInstanceOf(KubeTimeoutError);
    await expect(client.watch(CONFIG_MAPS, query, () => undefined, { signal: never() })).rejects.toBeInstanceOf(
      KubeTimeoutError,
    );
  });

  it('given a server that starts its answer and stops half-way, when the time is up, fails with a KubeTimeoutError', async () => {
    const server = await startServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"kind":');
    });
    const client = createClient(server.kubeConfig(), { timeoutMilliseconds: 100 });
    await expect(client.get(CONFIG_MAPS, reference)).rejects.toBeInstanceOf(KubeTimeoutError);
  });

  it('given an exec plugin that hangs, when the time is up, fails with a KubeTimeoutError', async () => {
    const server = await startServer((_request, response) => sendJson(response, stored('a')));
    const config = server.kubeConfig();
    config.addAuthenticator({ isAuthProvider: () => true, applyAuthentication: () => new Promise(() => undefined) });
    const client = createClient(config, { timeoutMilliseconds: 30 });
    await expect(client.get(CONFIG_MAPS, reference)).rejects.toBeInstanceOf(KubeTimeoutError);
    expect(server.requests).toEqual([]);
  });

  it('given expired credentials, when ten calls start at once, fetches new ones once', async () => {
    const server = await startServer((_request, response) => sendJson(response, stored('a')));
    const config = server.kubeConfig();
    let fetched = 0;
    config.addAuthenticator({
      isAuthProvider: () => true,
      applyAuthentication: async () => {
        fetched += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      },
    });
    const client = createClient(config);
    await Promise.all(Array.from({ length: 10 }, () => client.get(CONFIG_MAPS, reference)));
    expect(fetched).toBe(1);
    await client.get(CONFIG_MAPS, reference);
    expect(fetched).toBe(2);
  });

  it('given a caller that gives up, when aborted, rejects with its reason and sends nothing afterwards', async () => {
    const server = await startServer(() => undefined);
    const client = createClient(server.kubeConfig());
    const controller = new AbortController();
    const call = client.get(CONFIG_MAPS, reference, { signal: controller.signal });
    await eventually(() => server.requests.length === 1);
    controller.abort(new Error('no longer wanted'));
    await expect(call).rejects.toThrow('no longer wanted');
    await expect(client.get(CONFIG_MAPS, reference, { signal: controller.signal })).rejects.toThrow('no longer wanted');
    expect(server.requests).toHaveLength(1);
  });

  it('given refused, reset and senseless answers, when called, fails with a KubeConnectionError that has the cause', async () => {
    let answer: Answer = (_request, response) => response.socket?.resetAndDestroy();
    const server = await startServer((request, response) => answer(request, response));
    const client = createClient(server.kubeConfig());
    const failure = await client.get(CONFIG_MAPS, reference).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(KubeConnectionError);
    expect((failure as Error).cause).toMatchObject({ message: expect.any(String) });
    answer = (_request, response) => response.end('<html>hello</html>');
    await expect(client.get(CONFIG_MAPS, reference)).rejects.toBeInstanceOf(KubeConnectionError);
    answer = (_request, response) => sendJson(response, { hello: 'world' });
    await expect(client.get(CONFIG_MAPS, reference)).rejects.toThrow('is this an API server?');
    await expect(client.list(CONFIG_MAPS)).rejects.toThrow('is this an API server?');
    await server.stop();
    await expect(client.get(CONFIG_MAPS, reference)).rejects.toBeInstanceOf(KubeConnectionError);
  });

  it('given writes, when sent, each has its explicit content type, its query and an untouched argument (trap: JSON patch by default, mutated input)', async () => {
    const server = await startServer((_request, response) => sendJson(response, stored('a')));
    const client = createClient(server.kubeConfig());
    const object: ConfigMap = Object.freeze(configMap('a', { x: '1' }));
    Object.freeze(object.metadata);

    await client.create(CONFIG_MAPS, object);
    await client.update(CONFIG_MAPS, object);
    await client.mergePatch(CONFIG_MAPS, reference, { data: { x: '2' } }, { subresource: 'status' });
    await client.mergePatch(CONFIG_MAPS, reference, {}, { isDryRun: true });
    await client.jsonPatch(CONFIG_MAPS, reference, [{ op: 'test', path: '/data/x', value: '1' }]);
    await client.apply(CONFIG_MAPS, object, { fieldManager: 'me', force: true, subresource: 'status' });
    await client.delete(CONFIG_MAPS, reference, { preconditions: { uid: 'u' } });

    const path = '/api/v1/namespaces/default/configmaps';
    expect(
      server.requests.map(({ method, path: sent, query: search, headers }) => [
        method,
        sent,
        search.toString(),
        headers['content-type'],
      ]),
    ).toEqual([
      ['POST', path, '', 'application/json'],
      ['PUT', `${path}/a`, '', 'application/json'],
      ['PATCH', `${path}/a/status`, '', 'application/merge-patch+json'],
      ['PATCH', `${path}/a`, 'dryRun=All', 'application/merge-patch+json'],
      ['PATCH', `${path}/a`, '', 'application/json-patch+json'],
      ['PATCH', `${path}/a/status`, 'force=true&fieldManager=me', 'application/apply-patch+yaml'],
      ['DELETE', `${path}/a`, '', 'application/json'],
    ]);
    expect(server.requests.every(({ headers }) => headers.authorization === 'Bearer secret')).toBe(true);
    expect(server.requests.every(({ headers }) => headers['user-agent'] === 'test/1')).toBe(true);
    expect(JSON.parse(server.requests[6]!.body)).toMatchObject({ preconditions: { uid: 'u' } });
  });

  it('given calls that are answered, refused and cut, when counted, tells the code of each, and of the host', async () => {
    const seen: unknown[] = [];
    const answers: Answer[] = [
      (_request, response) => sendJson(response, stored('a')),
      (_request, response) => sendStatus(response, 409, 'Conflict'),
      (_request, response) => response.destroy(),
    ];
    const server = await startServer((request, response) => answers.shift()?.(request, response));
    const config = server.kubeConfig();
    const client = createClient(config, { onRequest: (request) => seen.push(request) });
    await client.get(CONFIG_MAPS, reference);
    await client.create(CONFIG_MAPS, configMap('a')).catch(() => undefined);
    await client.get(CONFIG_MAPS, reference).catch(() => undefined);
    const { host } = new URL(config.getCurrentCluster()?.server ?? '');
    const durationMilliseconds = expect.any(Number);
    expect(seen).toEqual([
      { code: '200', method: 'GET', path: '/api/v1/namespaces/default/configmaps/a', host, durationMilliseconds },
      { code: '409', method: 'POST', path: '/api/v1/namespaces/default/configmaps', host, durationMilliseconds },
      { code: '<error>', method: 'GET', path: '/api/v1/namespaces/default/configmaps/a', host, durationMilliseconds },
    ]);
  });

  it('given a namespaced kind without a namespace, when addressed, refuses before anything is sent', async () => {
    const server = await startServer((_request, response) => sendJson(response, stored('a')));
    const client = createClient(server.kubeConfig());
    await expect(client.get(CONFIG_MAPS, { name: 'a' })).rejects.toThrow('has no namespace');
    expect(server.requests).toEqual([]);
  });

  it('given errors of the API server, when answered, become typed errors', async () => {
    const server = await startServer((_request, response) => {
      response.setHeader('retry-after', '4');
      sendStatus(response, 409, 'Conflict', 'the object has been modified');
    });
    const client = createClient(server.kubeConfig());
    const failure = await client.update(CONFIG_MAPS, configMap('a')).catch((error: unknown) => error);
    expect(isConflict(failure)).toBe(true);
    expect((failure as KubeApiError).retryAfterSeconds).toBe(4);
    expect((failure as Error).message).toBe(
      'cannot update ConfigMap default/a: the object has been modified (409 Conflict)',
    );
  });

  it('given a list, when its items lack kind and apiVersion, as core lists do, fills them in', async () => {
    const { metadata, data } = stored('a');
    const server = await startServer((_request, response) =>
      sendJson(response, { metadata: { resourceVersion: '9', continue: 'next' }, items: [{ metadata, data }] }),
    );
    const client = createClient(server.kubeConfig());
    const page = await client.list<ConfigMap>(CONFIG_MAPS, { namespace: 'x y', limit: 1, labelSelector: 'a=b' });
    expect(page).toEqual({ items: [stored('a')], resourceVersion: '9', continue: 'next' });
    expect(server.requests[0]?.path).toBe('/api/v1/namespaces/x%20y/configmaps');
    expect(server.requests[0]?.query.toString()).toBe('labelSelector=a%3Db&limit=1');
  });

  it('given a quiet watch, when ten minutes pass, is still open (trap: client-node cuts it after 30 s)', async () => {
    let watch: ServerResponse | undefined;
    const server = await startServer((_request, response) => {
      watch = response;
      openWatch(response);
    });
    const clock = new ManualClock();
    const client = createClient(server.kubeConfig(), { clock });
    const events: string[] = [];
    let isAccepted = false;
    const watching = client.watch(CONFIG_MAPS, query, (event) => events.push(event.object.metadata.name), {
      signal: never(),
      onActivity: () => {
        isAccepted = true;
      },
    });
    await eventually(() => isAccepted);
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(600_000);
    sendEvent(watch!, 'ADDED', stored('after the silence'));
    watch!.end();
    await watching;
    expect(events).toEqual(['after the silence']);
    expect(server.watches[0]?.query.toString()).toBe(
      'watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=60',
    );
  });

  it('given events in odd pieces, when received, are put together', async () => {
    const server = await startServer((_request, response) => {
      openWatch(response);
      const text = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: stored('größe') })}\n`);
      const middle = text.indexOf(Buffer.from('ö')) + 1;
      response.write(text.subarray(0, middle));
      setTimeout(() => response.end(text.subarray(middle)), 20);
    });
    const client = createClient(server.kubeConfig());
    const events: WatchEvent<KubeObject>[] = [];
    await client.watch(CONFIG_MAPS, query, (event) => events.push(event), { signal: never() });
    expect(events.map(({ object }) => object.metadata.name)).toEqual(['größe']);
  });

  it('given a 410, when it comes as a status or as an ERROR event, rejects alike', async () => {
    let isEvent = false;
    const server = await startServer((_request, response) => {
      if (!isEvent) sendStatus(response, 410, 'Expired', 'too old resource version');
      else {
        openWatch(response);
        sendEvent(response, 'ERROR', status(410, 'Expired', 'too old resource version'));
        response.end();
      }
    });
    const client = createClient(server.kubeConfig());
    for (const asEvent of [false, true]) {
      isEvent = asEvent;
      const failure = await client
        .watch(CONFIG_MAPS, query, () => undefined, { signal: never() })
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(KubeApiError);
      expect(failure).toMatchObject({ code: 410, reason: 'Expired' });
    }
  });

  it('given a watch that is cut, garbled or whose callback throws, when it ends, says why (trap: parse errors and throws are swallowed)', async () => {
    let answer: Answer = (_request, response) => {
      openWatch(response);
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    };
    const server = await startServer((request, response) => answer(request, response));
    const client = createClient(server.kubeConfig());
    const watch = (onEvent: () => void = () => undefined): Promise<void> =>
      client.watch(CONFIG_MAPS, query, onEvent, { signal: never() });
    await expect(watch()).rejects.toBeInstanceOf(KubeConnectionError);
    answer = (_request, response) => {
      openWatch(response);
      response.end('{"type":"ADDED","obj');
    };
    await expect(watch()).rejects.toBeInstanceOf(KubeConnectionError);
    answer = (_request, response) => {
      openWatch(response);
      sendEvent(response, 'SURPRISE', stored('a'));
    };
    await expect(watch()).rejects.toThrow('no watch event');
    answer = (_request, response) => {
      openWatch(response);
      sendEvent(response, 'ADDED', stored('a'));
    };
    const thrown = new Error('broken callback');
    await expect(
      watch(() => {
        throw thrown;
      }),
    ).rejects.toBe(thrown);
  });

  it('given client certificates that were renewed, when called again, uses them on a new connection', async () => {
    const server = await startServer((_request, response) => sendJson(response, stored('a')));
    const config = server.kubeConfig();
    const client = createClient(config);
    await client.get(CONFIG_MAPS, reference);
    config.users[0] = { ...config.users[0]!, certData: 'bmV3' };
    expect(client.connectionsOpened).toBe(1);
    await client.get(CONFIG_MAPS, reference);
    expect(client.connectionsOpened).toBe(2);
    for (let call = 0; call < 10; call += 1) await client.get(CONFIG_MAPS, reference);
    expect(client.connectionsOpened).toBeLessThanOrEqual(3);
  });

  it('given a kubeconfig without a current cluster, when created, says what to do', () => {
    const config = new KubeConfig();
    expect(() => new HttpKubeClient({ config, userAgent: 'x' })).toThrow('set its current-context');
  });
});

describe('Reflector over HTTP', () => {
  interface Mirror {
    readonly store: Store<ConfigMap>;
    readonly reflector: Reflector<ConfigMap>;
    readonly errors: unknown[];
  }

  function startReflector(server: FakeApiServer, silenceMilliseconds = 60_000): Mirror {
    const errors: unknown[] = [];
    const store = new Store<ConfigMap>({ onError: (error) => errors.push(error) });
    const reflector = new Reflector<ConfigMap>({
      client: createClient(server.kubeConfig(), { timeoutMilliseconds: 5_000 }),
      type: CONFIG_MAPS,
      store,
      clock: new SystemClock(),
      random: Math.random,
      silenceMilliseconds,
      backoffBaseMilliseconds: 20,
      backoffMaximumMilliseconds: 100,
      listener: { onError: (error) => errors.push(error) },
    });
    const controller = new AbortController();
    const finished = reflector.run(controller.signal);
    cleanups.push(async () => {
      controller.abort(new Error('test ends'));
      await finished;
    });
    return { store, reflector, errors };
  }

  const list = (response: ServerResponse, resourceVersion: string, ...items: ConfigMap[]): void =>
    sendJson(response, { kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion }, items });

  it('given a connection that is cut, when it can be reopened, resumes from the last bookmark', async () => {
    const server = await startServer((request, response) => {
      if (!isWatch(request)) list(response, '10', stored('a'));
      else {
        openWatch(response);
        if (server.watches.length === 1) sendEvent(response, 'BOOKMARK', { metadata: { resourceVersion: '42' } });
      }
    });
    const { reflector, store } = startReflector(server);
    await eventually(() => reflector.resourceVersion === '42');
    server.cutConnections();
    await eventually(() => server.watches.length === 2);
    expect(server.watches.map((watch) => watch.query.get('resourceVersion'))).toEqual(['10', '42']);
    expect(server.lists).toHaveLength(1);
    expect(store.size).toBe(1);
  });

  it('given a 410 in the middle of a watch, when listed again, has what the new list has', async () => {
    const server = await startServer((request, response) => {
      const isFirst = server.watches.length <= 1;
      if (!isWatch(request)) {
        if (server.lists.length === 1) list(response, '10', stored('old'));
        else list(response, '50', stored('new'));
      } else {
        openWatch(response);
        if (isFirst) sendEvent(response, 'ERROR', status(410, 'Expired', 'too old resource version'));
      }
    });
    const { store } = startReflector(server);
    await eventually(() => server.watches.length === 2);
    expect(store.keys()).toEqual(['default/new']);
    expect(server.watches[1]?.query.get('resourceVersion')).toBe('50');
  });

  it('given a watch that hangs, when it stays silent, is replaced by another on a new connection', async () => {
    const server = await startServer((request, response) => {
      if (!isWatch(request)) list(response, '10');
      else {
        openWatch(response);
        if (server.watches.length >= 2) sendEvent(response, 'ADDED', stored('late', '11'));
      }
    });
    const { store, errors } = startReflector(server, 200);
    await eventually(() => store.size === 1);
    expect(String(errors[0])).toContain('no sign of life');
  });

  it('given a server that comes back slowly, when it answers errors first, recovers without a flood', async () => {
    const server = await startServer((request, response) => {
      if (server.requests.length <= 5) sendStatus(response, 503, 'ServiceUnavailable');
      else if (isWatch(request)) openWatch(response);
      else setTimeout(() => list(response, '10', stored('a')), 50);
    });
    const { reflector } = startReflector(server);
    await reflector.waitForSync();
    await eventually(() => server.watches.length === 1);
    expect(server.requests).toHaveLength(7);
  });

  it('given a group with two versions, when discovered, names each resource once, in the version the server prefers, without subresources', async () => {
    const clusters = { name: 'clusters', kind: 'Cluster', namespaced: true };
    const answers: Record<string, object> = {
      '/apis/rds.example.org': { versions: [{ version: 'v1beta2' }, { version: 'v1beta1' }] },
      '/apis/rds.example.org/v1beta2': { resources: [clusters, { ...clusters, name: 'clusters/status' }] },
      '/apis/rds.example.org/v1beta1': {
        resources: [clusters, { name: 'globalclusters', kind: 'GlobalCluster', namespaced: false }],
      },
    };
    const server = await startServer((request, response) => sendJson(response, answers[request.path] ?? {}));
    const client = createClient(server.kubeConfig());
    const group = 'rds.example.org';
    expect(await client.discover(group)).toEqual([
      { group, version: 'v1beta2', plural: 'clusters', kind: 'Cluster', namespaced: true },
      { group, version: 'v1beta1', plural: 'globalclusters', kind: 'GlobalCluster', namespaced: false },
    ]);
  });

  it('given a group that is not served, when discovered, has no resources; any other refusal is an error', async () => {
    const server = await startServer((_request, response) => sendStatus(response, 404, 'NotFound'));
    const client = createClient(server.kubeConfig());
    expect(await client.discover('rds.example.org')).toEqual([]);
    server.answer = (_request, response) => sendStatus(response, 403, 'Forbidden');
    await expect(client.discover('rds.example.org')).rejects.toMatchObject({ code: 403 });
    server.answer = (_request, response) => sendJson(response, { kind: 'Login' });
    await expect(client.discover('rds.example.org')).rejects.toThrow(KubeConnectionError);
  });
});
