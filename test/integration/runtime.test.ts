import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';

import { SystemClock } from '../../operator/runtime/clock.ts';
import { EventRecorder } from '../../operator/runtime/event-recorder.ts';
import { HttpKubeClient } from '../../operator/runtime/http-kube-client.ts';
import { isAlreadyExists, isConflict, isInvalid, isNotFound } from '../../operator/runtime/kube-errors.ts';
import { LeaderElector } from '../../operator/runtime/leader-elector.ts';
import { LEASES, type Lease } from '../../operator/runtime/lease.ts';
import { Reflector } from '../../operator/runtime/reflector.ts';
import { Store } from '../../operator/runtime/store.ts';
import { CONFIG_MAPS, configMap, type ConfigMap } from '../../operator/runtime/testing/config-maps.ts';
import { eventually } from '../../operator/runtime/testing/eventually.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';

const START_TIMEOUT = 15 * 60_000;
const TEST_TIMEOUT = 180_000;
const BOUND = 60_000;

const clock = new SystemClock();
let plane: ControlPlane;
const cleanups: (() => Promise<void>)[] = [];

beforeAll(async () => {
  plane = await startControlPlane();
}, START_TIMEOUT);

afterAll(async () => {
  await plane.stop();
}, TEST_TIMEOUT);

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, TEST_TIMEOUT);

function createClient(timeoutMilliseconds = 5_000): HttpKubeClient {
  const config = new KubeConfig();
  config.loadFromFile(plane.kubeconfig);
  const client = new HttpKubeClient({ config, userAgent: 'runtime-test/1', timeoutMilliseconds });
  cleanups.push(() => client.close());
  return client;
}

let sequence = 0;

/** A fresh name, since the tests may run against a cluster that has a past. */
function uniqueName(prefix: string): string {
  sequence += 1;
  return `${prefix}-${process.pid}-${Date.now()}-${sequence}`;
}

describe('HttpKubeClient against a real API server', () => {
  it(
    'given reads and writes of every kind, when made over TLS, work on few connections',
    async () => {
      const client = createClient();
      const name = uniqueName('client');
      const reference = { namespace: 'default', name };
      const created = await client.create(CONFIG_MAPS, configMap(name, { a: '1' }));
      cleanups.push(() => client.delete(CONFIG_MAPS, reference));
      expect(created.metadata.uid).toBeDefined();

      const patched = await client.mergePatch<ConfigMap>(CONFIG_MAPS, reference, { data: { a: '2', b: '1' } });
      expect(patched.data).toEqual({ a: '2', b: '1' });
      const replaced = await client.update(CONFIG_MAPS, { ...patched, data: { a: '3' } });
      expect(replaced.data).toEqual({ a: '3' });
      await client.apply(CONFIG_MAPS, configMap(name, { c: '1' }), { fieldManager: 'applier' });
      expect((await client.get<ConfigMap>(CONFIG_MAPS, reference)).data).toEqual({ a: '3', c: '1' });

      for (let call = 0; call < 100; call += 1) await client.get(CONFIG_MAPS, reference);
      expect(client.connectionsOpened).toBeLessThanOrEqual(2);
    },
    TEST_TIMEOUT,
  );

  it(
    'given preconditions that fail, when written, are conflicts of their own type',
    async () => {
      const client = createClient();
      const name = uniqueName('conflict');
      const reference = { namespace: 'default', name };
      const created = await client.create(CONFIG_MAPS, configMap(name, { a: '1' }));
      await client.mergePatch(CONFIG_MAPS, reference, { data: { a: '2' } });

      const stale = { metadata: { resourceVersion: created.metadata.resourceVersion }, data: { a: '3' } };
      const failures = await Promise.all([
        client.mergePatch(CONFIG_MAPS, reference, stale).catch(isConflict),
        client.update(CONFIG_MAPS, created).catch(isConflict),
        client
          .jsonPatch(CONFIG_MAPS, reference, [
            { op: 'test', path: '/data/a', value: '1' },
            { op: 'replace', path: '/data/a', value: '3' },
          ])
          .catch(isConflict),
        client.jsonPatch(CONFIG_MAPS, reference, [{ op: 'test', path: '/data/missing', value: '1' }]).catch(isConflict),
        client.apply(CONFIG_MAPS, configMap(name, { a: '9' }), { fieldManager: 'other' }).catch(isConflict),
        client.delete(CONFIG_MAPS, reference, { preconditions: { uid: 'not-this-one' } }).catch(isConflict),
      ]);
      expect(failures).toEqual([true, true, true, true, true, true]);

      // What the schema refuses stays a refusal, also behind a test that holds.
      const senseless = client.jsonPatch(CONFIG_MAPS, reference, [
        { op: 'test', path: '/data/a', value: '2' },
        { op: 'replace', path: '/data', value: 7 },
      ]);
      expect(await senseless.catch((error: unknown) => isInvalid(error) && !isConflict(error))).toBe(true);
      expect(await client.create(CONFIG_MAPS, configMap(name)).catch(isAlreadyExists)).toBe(true);
      expect(await client.create(CONFIG_MAPS, configMap('Not A Name')).catch(isInvalid)).toBe(true);
      await client.delete(CONFIG_MAPS, reference);
      expect(await client.get(CONFIG_MAPS, reference).catch(isNotFound)).toBe(true);
    },
    TEST_TIMEOUT,
  );
});

