import { describe, expect, it } from '@jest/globals';
import type { LastRequest } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { isSameRequest, nextRequest, pendingRequest, type PendingRequest } from './pending-request.ts';
import { anOperation } from './testing/an-operation.ts';

const own = (annotations: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`aurora-dr.io/${name}`, value]));

describe('pendingRequest', () => {
  it.each<[string, Record<string, string> | undefined, Partial<PendingRequest> | undefined]>([
    ['no annotations', undefined, undefined],
    ['those of others', { 'example.com/force-failover': 'x' }, undefined],
    [
      'a forced failover',
      own({ 'force-failover': 'us-west-2' }),
      { action: 'force-failover', value: 'us-west-2', forceType: 'Auto', hasAcceptedDataLoss: false },
    ],
    [
      'a forced failover with all of its parts',
      own({ 'force-failover': ' any ', 'force-type': 'Failover', 'accept-data-loss': 'true' }),
      { value: 'any', forceType: 'Failover', hasAcceptedDataLoss: true },
    ],
    [
      'an acceptance that is not "true"',
      own({ 'force-failover': 'any', 'accept-data-loss': 'True' }),
      { hasAcceptedDataLoss: false },
    ],
    [
      'spaces around its parts',
      own({ 'force-failover': 'any', 'force-type': ' Failover ', 'accept-data-loss': ' true ' }),
      { forceType: 'Failover', hasAcceptedDataLoss: true },
    ],
    ['an empty value', own({ 'force-failover': '' }), { action: 'force-failover', value: '' }],
    ['a failback', own({ failback: 'true' }), { action: 'failback', value: 'true' }],
    ['a drill', own({ drill: 'Simulate' }), { action: 'drill', value: 'Simulate' }],
    ['an acknowledgement', own({ acknowledge: 'id' }), { action: 'acknowledge', value: 'id' }],
    ['a confirmed fence', own({ 'confirm-fenced': 'id' }), { action: 'confirm-fenced', value: 'id' }],
    ['an acceptance alone', own({ 'accept-data-loss': 'true' }), { action: 'accept-data-loss', value: 'true' }],
    ['a type alone', own({ 'force-type': 'Failover' }), { action: 'accept-data-loss', value: 'Failover' }],
    ['two requests', own({ drill: 'Simulate', 'force-failover': 'any' }), { action: 'force-failover' }],
  ])('given %s, then it is read', (_name, annotations, expected) => {
    const request = pendingRequest(annotations);
    if (expected === undefined) {
      expect(request).toBeUndefined();
    } else {
      expect(request).toMatchObject(expected);
    }
  });

  it('given a request, when it is answered, then all of its annotations go, and no others', () => {
    const annotations = {
      ...own({ 'force-failover': 'any', 'accept-data-loss': 'true', drill: 'Simulate' }),
      other: 'x',
    };
    expect(pendingRequest(annotations)?.keys).toEqual(['aurora-dr.io/force-failover', 'aurora-dr.io/accept-data-loss']);
  });

  it.each(['failback', 'drill', 'acknowledge', 'confirm-fenced'])(
    'given %s, when it is answered, then its own annotation goes',
    (action) => {
      const annotations = own({ [action]: 'true', 'accept-data-loss': 'true' });

      expect(pendingRequest(annotations)?.keys).toEqual([`aurora-dr.io/${action}`]);
    },
  );

  it('given a value beyond what status keeps, when read twice, then it is the same request', () => {
    const annotations = own({ 'force-failover': 'x'.repeat(1000) });
    expect(pendingRequest(annotations)?.value).toHaveLength(253);
    const type = own({ 'force-failover': 'any', 'force-type': 'x'.repeat(1000) });
    expect(pendingRequest(type)?.forceType).toHaveLength(253);
  });
});

describe('nextRequest', () => {
  const answered: LastRequest = {
    action: 'drill',
    value: 'Simulate',
    forceType: 'Auto',
    acceptDataLoss: false,
    observedAt: '2026-01-01T00:00:00.000Z',
    result: 'Refused',
    annotationsRemoved: false,
  };
  const annotations = own({ drill: 'Simulate', 'force-failover': 'any', 'force-type': 'Failover' });

  it('given one that is answered and waits to be removed, then it comes first: it would be answered again', () => {
    expect(nextRequest(annotations, answered, undefined)).toMatchObject({ action: 'drill' });
  });

  it('given none that is answered, then a forced failover comes first', () => {
    const removed: LastRequest = { ...answered, annotationsRemoved: true };
    expect(nextRequest(annotations, removed, undefined)).toMatchObject({ action: 'force-failover' });
    expect(nextRequest(annotations, undefined, undefined)).toMatchObject({ action: 'force-failover' });
    expect(nextRequest(undefined, answered, undefined)).toBeUndefined();
  });
});

describe('isSameRequest', () => {
  const request = pendingRequest(own({ 'force-failover': 'us-west-2' }))!;
  const answered: LastRequest = {
    action: 'force-failover',
    value: 'us-west-2',
    forceType: 'Auto',
    acceptDataLoss: false,
    observedAt: '2026-01-01T00:00:00.000Z',
    result: 'Refused',
  };
  const started: LastRequest = { ...answered, result: 'Accepted', operationId: 'op-1' };

  it.each<[string, LastRequest | undefined, ReturnType<typeof anOperation> | undefined, boolean]>([
    ['nothing was ever asked', undefined, undefined, false],
    ['the answer is on record, the removal not', { ...answered, annotationsRemoved: false }, undefined, true],
    ['the removal is on record', { ...answered, annotationsRemoved: true }, undefined, false],
    ['another value was answered', { ...answered, value: 'any', annotationsRemoved: false }, undefined, false],
    ['another type was answered', { ...answered, forceType: 'Failover', annotationsRemoved: false }, undefined, false],
    ['the loss was accepted then', { ...answered, acceptDataLoss: true, annotationsRemoved: false }, undefined, false],
    ['another action was answered', { ...answered, action: 'drill', annotationsRemoved: false }, undefined, false],
    ['its operation is Accepted', started, anOperation({ id: 'op-1', step: 'Accepted' }), true],
    ['its operation is Requested', started, anOperation({ id: 'op-1', step: 'Requested' }), false],
    ['its operation is Unconfirmed', started, anOperation({ id: 'op-1', step: 'Unconfirmed' }), false],
    ['another operation is Accepted', started, anOperation({ id: 'op-2', step: 'Accepted' }), false],
    ['its operation is over', started, undefined, false],
  ])('given %s, then it is told', (_name, last, operation, expected) => {
    expect(isSameRequest(request, last, operation)).toBe(expected);
  });
});
