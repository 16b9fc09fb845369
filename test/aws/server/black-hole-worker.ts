import { createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/** Listens with the shortest backlog, says so, and sleeps without ever accepting until it is woken to leave. */
const { address, port, wake } = workerData as { address: string; port: number; wake: Int32Array };
const server = createServer();
server.listen({ host: address, port, backlog: 1 }, () => {
  parentPort?.postMessage('listening');
  Atomics.wait(wake, 0, 0);
  process.exit();
});