describe('Reflector against a real API server', () => {
  interface Mirror {
    readonly store: Store<ConfigMap>;
    readonly reflector: Reflector<ConfigMap>;
    readonly counts: { lists: number; watches: number; errors: number };
    readonly write: (name: string, data: Record<string, string>) => Promise<void>;
  }

  async function startMirror(): Promise<Mirror> {
    const namespace = uniqueName('mirror');
    await plane.kubectl(['create', 'namespace', namespace]);
    const counts = { lists: 0, watches: 0, errors: 0 };
    const store = new Store<ConfigMap>({
      onError: () => {
        counts.errors += 1;
      },
    });
    const reflector = new Reflector<ConfigMap>({
      client: createClient(),
      type: CONFIG_MAPS,
      namespace,
      store,
      clock,
      random: Math.random,
      pageSize: 3,
      listTimeoutMilliseconds: 5_000,
      silenceMilliseconds: 8_000,
      backoffMaximumMilliseconds: 1_000,
      listener: {
        onList: () => {
          counts.lists += 1;
        },
        onWatch: () => {
          counts.watches += 1;
        },
        onError: () => {
          counts.errors += 1;
        },
      },
    });
    const controller = new AbortController();
    const finished = reflector.run(controller.signal);
    cleanups.push(async () => {
      controller.abort(new Error('test ends'));
      await finished;
    });
    await reflector.waitForSync(AbortSignal.timeout(BOUND));
    const writer = createClient();
    const write = async (name: string, data: Record<string, string>): Promise<void> => {
      await writer.apply(CONFIG_MAPS, configMap(name, data, namespace), { fieldManager: 'test', force: true });
    };
    return { store, reflector, counts, write };
  }

  const has = (store: Store<ConfigMap>, name: string): boolean =>
    store.list().some(({ metadata }) => metadata.name === name);

  it(
    'given more objects than a page, when started and changed, mirrors them',
    async () => {
      const { store, write } = await startMirror();
      for (let index = 0; index < 10; index += 1) await write(`object-${index}`, { index: String(index) });
      await eventually(() => store.size === 10, BOUND);
      expect(store.list().every(({ metadata }) => metadata.managedFields === undefined)).toBe(true);
      const second = await startMirror();
      await second.write('elsewhere', {});
      await eventually(() => second.store.size === 1, BOUND);
      expect(store.size).toBe(10);
    },
    TEST_TIMEOUT,
  );

  it(
    'given an API server that is killed and started again, when back, mirrors what changed since, without a flood',
    async () => {
      if (!plane.supportsRestart)
        throw new Error('this test needs a control plane that it may kill: unset AURORA_DR_TEST_KUBECONFIG');
      const { store, counts, write } = await startMirror();
      await write('before', {});
      await eventually(() => has(store, 'before'), BOUND);
      await plane.killApiServer();
      await eventually(() => counts.errors > 0, BOUND);
      expect(has(store, 'before')).toBe(true);
      await plane.startApiServer();
      await write('after', {});
      await eventually(() => has(store, 'after'), BOUND);
      expect(counts.lists + counts.watches).toBeLessThan(60);
    },
    TEST_TIMEOUT,
  );

  it(
    'given an API server that is made unresponsive, when it goes on, notices the silence and catches up',
    async () => {
      if (!plane.supportsRestart)
        throw new Error('this test needs a control plane that it may pause: unset AURORA_DR_TEST_KUBECONFIG');
      const { store, counts, reflector, write } = await startMirror();
      await write('before', {});
      await eventually(() => has(store, 'before'), BOUND);
      plane.pauseApiServer();
      try {
        await eventually(() => counts.errors > 0, BOUND);
      } finally {
        plane.resumeApiServer();
      }
      expect(reflector.staleMilliseconds).toBeGreaterThan(0);
      await eventually(
        () =>
          write('after', {}).then(
            () => true,
            () => false,
          ),
        BOUND,
      );
      await eventually(() => has(store, 'after'), BOUND);
      expect(store.size).toBe(2);
    },
    TEST_TIMEOUT,
  );
});

