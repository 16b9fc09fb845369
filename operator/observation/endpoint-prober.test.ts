import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { SystemClock } from '../runtime/clock.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { TcpEndpointProber } from './endpoint-prober.ts';

const open: Server[] = [];

const listen = async (): Promise<{ port: number; closed: Promise<void>; server: Server }> => {
  const closed = Promise.withResolvers<undefined>();
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .on('close', () => closed.resolve(undefined))
      .resume();
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, closed: closed.promise, server };
};

afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

describe('TcpEndpointProber', () => {
  const prober = new TcpEndpointProber(new SystemClock());
  const options = { timeoutMilliseconds: 5000 };

  it('given something that accepts, is answered and leaves no connection behind', async () => {
    const { port, closed } = await listen();
    expect(await prober.probe('127.0.0.1', port, options)).toEqual({ kind: 'answered' });
    await closed;
  });

  it('given nobody who listens, is refused', async () => {
    const { port, server } = await listen();
    await new Promise((resolve) => server.close(resolve));
    expect(await prober.probe('127.0.0.1', port, options)).toMatchObject({ kind: 'noAnswer', cause: 'refused' });
  });

  it('given a name that does not resolve, blames the resolver', async () => {
    const lost = new TcpEndpointProber(new SystemClock(), {
      lookup: (_name, _options, callback) => {
        callback(Object.assign(new Error('queryA ENOTFOUND db.example'), { code: 'ENOTFOUND' }), []);
      },
    });
    const attempt = await lost.probe('db.example', 1, options);
    expect(attempt).toMatchObject({ kind: 'local', cause: 'resolver' });
  });

  it('given a timeout that passes first, is met by silence', async () => {
    const { port } = await listen();
    // Due in this very turn of the event loop, before any connection can have come about.
    const impatient = new ManualClock();
    impatient.setTimeout = (callback) => {
      queueMicrotask(callback);
      return { cancel: () => undefined };
    };
    const attempt = await new TcpEndpointProber(impatient).probe('127.0.0.1', port, options);
    expect(attempt).toMatchObject({ kind: 'noAnswer', cause: 'timeout', message: 'no answer within 5000 ms' });
  });

  it('given name servers that are silent, blames the resolver: nothing has been sent to the database', async () => {
    const clock = new ManualClock();
    const unheard = new TcpEndpointProber(clock, { lookup: () => undefined });
    const attempt = unheard.probe('db.example', 3306, options);
    await clock.advance(5000);
    expect(await attempt).toEqual({
      kind: 'local',
      cause: 'resolver',
      message: 'no name server told the address of db.example within 5000 ms; check the name servers',
    });
  });

  it('given a caller that gives up, was not attempted', async () => {
    const { port } = await listen();
    const attempt = await prober.probe('127.0.0.1', port, { ...options, signal: AbortSignal.abort() });
    expect(attempt).toMatchObject({ kind: 'local', cause: 'notAttempted' });
  });
});
