/** Root of everything that runtime/ throws. */
export class RuntimeError extends Error {
  override name = 'RuntimeError';
}
