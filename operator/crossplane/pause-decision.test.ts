import { describe, expect, it } from '@jest/globals';
import { decidePause, type PauseWish } from './pause-decision.ts';
import { managedResource } from './testing/managed-objects.ts';

const POLICY = 'payments/tx';
const hold: PauseWish = { kind: 'Hold', operationId: 'failover-1', fromRegion: 'us-east-1' };
const ours = {
  'crossplane.io/paused': 'true',
  'aurora-dr.io/paused-by': POLICY,
  'aurora-dr.io/paused-for': 'failover-1',
  'aurora-dr.io/paused-from': 'us-east-1',
};
const decide = (annotations: Record<string, string>, wish: PauseWish): unknown =>
  decidePause(managedResource({ annotations }), POLICY, wish);

describe('decidePause', () => {
  it('given a resource that nobody paused, when it is to be held, pause and mark are one write', () => {
    expect(decide({}, hold)).toEqual(ours);
    expect(decide({ 'crossplane.io/paused': 'false' }, hold)).toEqual(ours);
  });

  it('given our mark, when it is to be held, only what is missing is written', () => {
    expect(decide(ours, hold)).toBeUndefined();
    const later: PauseWish = { kind: 'Hold', operationId: 'switchover-2', fromRegion: 'us-west-2' };
    // Where it all began stays: the way back is to there.
    expect(decide(ours, later)).toEqual({ 'crossplane.io/paused': 'true', 'aurora-dr.io/paused-for': 'switchover-2' });
    expect(decide({ ...ours, 'crossplane.io/paused': 'false' }, hold)).toMatchObject({
      'crossplane.io/paused': 'true',
    });
  });

  it('given a pause without our mark, whatever is wished, it is left alone', () => {
    for (const wish of [hold, { kind: 'Keep' }, { kind: 'Release' }] as const) {
      expect(decide({ 'crossplane.io/paused': 'true' }, wish)).toBeUndefined();
      expect(decide({ ...ours, 'aurora-dr.io/paused-by': 'payments/other' }, wish)).toBeUndefined();
    }
  });

  it('given a person who removed the mark and the pause, when it is to be held for the same operation, it stays resumed', () => {
    const released = { 'aurora-dr.io/paused-for': 'failover-1', 'aurora-dr.io/paused-from': 'us-east-1' };
    expect(decide(released, hold)).toBeUndefined();
    expect(decide(released, { kind: 'Hold', operationId: 'failover-2', fromRegion: 'us-west-2' })).toEqual({
      'crossplane.io/paused': 'true',
      'aurora-dr.io/paused-by': POLICY,
      'aurora-dr.io/paused-for': 'failover-2',
      'aurora-dr.io/paused-from': 'us-west-2',
    });
  });

  it('given nothing is known of roles, then our own pauses stay and come back, and no new one is made', () => {
    expect(decide(ours, { kind: 'Keep' })).toBeUndefined();
    expect(decide({}, { kind: 'Keep' })).toBeUndefined();
    expect(decide({ 'aurora-dr.io/paused-by': POLICY }, { kind: 'Keep' })).toEqual({ 'crossplane.io/paused': 'true' });
  });

  it('given our mark, when released, pause and mark go in one write, and the operation stays to be known', () => {
    expect(decide(ours, { kind: 'Release', operationId: 'switchover-2' })).toEqual({
      'crossplane.io/paused': null,
      'aurora-dr.io/paused-by': null,
      'aurora-dr.io/paused-from': null,
      'aurora-dr.io/paused-for': 'switchover-2',
    });
    // As an array: a dot in a path would look for a property of a property.
    expect(decide(ours, { kind: 'Release' })).not.toHaveProperty(['aurora-dr.io/paused-for']);
    expect(decide({}, { kind: 'Release' })).toBeUndefined();
  });
});
