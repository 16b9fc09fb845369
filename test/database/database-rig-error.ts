/** What goes wrong with the databases of the tests, as opposed to what they are to show. */
export class DatabaseRigError extends Error {
  override name = 'DatabaseRigError';
}
