const MILLISECONDS_OF = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
type Unit = keyof typeof MILLISECONDS_OF;

const WHOLE = /^(?:[0-9]{1,6}(?:ms|s|m|h))+$/;
const PART = /([0-9]+)(ms|s|m|h)/g;
const MAXIMUM_LENGTH = 16;

/** A text is not a duration of the API. */
export class InvalidDurationError extends Error {
  override readonly name = 'InvalidDurationError';
}

/** Whether {@link parseDuration} accepts the text. */
export function isDuration(text: string): boolean {
  return text.length <= MAXIMUM_LENGTH && WHOLE.test(text);
}

/**
 * Milliseconds of a duration as the API writes it: whole numbers of up to six digits with the units ms, s, m, h, at most
 * 16 characters. Parts are summed up, as Kubernetes does.
 *
 * @throws InvalidDurationError for anything else, signs, fractions and spaces included.
 */
export function parseDuration(text: string): number {
  if (!isDuration(text)) {
    throw new InvalidDurationError(
      `cannot read duration ${JSON.stringify(text)}: it is not made of numbers with units; ` +
        'write it like 10s, 1h30m or 500ms (units ms, s, m, h; at most 16 characters)',
    );
  }
  let milliseconds = 0;
  for (const [, digits, unit] of text.matchAll(PART)) {
    milliseconds += Number(digits) * MILLISECONDS_OF[unit as Unit];
  }
  return milliseconds;
}

/**
 * Exact text for milliseconds, without parts that are zero: 463000 is `7m43s`, 0 is `0s`. Fractions of a millisecond are
 * rounded.
 *
 * @throws RangeError if the number is negative or not finite.
 */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds) || milliseconds < 0) {
    throw new RangeError(
      `cannot write ${milliseconds} as a duration: it must be a number of milliseconds, not below 0`,
    );
  }
  let rest = Math.round(milliseconds);
  let text = '';
  for (const unit of ['h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(rest / MILLISECONDS_OF[unit]);
    rest -= count * MILLISECONDS_OF[unit];
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}
