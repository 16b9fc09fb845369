import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { KubeObject } from './resource.ts';
import { Store, type StoreChange } from './store.ts';

function object(name: string, resourceVersion: string, uid = `uid-${name}`): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'ns', name, uid, resourceVersion, managedFields: [{}] },
  };
}

interface Recorded {
  readonly store: Store<KubeObject>;
  readonly seen: [StoreChange, string | undefined, string | undefined][];
  readonly errors: string[];
}

function createStore(transform?: (object: KubeObject) => KubeObject): Recorded {
  const seen: Recorded['seen'] = [];
  const errors: string[] = [];
  const onError = (error: unknown, key: string): void => {
    errors.push(`${key}: ${(error as Error).message}`);
  };
  const store = new Store<KubeObject>(transform === undefined ? { onError } : { onError, transform });
  store.subscribe((change, previous, current) => {
    seen.push([change, previous?.metadata.resourceVersion, current?.metadata.resourceVersion]);
  });
  return { store, seen, errors };
}

describe('Store', () => {
  it('given events, when applied, tells what changed and strips managed fields', () => {
    const { store, seen } = createStore();
    store.apply({ type: 'ADDED', object: object('a', '1') });
    store.apply({ type: 'MODIFIED', object: object('a', '2') });
    store.apply({ type: 'BOOKMARK', object: object('a', '3') });
    store.apply({ type: 'DELETED', object: object('a', '4') });
    store.apply({ type: 'DELETED', object: object('a', '5') });
    expect(seen).toEqual([
      ['added', undefined, '1'],
      ['updated', '1', '2'],
      ['deleted', '2', undefined],
    ]);
    store.apply({ type: 'ADDED', object: object('b', '6') });
    expect(store.get('ns/b')?.metadata).not.toHaveProperty('managedFields');
  });

  it('given a list, when it replaces the content, tells only the differences', () => {
    const { store, seen } = createStore();
    store.replace([object('same', '1'), object('changed', '1'), object('gone', '1')]);
    seen.length = 0;
    store.replace([object('same', '1'), object('changed', '2'), object('new', '2')]);
    expect(seen).toEqual([
      ['updated', '1', '2'],
      ['added', undefined, '2'],
      ['deleted', '1', undefined],
    ]);
    expect(store.keys().sort()).toEqual(['ns/changed', 'ns/new', 'ns/same']);
  });

  it('given an object that was deleted and created again unseen, when listed, tells both', () => {
    const { store, seen } = createStore();
    store.replace([object('a', '1', 'old')]);
    store.replace([object('a', '9', 'new')]);
    expect(seen.slice(1)).toEqual([
      ['deleted', '1', undefined],
      ['added', undefined, '9'],
    ]);
  });

  it('given a handler that throws, when something changes, the others still hear of it and the error is reported (trap: a throwing callback is swallowed)', () => {
    const errors: string[] = [];
    const heard: string[] = [];
    const store = new Store<KubeObject>({ onError: (error) => errors.push((error as Error).message) });
    store.subscribe(() => {
      throw new Error('broken handler');
    });
    store.subscribe((change) => heard.push(change));
    store.apply({ type: 'ADDED', object: object('a', '1') });
    expect(heard).toEqual(['added']);
    expect(errors).toEqual(['broken handler']);
  });

  it('given a transform that refuses an object, when it changes, keeps what was known and reports', () => {
    const { store, errors } = createStore((one) => {
      if (one.metadata.resourceVersion === '2') throw new Error('malformed');
      return one;
    });
    store.replace([object('a', '1')]);
    store.replace([object('a', '2')]);
    expect(store.get('ns/a')?.metadata.resourceVersion).toBe('1');
    expect(errors).toEqual(['ns/a: malformed']);
  });

  it('given content, when somebody subscribes late and leaves again, tells the content first and nothing after', () => {
    const { store } = createStore();
    store.replace([object('a', '1')]);
    const heard: string[] = [];
    const leave = store.subscribe((change, _previous, current) =>
      heard.push(`${change} ${current?.metadata.name ?? ''}`),
    );
    leave();
    store.replace([]);
    expect(heard).toEqual(['added a']);
    expect(store.size).toBe(0);
  });

  it('given any sequence of events and lists, when followed by a handler alone, the handler ends with the same content', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ event: fc.constantFrom('ADDED', 'MODIFIED', 'DELETED'), name, uid: fc.nat(1) }),
      fc.record({ list: fc.uniqueArray(name), uid: fc.nat(1) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { store } = createStore();
        const mirror = new Map<string, KubeObject>();
        store.subscribe((change, previous, current) => {
          const key = `ns/${(current ?? previous)!.metadata.name}`;
          expect(mirror.get(key)).toBe(previous);
          expect(change).toBe(previous === undefined ? 'added' : current === undefined ? 'deleted' : 'updated');
          if (current === undefined) mirror.delete(key);
          else mirror.set(key, current);
        });
        steps.forEach((one, index) => {
          const make = (named: string): KubeObject => object(named, String(index), `${named}-${one.uid}`);
          if ('list' in one) store.replace(one.list.map(make));
          else store.apply({ type: one.event, object: make(one.name) });
          expect(new Map(store.list().map((kept) => [`ns/${kept.metadata.name}`, kept]))).toEqual(mirror);
        });
      }),
    );
  });
});
