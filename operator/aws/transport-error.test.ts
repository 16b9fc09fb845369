import { describe, expect, it } from '@jest/globals';
import { classifyTransportError } from './transport-error.ts';

const failure = (message: string, properties: object = {}): Error => Object.assign(new Error(message), properties);
const messageOf = (error: unknown): string | undefined => classifyTransportError(error)?.classification.message;

describe('classifyTransportError', () => {
  it.each([
    ['a code that the message does not name', failure('it broke', { code: 'ECONNRESET' }), 'it broke (ECONNRESET)'],
    ['a code that the message names', failure('read ECONNRESET', { code: 'ECONNRESET' }), 'read ECONNRESET'],
    ['a code without a message', failure('', { code: 'ECONNRESET' }), 'ECONNRESET'],
    ['a name without a message', failure('', { name: 'TimeoutError' }), 'TimeoutError'],
    ['a name and a message', failure('too slow', { name: 'TimeoutError' }), 'too slow'],
  ])('given %s, then people read each once', (_what, error, message) => {
    expect(messageOf(error)).toBe(message);
  });

  it.each([
    ['a refusal whose call is not named', failure('no', { code: 'ECONNREFUSED' }), true],
    ['an unknown name whose call is not named', failure('no', { code: 'ENOTFOUND' }), true],
    ['a lack of sockets while a name is resolved', failure('no', { code: 'EMFILE', syscall: 'getaddrinfo' }), true],
    ['a lack of sockets while something is written', failure('no', { code: 'EMFILE', syscall: 'write' }), false],
    ['a certificate', failure('no', { code: 'CERT_HAS_EXPIRED' }), false],
    ['an answer that is no HTTP', failure('no', { code: 'HPE_INVALID_CONSTANT', syscall: 'connect' }), false],
    ['a time that ran out in other words', failure('too slow', { name: 'TimeoutError' }), false],
  ])('given %s, then it is known whether nothing was sent: %s', (_what, error, isUnsent) => {
    expect(classifyTransportError(error)).toMatchObject({ isUnsent });
  });

  it('given several addresses, one of which may have got the request, then it counts as sent', () => {
    const unsent = failure('no', { code: 'ENETUNREACH', syscall: 'connect' });
    const sent = failure('no', { code: 'ECONNRESET', syscall: 'read' });
    expect(classifyTransportError(new AggregateError([unsent, sent]))).toMatchObject({
      classification: { kind: 'noAnswer', cause: 'reset' },
      isUnsent: false,
    });
  });

  it('given parts of another kind, then those that are known count, else the whole, else its cause', () => {
    const reset = failure('no', { code: 'ECONNRESET', syscall: 'read' });
    const other = new Error('other');
    const expected = { classification: { kind: 'noAnswer', cause: 'reset' }, isUnsent: false };
    expect(classifyTransportError(new AggregateError([other, 'text', reset]))).toMatchObject(expected);
    expect(classifyTransportError(Object.assign(new AggregateError([other]), { code: 'EPIPE' }))).toMatchObject(
      expected,
    );
    expect(classifyTransportError(new AggregateError([], 'all', { cause: reset }))).toMatchObject(expected);
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'ECONNRESET'],
    ['an object that only looks like one', { code: 'ECONNRESET', message: '' }],
    ['an error without a code', new Error('ECONNRESET')],
    ['an error whose code is a number', failure('no', { code: 104 })],
    ['an error of an unknown code', failure('no', { code: 'X_CERT_' })],
  ])('given %s, then there is no such failure', (_what, error) => {
    expect(classifyTransportError(error)).toBeUndefined();
  });
});
