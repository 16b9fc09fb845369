/** Schemas cannot be read or turned into bindings. */
export class BindingsError extends Error {
  override name = 'BindingsError';
}
