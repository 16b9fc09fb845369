/**
 * The witness of all policies as a process of its own: `GET /<number>` answers 200 while that policy's primary serves,
 * 503 when it is lost. It stays while local AWS come and go, since the policies name its port.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WitnessOrder } from './witness.ts';

const lost = new Set<number>();
let isEveryoneLost = false;

const server = createServer((request, response) => {
  const number = Number(request.url?.slice(1));
  response.statusCode = isEveryoneLost || lost.has(number) ? 503 : 200;
  response.end();
});
// Longer than the interval between two rounds, so that connections last from one to the next.
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));

process.on('message', (order: WitnessOrder) => {
  if (order.kind === 'lose') for (const number of order.numbers) lost.add(number);
  else lost.clear();
  isEveryoneLost = order.kind === 'loseAll';
  process.send?.(0);
});
// Its parent is gone: nobody asks any more.
process.on('disconnect', () => process.exit(0));
