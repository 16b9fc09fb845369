/** A local control plane, or a program that it needs, could not be provided. The message says what to do about it. */
export class ControlPlaneError extends Error {
  override readonly name = 'ControlPlaneError';
}