describe('LeaderElector against a real API server', () => {
  it(
    'given two candidates, when the leader stops, hands over at once and counts the transition',
    async () => {
      const name = uniqueName('leader');
      const start = (identity: string): { elector: LeaderElector; stop: () => Promise<void>; errors: unknown[] } => {
        const errors: unknown[] = [];
        const elector = new LeaderElector({
          client: createClient(),
          namespace: 'default',
          name,
          identity,
          clock,
          random: Math.random,
          onStartedLeading: () => undefined,
          onError: (error) => errors.push(error),
        });
        const controller = new AbortController();
        const finished = elector.run(controller.signal);
        const stop = async (): Promise<void> => {
          controller.abort(new Error('stop'));
          await finished;
        };
        cleanups.push(stop);
        return { elector, stop, errors };
      };
      const client = createClient();
      const read = (): Promise<Lease> => client.get<Lease>(LEASES, { namespace: 'default', name });

      const one = start('one');
      await eventually(() => one.elector.isLeader(), BOUND);
      const two = start('two');
      const first = (await read()).spec?.renewTime;
      await eventually(async () => (await read()).spec?.renewTime !== first, BOUND);
      await eventually(() => two.elector.observedLeader === 'one', BOUND);
      expect(two.elector.isLeader()).toBe(false);
      expect(one.elector.leaseRemainingMilliseconds()).toBeGreaterThan(0);

      await one.stop();
      await eventually(() => two.elector.isLeader(), BOUND);

      expect((await read()).spec).toMatchObject({
        holderIdentity: 'two',
        leaseDurationSeconds: 15,
        leaseTransitions: 1,
        acquireTime: expect.stringMatching(/\.\d{6}Z$/),
        renewTime: expect.stringMatching(/\.\d{6}Z$/),
      });
      expect([...one.errors, ...two.errors]).toEqual([]);
      await two.stop();
      expect((await read()).spec?.holderIdentity).toBe('');
      await client.delete(LEASES, { namespace: 'default', name });
    },
    TEST_TIMEOUT,
  );
});

describe('EventRecorder against a real API server', () => {
  it(
    'given events about an object, when repeated, kubectl shows one of each with its count',
    async () => {
      const name = uniqueName('subject');
      const client = createClient();
      const regarding = await client.create(CONFIG_MAPS, configMap(name));
      cleanups.push(() => client.delete(CONFIG_MAPS, { namespace: 'default', name }));
      const dropped: unknown[] = [];
      const recorder = new EventRecorder({
        client,
        clock,
        random: Math.random,
        reportingController: 'example.io/runtime-test',
        reportingInstance: 'test',
        onDrop: (_event, error) => dropped.push(error),
      });
      const controller = new AbortController();
      const finished = recorder.run(controller.signal);
      const started = { regarding, type: 'Normal', reason: 'Started', action: 'Starting', note: 'It starts.' } as const;
      const failed = {
        regarding,
        type: 'Warning',
        reason: 'Failed',
        action: 'Trying',
        note: 'x'.repeat(5_000),
      } as const;
      recorder.record(started);
      recorder.record(failed);
      const show = (): Promise<string> =>
        plane.kubectl(['get', 'events', '--namespace', 'default', '--field-selector', `involvedObject.name=${name}`]);
      await eventually(async () => /Started[^]*Failed|Failed[^]*Started/.test(await show()), BOUND);
      recorder.record(started);
      recorder.record(started);

      // What waits is sent when the process stops.
      controller.abort(new Error('stop'));
      await finished;

      expect(dropped).toEqual([]);
      const table = await show();
      expect(table.match(/It starts\./g)).toHaveLength(1);
      expect(table).toMatch(/Warning +Failed +configmap\//);
      const json = await plane.kubectl(['get', 'events.events.k8s.io', '--namespace', 'default', '--output', 'json']);
      const { items } = JSON.parse(json) as {
        items: { reason: string; regarding: { name: string }; series?: unknown }[];
      };
      const ours = items.filter((item) => item.regarding.name === name);
      expect(ours.map(({ reason }) => reason).sort()).toEqual(['Failed', 'Started']);
      expect(ours.find(({ reason }) => reason === 'Started')?.series).toMatchObject({ count: 3 });
    },
    TEST_TIMEOUT,
  );
});
