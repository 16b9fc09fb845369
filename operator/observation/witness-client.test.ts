import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type LookupFunction } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createCertificateAuthority } from '../../test/control-plane/certificates.ts';
import { SystemClock } from '../runtime/clock.ts';
import { WitnessClient } from './witness-client.ts';

let server: Server;
let url: string;
let respond: (response: ServerResponse) => void;
let requests: number;
let connections: number;
const client = new WitnessClient(new SystemClock());
const options = { timeoutMilliseconds: 5000 };

beforeEach(async () => {
  requests = 0;
  connections = 0;
  server = createServer((_request, response) => {
    requests += 1;
    respond(response);
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Every name leads here. */
const lookup: LookupFunction = (_name, { all }, callback) => {
  if (all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

const nowhere = (how: LookupFunction): WitnessClient => new WitnessClient(new SystemClock(), { lookup: how });

describe('WitnessClient', () => {
  it.each([200, 204, 404, 500, 503])('given status %d, carries it', async (statusCode) => {
    respond = (response) => response.writeHead(statusCode).end();
    expect(await client.fetch(url, options)).toEqual({ attempt: { kind: 'answered' }, statusCode });
  });

  it('given a redirect, does not follow it', async () => {
    respond = (response) => response.writeHead(302, { location: url }).end();
    expect(await client.fetch(url, options)).toEqual({ attempt: { kind: 'answered' }, statusCode: 302 });
    expect(requests).toBe(1);
  });

  it('given a body that never ends, does not wait for it', async () => {
    respond = (response) => void response.writeHead(200).write('endless');
    expect(await client.fetch(url, options)).toMatchObject({ statusCode: 200 });
  });

  it('given silence, gives up at the timeout', async () => {
    respond = () => undefined;
    const { attempt, statusCode } = await client.fetch(url, { timeoutMilliseconds: 50 });
    expect(attempt).toMatchObject({ kind: 'noAnswer', cause: 'timeout' });
    expect(statusCode).toBeUndefined();
  });

  it('given a dropped connection, finds it reset', async () => {
    respond = (response) => response.destroy();
    expect((await client.fetch(url, options)).attempt).toMatchObject({ kind: 'noAnswer', cause: 'reset' });
  });

  it('given nobody who listens, is refused', async () => {
    expect((await client.fetch('http://127.0.0.1:1/', options)).attempt).toMatchObject({
      kind: 'noAnswer',
      cause: 'refused',
    });
  });

  it('given a name that does not resolve, blames the resolver', async () => {
    const { attempt } = await nowhere((_name, _options, callback) => {
      callback(Object.assign(new Error('queryA ENOTFOUND witness.test'), { code: 'ENOTFOUND' }), []);
    }).fetch('http://witness.test/', options);
    expect(attempt).toMatchObject({ kind: 'local', cause: 'resolver' });
  });

  it('given a name that is known at once, and silence, gives up on the witness', async () => {
    respond = () => undefined;
    const { port } = new URL(url);
    // Within a microtask, as a round asks: the name is there before the request has its socket.
    const { attempt } = await Promise.resolve().then(() =>
      nowhere((name, lookupOptions, callback) => {
        void Promise.resolve().then(() => lookup(name, lookupOptions, callback));
      }).fetch(`http://witness.test:${port}/`, { timeoutMilliseconds: 50 }),
    );
    expect(attempt).toMatchObject({ kind: 'noAnswer', cause: 'timeout' });
  });

  it('given name servers that are silent, blames the resolver: nothing has been sent to the witness', async () => {
    const { attempt } = await nowhere(() => undefined).fetch('http://witness.test/', { timeoutMilliseconds: 50 });
    expect(attempt).toEqual({
      kind: 'local',
      cause: 'resolver',
      message: 'no name server told the address of witness.test within 50 ms; check the name servers',
    });
  });

  it('given a URL that is none, attempts nothing', async () => {
    expect((await client.fetch('nonsense', options)).attempt).toMatchObject({ kind: 'local', cause: 'notAttempted' });
  });

  it('given a connection that could be kept, asks on a fresh one each time, and leaves none behind', async () => {
    const closed = Promise.withResolvers<undefined>();
    server.on('connection', (socket) => socket.on('close', () => closed.resolve(undefined)));
    respond = (response) => response.writeHead(200, { connection: 'keep-alive', 'content-length': '2' }).end('ok');
    for (let i = 0; i < 3; i += 1) await client.fetch(url, options);
    expect(connections).toBe(3);
    await closed.promise;
  });

  it('given a name, asks where it leads each time', async () => {
    respond = (response) => response.end();
    const asked: string[] = [];
    const named = new WitnessClient(new SystemClock(), {
      lookup: (name, lookupOptions, callback) => {
        asked.push(name);
        lookup(name, lookupOptions, callback);
      },
    });
    const { port } = new URL(url);
    for (let i = 0; i < 2; i += 1) {
      expect(await named.fetch(`http://witness.test:${port}/`, options)).toMatchObject({ statusCode: 200 });
    }
    expect(asked).toEqual(['witness.test', 'witness.test']);
  });

  it('asks for what the address names, and tells nobody the login in it', async () => {
    const asked = Promise.withResolvers<unknown>();
    server.prependListener('request', ({ method, url: path, headers: { accept, host, authorization } }) => {
      asked.resolve({ method, path, accept, host, authorization });
    });
    respond = (response) => response.end();
    const { port, host } = new URL(url);
    await client.fetch(`http://user:secret@127.0.0.1:${port}/a%20b?c=d#e`, options);
    expect(await asked.promise).toEqual({ method: 'GET', path: '/a%20b?c=d', accept: '*/*', host });
  });

  it('given word that the answer is under way, waits for the answer', async () => {
    respond = (response) => {
      response.writeProcessing();
      response.writeHead(204).end();
    };
    expect(await client.fetch(url, options)).toMatchObject({ statusCode: 204 });
  });

  it.each([
    ['something that speaks no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'rejected', 'malformed'],
    ['half of a head', 'HTTP/1.1 200', 'noAnswer', 'reset'],
    ['another protocol than was asked for', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', 'noAnswer', 'reset'], // prettier-ignore
  ])('given %s, takes it for no status', async (_what, text, kind, cause) => {
    const other = createTcpServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end(text),
    );
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { attempt, statusCode } = await client.fetch(`http://127.0.0.1:${port}/`, options);
    expect(attempt).toMatchObject({ kind, cause });
    expect(statusCode).toBeUndefined();
    await new Promise((resolve) => other.close(resolve));
  });

  it.each([
    ['before it is asked', () => AbortSignal.abort()],
    ['while it is asked', () => AbortSignal.timeout(20)],
  ])('given a caller that gives up %s, was not attempted', async (_when, signal) => {
    respond = () => undefined;
    expect((await client.fetch(url, { ...options, signal: signal() })).attempt).toEqual({
      kind: 'local',
      cause: 'notAttempted',
      message: 'given up by the caller',
    });
  });

  it('given an address of another kind, attempts nothing', async () => {
    const { attempt } = await client.fetch('ftp://127.0.0.1/', options);
    expect(attempt).toMatchObject({ kind: 'local', cause: 'notAttempted' });
  });
});

describe('WitnessClient over TLS', () => {
  const authority = createCertificateAuthority('witness');
  const usual = getCACertificates('default');
  let secure: ReturnType<typeof createTlsServer>;
  let connections: number;

  beforeEach(async () => {
    connections = 0;
    const { certificate: cert, key } = authority.issueServer();
    secure = createTlsServer({ cert, key }, (_request, response) => response.writeHead(503).end('no'));
    secure.on('connection', () => (connections += 1));
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    setDefaultCACertificates(usual);
    secure.closeAllConnections();
    await new Promise((resolve) => secure.close(resolve));
  });

  const here = new WitnessClient(new SystemClock(), { lookup });
  const ask = (host: string) => here.fetch(`https://${host}:${(secure.address() as AddressInfo).port}/`, options);

  it('given a certificate of nobody that is trusted, finds TLS at fault', async () => {
    expect((await ask('localhost')).attempt).toMatchObject({ kind: 'noAnswer', cause: 'tls' });
  });

  it.each(['localhost', '127.0.0.1'])(
    'given a certificate that is trusted, for %s, carries the status',
    async (host) => {
      setDefaultCACertificates([...usual, authority.certificate]);
      expect(await ask(host)).toEqual({ attempt: { kind: 'answered' }, statusCode: 503 });
    },
  );

  it('given a trusted certificate of another host, finds TLS at fault', async () => {
    setDefaultCACertificates([...usual, authority.certificate]);
    expect((await ask('witness.test')).attempt).toMatchObject({ kind: 'noAnswer', cause: 'tls' });
  });

  it('given several rounds, asks on a fresh connection each time', async () => {
    setDefaultCACertificates([...usual, authority.certificate]);
    for (let i = 0; i < 3; i += 1) await ask('localhost');
    expect(connections).toBe(3);
  });

  it('given something that speaks no TLS, finds TLS at fault', async () => {
    const { attempt } = await client.fetch(url.replace('http:', 'https:'), options);
    expect(attempt).toMatchObject({ kind: 'noAnswer', cause: 'tls' });
  });
});
