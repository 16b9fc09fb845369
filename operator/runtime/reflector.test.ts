import { afterEach, describe, expect, it } from '@jest/globals';

import { apiErrorFrom, KubeConnectionError } from './kube-errors.ts';
import { ManualClock } from './manual-clock.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { Store } from './store.ts';
import { CONFIG_MAPS, configMap, type ConfigMap } from './testing/config-maps.ts';
import { FakeKubeClient } from './testing/fake-kube-client.ts';

interface Setup {
  readonly clock: ManualClock;
  readonly client: FakeKubeClient;
  readonly store: Store<ConfigMap>;
  readonly reflector: Reflector<ConfigMap>;
  readonly errors: unknown[];
  readonly stop: () => Promise<void>;
}

const running: Setup[] = [];

function startReflector(options: Partial<ReflectorOptions<ConfigMap>> = {}, client?: FakeKubeClient): Setup {
  const clock = new ManualClock();
  const fake = client ?? new FakeKubeClient(clock);
  const errors: unknown[] = [];
  const store = new Store<ConfigMap>({ onError: (error) => errors.push(error) });
  const reflector = new Reflector<ConfigMap>({
    client: fake,
    type: CONFIG_MAPS,
    store,
    clock,
    random: () => 0.5,
    listener: { onError: (error) => errors.push(error) },
    ...options,
  });
  const controller = new AbortController();
  const finished = reflector.run(controller.signal);
  const setup: Setup = {
    clock,
    client: fake,
    store,
    reflector,
    errors,
    stop: async () => {
      controller.abort(new Error('test ends'));
      await finished;
    },
  };
  running.push(setup);
  return setup;
}

afterEach(async () => {
  for (const { stop } of running.splice(0)) await stop();
});

const refuse = (code: number, reason = ''): Error => apiErrorFrom('watch', code, { kind: 'Status', reason });

