import { beforeEach, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../runtime/resource.ts';
import { LatestObjects } from './latest-objects.ts';

const version = (resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'a', resourceVersion },
});

describe('LatestObjects', () => {
  let cached: KubeObject | undefined;
  let objects: LatestObjects<KubeObject>;
  const newest = (): string | undefined => objects.get('a')?.metadata.resourceVersion;

  beforeEach(() => {
    cached = version('1');
    objects = new LatestObjects(() => cached);
  });

  it('given no write of our own, when asked, then the cache answers', () => {
    expect(newest()).toBe('1');
  });

  it('given a cache that lags behind a chain of writes, when asked, then the last write answers', () => {
    objects.noteWrite(version('1'), version('2'));
    objects.noteWrite(version('2'), version('3'));
    expect(newest()).toBe('3');
    cached = version('2');
    expect(newest()).toBe('3');
    cached = version('3');
    expect(newest()).toBe('3');
  });

  it('given somebody else wrote after us, when the cache has it, then it answers, for good', () => {
    objects.noteWrite(version('1'), version('2'));
    cached = version('9');
    expect(newest()).toBe('9');
    cached = version('1');
    expect(newest()).toBe('1');
  });

  it('given a write without effect, when the cache has that very version, then it is the newest', () => {
    objects.noteWrite(version('1'), version('1'));
    expect(newest()).toBe('1');
    cached = version('2');
    expect(newest()).toBe('2');
  });

  it('given a deletion, when the cache knows, then no write of ours brings the object back', () => {
    objects.noteWrite(version('1'), version('2'));
    cached = undefined;
    expect(newest()).toBeUndefined();
    cached = version('1');
    expect(newest()).toBe('1');
  });
});
