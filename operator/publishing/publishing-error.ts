/**
 * Why the writer is not published, as a condition's reason. `NameTaken`: an object of that name belongs to somebody else.
 * `Refused`: the API server will not have it until somebody changes something. `Unavailable`: worth trying again.
 */
export type PublishingFailureReason = 'NameTaken' | 'Refused' | 'Unavailable';

/** Something could not be published. */
export class PublishingError extends Error {
  override name = 'PublishingError';
  readonly reason: PublishingFailureReason;

  constructor(reason: PublishingFailureReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
