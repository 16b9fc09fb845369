import { describe, expect, it } from '@jest/globals';
import { Socket } from 'node:net';
import { watchName } from './name-watch.ts';

describe('watchName', () => {
  it('given a name, then silence is the resolver’s until there is an address, and nobody knows whose afterwards', () => {
    const socket = new Socket();
    const trouble = watchName(socket, 'db.example');
    expect(trouble(3000)).toMatchObject({ kind: 'local', cause: 'resolver' });
    socket.emit('lookup', null, '192.0.2.1', 4, 'db.example');
    expect(trouble(3000)).toBeUndefined();
  });

  it.each(['192.0.2.1', '2001:db8::1', '[2001:db8::1]'])(
    'given the address %s, then silence is never the resolver’s',
    (host) => {
      expect(watchName(new Socket(), host)(3000)).toBeUndefined();
    },
  );
});
