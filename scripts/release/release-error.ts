/** A release cannot be made; nothing was published. */
export class ReleaseError extends Error {
  override name = 'ReleaseError';
}
