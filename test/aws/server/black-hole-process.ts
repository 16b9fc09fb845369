import { createServer } from 'node:net';

/** How often the sleeper looks whether its parent still lives, in milliseconds. */
const look = 500;

/**
 * Started by BlackHole as a process of its own: listens with the shortest backlog, says so, and sleeps without ever
 * accepting. It is killed when it is no longer wanted, and leaves by itself when its parent is gone.
 */
const [address, port] = process.argv.slice(2);
const parent = process.ppid;
createServer().listen({ host: address, port: Number(port), backlog: 1 }, () => {
  process.send?.('listening', () => {
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    while (process.ppid === parent) {
      Atomics.wait(sleeper, 0, 0, look);
    }
    process.exit();
  });
});
