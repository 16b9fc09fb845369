/**
 * Loaded into an operator under test (`node --import`) before its own code: no name of AWS is known to the resolver, and
 * nothing is asked of a real one.
 */
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

type Lookup = (...parameters: unknown[]) => unknown;

const table = dns as unknown as { lookup: Lookup };
const original = table.lookup;

table.lookup = (...parameters) => {
  const [hostname] = parameters;
  const callback = parameters.at(-1);
  if (typeof hostname === 'string' && hostname.endsWith('.amazonaws.com') && typeof callback === 'function') {
    const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
      code: 'ENOTFOUND',
      syscall: 'getaddrinfo',
      hostname,
    });
    process.nextTick(callback, error);
    return undefined;
  }
  return original(...parameters);
};
syncBuiltinESMExports();