describe('Reflector', () => {
  it('given objects on several pages, when started, lists all of them and then follows changes', async () => {
    const { clock, client, store, reflector } = startReflector({ pageSize: 2 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) client.put(CONFIG_MAPS, configMap(name));
    expect(reflector.hasSynced).toBe(false);
    const synced = reflector.waitForSync();
    await clock.settle();
    await synced;

    expect(store.size).toBe(5);
    expect(client.count('list')).toBe(3);
    client.put(CONFIG_MAPS, configMap('a', { changed: 'yes' }));
    client.drop(CONFIG_MAPS, { namespace: 'default', name: 'b' });
    await clock.settle();
    expect(store.get('default/a')?.data).toEqual({ changed: 'yes' });
    expect(store.get('default/b')).toBeUndefined();
    expect(client.count('list')).toBe(3);
  });

  it('given a watch that the server ends, when reopened, resumes from the last resourceVersion without a list', async () => {
    const { clock, client, store, errors } = startReflector();
    await clock.advance(5_000);
    client.put(CONFIG_MAPS, configMap('a'));
    client.endWatches();
    client.put(CONFIG_MAPS, configMap('b'));
    await clock.advance(0);
    expect(store.size).toBe(2);
    expect(client.count('list')).toBe(1);
    expect(client.count('watch')).toBe(2);
    expect(errors).toEqual([]);
  });

  it('given bookmarks only, when history is forgotten meanwhile, still resumes without a list (trap: no bookmarks in client-node)', async () => {
    const { clock, client, reflector } = startReflector();
    await clock.advance(5_000);
    client.bookmark(500);
    expect(reflector.resourceVersion).toBe('500');
    client.compact();
    client.endWatches();
    await clock.advance(0);
    expect(client.count('list')).toBe(1);
    expect(client.openWatches).toBe(1);
  });

  it('given history that is gone, when the watch is reopened and answered with 410, lists again', async () => {
    const { clock, client, store } = startReflector();
    await clock.advance(5_000);
    client.isSilent = true;
    client.put(CONFIG_MAPS, configMap('missed'));
    client.compact();
    client.isSilent = false;
    client.endWatches();
    await clock.advance(1_000);
    expect(client.count('list')).toBe(2);
    expect(store.get('default/missed')).toBeDefined();
    expect(client.openWatches).toBe(1);
  });

  it('given an ERROR event other than 410, when received, reopens the watch from where it was (trap: client-node drops them)', async () => {
    const { clock, client, errors } = startReflector();
    await clock.advance(5_000);
    client.endWatches(refuse(500, 'InternalError'));
    await clock.advance(1_000);
    expect(errors).toHaveLength(1);
    expect(client.count('list')).toBe(1);
    expect(client.openWatches).toBe(1);
  });

  it('given any other failure, again and again, when the API server is back, recovers (trap: the informer dies)', async () => {
    const { clock, client, store, errors } = startReflector();
    client.before = () => {
      throw new KubeConnectionError('refused');
    };
    await clock.advance(5 * 60_000);
    expect(store.size).toBe(0);
    client.before = () => {
      throw new TypeError('not even a KubeError');
    };
    await clock.advance(60_000);
    expect(errors.length).toBeGreaterThan(10);
    client.before = () => undefined;
    client.put(CONFIG_MAPS, configMap('a'));
    await clock.advance(20_000);
    expect(store.size).toBe(1);
  });

  it('given an API server that is away for an hour, when counted, was not flooded (trap: a careless restart)', async () => {
    const { clock, client } = startReflector();
    await clock.advance(5_000);
    client.calls.length = 0;
    client.before = () => {
      throw new KubeConnectionError('refused');
    };
    client.endWatches(new KubeConnectionError('reset'));
    await clock.advance(3_600_000);
    // At most one attempt for each 10 s, less the quick first ones.
    expect(client.calls.length).toBeLessThan(380);
    expect(client.calls.length).toBeGreaterThan(300);
  });

  it('given a server that ends every watch at once, when counted, was not flooded', async () => {
    const { clock, client, reflector } = startReflector();
    await clock.settle();
    client.after = ({ verb }) => {
      if (verb === 'watch') setImmediate(() => client.endWatches());
    };
    client.endWatches();
    await clock.advance(600_000);
    expect(client.count('watch')).toBeLessThan(80);
    expect(client.count('list')).toBe(1);
    expect(reflector.hasSynced).toBe(true);
  });

  it('given a server that asks to stay away, when it is busy, does', async () => {
    const { clock, client } = startReflector();
    await clock.advance(5_000);
    client.calls.length = 0;
    client.endWatches(apiErrorFrom('watch', 429, '', '30'));
    await clock.advance(29_000);
    expect(client.calls).toEqual([]);
    await clock.advance(1_500);
    expect(client.openWatches).toBe(1);
  });

  it('given a watch that hangs silently, when the silence lasts too long, opens another (trap: silent watches)', async () => {
    const { clock, client, store, reflector, errors } = startReflector({ silenceMilliseconds: 10_000 });
    await clock.advance(5_000);
    client.bookmark();
    expect(reflector.staleMilliseconds).toBe(0);
    client.isSilent = true;
    client.put(CONFIG_MAPS, configMap('unseen'));
    await clock.advance(9_000);
    expect(reflector.staleMilliseconds).toBe(9_000);
    expect(client.count('watch')).toBe(1);
    client.isSilent = false;
    await clock.advance(2_000);
    expect(client.count('watch')).toBe(2);
    expect(client.openWatches).toBe(1);
    expect(store.get('default/unseen')).toBeDefined();
    expect(String(errors[0])).toContain('no sign of life');
  });

  it('given a list that hangs, when its time is up, tries again (trap: no request timeout)', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    client.put(CONFIG_MAPS, configMap('a'));
    client.before = () => new Promise(() => undefined);
    const { store } = startReflector({ clock, listTimeoutMilliseconds: 3_000 }, client);
    await clock.advance(2_900);
    client.before = () => undefined;
    await clock.advance(1_000);
    expect(store.size).toBe(1);
  });

  it('given a watch that misses a change, when the periodic list is due, finds it (trap: no resync in client-node)', async () => {
    const { clock, client, store, errors } = startReflector({
      relistMilliseconds: 60_000,
      silenceMilliseconds: 600_000,
    });
    await clock.advance(5_000);
    client.isSilent = true;
    client.put(CONFIG_MAPS, configMap('lost'));
    client.isSilent = false;
    await clock.advance(54_000);
    expect(store.size).toBe(0);
    await clock.advance(2_000);
    expect(store.size).toBe(1);
    expect(client.count('list')).toBe(2);
    expect(client.openWatches).toBe(1);
    expect(errors).toEqual([]);
  });

  it('given etcd restored from a backup, when a bookmark falls back, lists again', async () => {
    const { clock, client, store } = startReflector();
    await clock.advance(5_000);
    client.bookmark(10_000);
    client.isSilent = true;
    client.put(CONFIG_MAPS, configMap('since the backup'));
    client.isSilent = false;
    client.bookmark(9_000);
    await clock.advance(1_000);
    expect(client.count('list')).toBe(2);
    expect(store.size).toBe(1);
  });

  it('given a resourceVersion from the future, when the server says so, lists again', async () => {
    const { clock, client } = startReflector();
    await clock.advance(5_000);
    const details = { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] };
    client.endWatches(apiErrorFrom('watch', 504, { kind: 'Status', reason: 'Timeout', details }));
    await clock.advance(1_000);
    expect(client.count('list')).toBe(2);
  });

  it('given pages that expire while listing, when tried again, asks for everything at once', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    for (const name of ['a', 'b', 'c']) client.put(CONFIG_MAPS, configMap(name));
    const { store } = startReflector({ clock, pageSize: 2 }, client);
    client.before = ({ verb }) => {
      if (verb === 'list' && client.count('list') === 2) throw refuse(410, 'Expired');
    };
    await clock.advance(1_000);
    expect(client.count('list')).toBe(3);
    expect(store.size).toBe(3);
  });

  it('given a handler that throws, when events arrive, the loop lives on and the error is reported (trap: an unhandled rejection)', async () => {
    const { clock, client, store, errors } = startReflector();
    await clock.settle();
    store.subscribe(() => {
      throw new Error('broken handler');
    });
    client.put(CONFIG_MAPS, configMap('a'));
    client.put(CONFIG_MAPS, configMap('b'));
    await clock.settle();
    expect(store.size).toBe(2);
    expect(errors.map(String)).toEqual(['Error: broken handler', 'Error: broken handler']);
    expect(client.count('watch')).toBe(1);
  });

  it('given a stop during a backoff, when time passes, opens no other watch and leaves no timer (trap: stop() opens one)', async () => {
    const { clock, client, stop } = startReflector();
    await clock.advance(5_000);
    client.endWatches(refuse(500));
    await clock.settle();
    client.calls.length = 0;
    await stop();
    await clock.advance(3_600_000);
    expect(client.calls).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given a stop at any other moment, when time passes, nothing is left', async () => {
    for (const moment of ['list', 'watch'] as const) {
      const clock = new ManualClock();
      const client = new FakeKubeClient(clock);
      client.before = ({ verb }) => (verb === moment ? new Promise(() => undefined) : undefined);
      const { stop } = startReflector({ clock }, client);
      await clock.settle();
      await stop();
      expect(client.openWatches).toBe(0);
      await clock.advance(60_000);
      expect(client.calls.filter(({ verb }) => verb === moment)).toHaveLength(1);
    }
    const { clock, client, stop } = startReflector();
    await clock.settle();
    await stop();
    expect(client.openWatches).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('given somebody who waits for the first list, when they give up, rejects with their reason', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    client.before = () => new Promise(() => undefined);
    const { reflector } = startReflector({ clock }, client);
    const controller = new AbortController();
    const waiting = reflector.waitForSync(controller.signal);
    controller.abort(new Error('no patience'));
    await expect(waiting).rejects.toThrow('no patience');
    await expect(reflector.waitForSync(controller.signal)).rejects.toThrow('no patience');
  });

  it('given a watch that was cut in silence, when refreshed, holds what was written meanwhile at once', async () => {
    const { clock, client, store, reflector, errors } = startReflector();
    await clock.advance(5_000);
    client.isSilent = true;
    client.put(CONFIG_MAPS, configMap('unseen'));
    client.isSilent = false;
    const refreshed = reflector.refresh();
    await clock.settle();
    await refreshed;
    expect(store.get('default/unseen')).toBeDefined();
    expect(client.count('list')).toBe(2);
    expect(client.openWatches).toBe(1);
    expect(errors).toEqual([]);
  });

  it('given a list under way, when refreshed, waits for one that was asked for later', async () => {
    const clock = new ManualClock();
    const client = new FakeKubeClient(clock);
    const lists: (() => void)[] = [];
    client.after = ({ verb }) => (verb === 'list' ? new Promise((resolve) => lists.push(resolve)) : undefined);
    const { reflector, store } = startReflector({ clock }, client);
    await clock.settle();
    client.put(CONFIG_MAPS, configMap('written after the first list was read'));
    let isRefreshed = false;
    const refreshed = reflector.refresh().then(() => (isRefreshed = true));
    lists.shift()?.();
    await clock.settle();
    expect([isRefreshed, store.size, client.openWatches]).toEqual([false, 0, 0]);
    lists.shift()?.();
    await refreshed;
    expect(store.size).toBe(1);
  });

  it('given a backoff after an error, when refreshed, lists without waiting for its end', async () => {
    const { clock, client, reflector } = startReflector({ backoffBaseMilliseconds: 10_000 });
    await clock.advance(5_000);
    client.endWatches(new KubeConnectionError('cannot watch: connection lost'));
    await clock.settle();
    expect(client.openWatches).toBe(0);
    const refreshed = reflector.refresh();
    await clock.settle();
    await refreshed;
    expect(client.openWatches).toBe(1);
  });

  it('given an API server that refuses, when refreshed, tries again until a list succeeds, or until given up', async () => {
    const { clock, client, reflector } = startReflector();
    await clock.advance(5_000);
    client.before = () => {
      throw new KubeConnectionError('cannot list: connection refused');
    };
    const controller = new AbortController();
    const givenUp = reflector.refresh(controller.signal);
    const refreshed = reflector.refresh();
    await clock.settle();
    controller.abort(new Error('not leading any more'));
    await expect(givenUp).rejects.toThrow('not leading any more');
    client.before = () => undefined;
    await clock.advance(10_000);
    await refreshed;
    expect(client.openWatches).toBe(1);
  });
});
