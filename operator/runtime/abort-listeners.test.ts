import { describe, expect, it } from '@jest/globals';
import { addAbortListener, removeAbortListener } from './abort-listeners.ts';

describe('abort listeners', () => {
  it('given an abort, calls all who listen once, in order', () => {
    const controller = new AbortController();
    const called: string[] = [];
    addAbortListener(controller.signal, () => called.push('first'));
    addAbortListener(controller.signal, () => called.push('second'));
    expect(called).toEqual([]);
    controller.abort();
    controller.abort();
    expect(called).toEqual(['first', 'second']);
  });

  it('given one who left, also while others are told, does not call it', () => {
    const controller = new AbortController();
    const { signal } = controller;
    const called: string[] = [];
    const early = (): unknown => called.push('early');
    const late = (): unknown => called.push('late');
    addAbortListener(signal, early);
    addAbortListener(signal, () => {
      called.push('stays');
      removeAbortListener(signal, late);
    });
    addAbortListener(signal, late);
    removeAbortListener(signal, early);
    controller.abort();
    expect(called).toEqual(['stays']);
  });

  it('given signals of their own, keeps them apart', () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const called: string[] = [];
    const callback = (): unknown => called.push('called');
    addAbortListener(one.signal, callback);
    addAbortListener(other.signal, callback);
    removeAbortListener(one.signal, callback);
    removeAbortListener(undefined, callback);
    removeAbortListener(new AbortController().signal, callback);
    one.abort();
    expect(called).toEqual([]);
    other.abort();
    expect(called).toEqual(['called']);
  });

  it('given a thousand who listen to one signal, burdens it with one listener', () => {
    const controller = new AbortController();
    let burden = 0;
    const { signal } = controller;
    const listen = signal.addEventListener.bind(signal);
    signal.addEventListener = (...parameters: Parameters<typeof listen>) => {
      burden += 1;
      listen(...parameters);
    };
    for (let i = 0; i < 1000; i += 1) addAbortListener(signal, () => undefined);
    expect(burden).toBe(1);
  });
});
