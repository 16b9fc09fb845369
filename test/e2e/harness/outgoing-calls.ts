/**
 * Loaded into an operator under test (`node --import`) before its own code. Takes down everything that leaves the process,
 * as JSON lines in the file named by AURORA_DR_TEST_CALLS: TCP connections, name lookups, datagrams, further processes, and
 * what is asked of AWS over HTTPS. AWS's own host names lead to where the file named by AURORA_DR_TEST_ROUTES says, read
 * for each call; what it does not name, and every address beyond this machine, is refused on this machine.
 */
import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import { appendFileSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

/** One line of the file. */
export type OutgoingCall =
  | { readonly kind: 'aws'; readonly host: string; readonly action: string; readonly at: number }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly at: number }
  | { readonly kind: 'lookup' | 'datagram' | 'process'; readonly what: string; readonly at: number };

type Timeless<T> = T extends unknown ? Omit<T, 'at'> : never;
type Anything = (...parameters: unknown[]) => unknown;

const callsFile = process.env['AURORA_DR_TEST_CALLS'] ?? '';
const routesFile = process.env['AURORA_DR_TEST_ROUTES'] ?? '';
/** The discard port: nothing listens there. */
const nowhere = { host: '127.0.0.1', port: 9 };

function note(call: Timeless<OutgoingCall>): void {
  appendFileSync(callsFile, `${JSON.stringify({ ...call, at: Date.now() })}\n`);
}

/** Replaces a function of a module, or of a prototype, by one that is told of the original. */
function wrap(owner: object, name: string, around: (original: Anything) => Anything): void {
  const table = owner as Record<string, Anything>;
  const original = table[name];
  if (original === undefined) {
    throw new Error(`cannot watch ${name}: this Node has no such function`);
  }
  table[name] = around(original);
}

/** The action is in the body of the Query protocol, and in a header of AWS JSON. */
function watchAction(request: http.ClientRequest, host: string): void {
  let body = '';
  const take = (chunk: unknown): void => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) {
      body += Buffer.from(chunk as Uint8Array).toString('utf8');
    }
  };
  for (const name of ['write', 'end']) {
    wrap(
      request,
      name,
      (original) =>
        function (this: unknown, ...parameters: unknown[]) {
          take(parameters[0]);
          if (name === 'end') {
            const target = request.getHeader('x-amz-target');
            const action = typeof target === 'string' ? target.split('.')[1] : new URLSearchParams(body).get('Action');
            note({ kind: 'aws', host, action: action ?? '?' });
          }
          return original.apply(this, parameters);
        },
    );
  }
}

function requestByName(options: https.RequestOptions, onResponse?: (response: http.IncomingMessage) => void) {
  const host = options.host ?? options.hostname ?? '';
  const routes = JSON.parse(readFileSync(routesFile, 'utf8')) as Record<string, string>;
  const route = routes[host];
  const { hostname, port } = route === undefined ? { hostname: nowhere.host, port: nowhere.port } : new URL(route);
  const { agent: _own, ...others } = options;
  const plain = { ...others, protocol: 'http:', host: hostname, hostname, port: Number(port), agent: false as const };
  const request = http.request(plain, onResponse);
  watchAction(request, host);
  return request;
}

function targetOf(parameters: unknown[]): { host?: unknown; port?: unknown; path?: unknown } {
  const [first, second] = parameters;
  const inner: unknown = Array.isArray(first) ? first[0] : first;
  return typeof inner === 'object' && inner !== null ? inner : { port: inner, host: second };
}

const isThisMachine = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

wrap(https, 'request', () => requestByName as Anything);
wrap(https, 'get', () => () => {
  throw new Error('https.get is not watched');
});

wrap(
  net.Socket.prototype,
  'connect',
  (original) =>
    function (this: unknown, ...parameters: unknown[]) {
      const target = targetOf(parameters);
      const host = typeof target.host === 'string' ? target.host : 'localhost';
      note({ kind: 'tcp', host, port: Number(target.port) });
      return isThisMachine(host) ? original.apply(this, parameters) : original.call(this, nowhere);
    },
);

const resolvers = [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype];
for (const resolver of resolvers) {
  for (const name of Object.getOwnPropertyNames(resolver).filter((key) => /^(lookup|resolve|reverse)/.test(key))) {
    wrap(
      resolver,
      name,
      (original) =>
        function (this: unknown, ...parameters: unknown[]) {
          const what = String(parameters[0]);
          // A listener looks its own address up.
          if (net.isIP(what) === 0) note({ kind: 'lookup', what });
          return original.apply(this, parameters);
        },
    );
  }
}

wrap(dgram, 'createSocket', (original) => (...parameters) => {
  note({ kind: 'datagram', what: JSON.stringify(parameters[0]) });
  return original(...parameters);
});

for (const name of ['spawn', 'exec', 'execFile', 'fork']) {
  wrap(childProcess, name, (original) => (...parameters) => {
    note({ kind: 'process', what: String(parameters[0]) });
    return original(...parameters);
  });
}

syncBuiltinESMExports();
