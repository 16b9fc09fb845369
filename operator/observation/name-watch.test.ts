import { describe, expect, it } from '@jest/globals';
import type { LookupFunction } from 'node:net';
import { watchName } from './name-watch.ts';

describe('watchName', () => {
  it('given a name, then silence is the resolver’s until there is an address, and nobody knows whose afterwards', () => {
    let tell: Parameters<LookupFunction>[2] | undefined;
    const { lookup, trouble } = watchName('db.example', (_name, _options, callback) => (tell = callback));
    const told: unknown[] = [];
    lookup('db.example', {}, (...answer) => told.push(answer));
    expect(trouble(3000)).toMatchObject({ kind: 'local', cause: 'resolver' });
    tell?.(null, '192.0.2.1', 4);
    expect(told).toEqual([[null, '192.0.2.1', 4]]);
    expect(trouble(3000)).toBeUndefined();
  });

  it.each(['192.0.2.1', '2001:db8::1', '[2001:db8::1]'])(
    'given the address %s, then silence is never the resolver’s',
    (host) => {
      expect(watchName(host).trouble(3000)).toBeUndefined();
    },
  );
});
