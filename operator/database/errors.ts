/** Base of everything this room throws. */
export class DatabaseError extends Error {
  override name = 'DatabaseError';
}

/** There is no login to try. */
export class LoginError extends DatabaseError {
  override name = 'LoginError';
}
