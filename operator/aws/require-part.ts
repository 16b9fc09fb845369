import { AwsError } from './errors.ts';

/** A 2xx answer that is not what the API documents, for instance from a proxy that answers everything. */
export class UnexpectedAnswerError extends AwsError {
  override name = 'UnexpectedAnswerError';
  readonly $metadata: { readonly httpStatusCode?: number };

  constructor(part: string, httpStatusCode: number | undefined) {
    super(`the answer has no ${part}`);
    this.$metadata = httpStatusCode === undefined ? {} : { httpStatusCode };
  }
}

/**
 * The SDK reads an empty or foreign document as an answer without any field. Taken for "there are no clusters" it would
 * be a false observation.
 */
export function requirePart<
  T extends { $metadata: { httpStatusCode?: number | undefined } },
  K extends keyof T & string,
>(answer: T, part: K): NonNullable<T[K]> {
  const value = answer[part];
  if (value === undefined || value === null) throw new UnexpectedAnswerError(part, answer.$metadata.httpStatusCode);
  return value;
}
