/** Most characters that the schema admits in a message of the status. */
export const MAXIMUM_MESSAGE_LENGTH = 4096;

/** Most characters that the schema admits of an annotation's value in `status.lastRequest`. */
export const MAXIMUM_REQUEST_VALUE_LENGTH = 256;

/**
 * The text, shortened to what the schema admits: a status with one string too long is refused by the API server as a
 * whole, and a recorded operation must never fail for its prose.
 */
export function boundedText(text: string, maximumLength: number = MAXIMUM_MESSAGE_LENGTH): string {
  // The API server counts code points, of which there are never more than UTF-16 units.
  if (text.length <= maximumLength) return text;
  const end = maximumLength - 1;
  const splitsPair = /[\uD800-\uDBFF]/.test(text.charAt(end - 1));
  return `${text.slice(0, splitsPair ? end - 1 : end)}…`;
}
