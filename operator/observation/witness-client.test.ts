import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SystemClock } from '../runtime/clock.ts';
import { WitnessClient } from './witness-client.ts';

let server: Server;
let url: string;
let respond: (response: ServerResponse) => void;
let requests: number;
const client = new WitnessClient(new SystemClock());
const options = { timeoutMilliseconds: 5000 };

beforeEach(async () => {
  requests = 0;
  server = createServer((_request, response) => {
    requests += 1;
    respond(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

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
    expect((await client.fetch('http://no-such-host.invalid/', options)).attempt).toMatchObject({
      kind: 'local',
      cause: 'resolver',
    });
  });

  it('given a URL that is none, attempts nothing', async () => {
    expect((await client.fetch('nonsense', options)).attempt).toMatchObject({ kind: 'local', cause: 'notAttempted' });
  });
});
