const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span for people, two figures at most: `118 ms`, `4.2 s`, `12 min`, `3 h 5 min`, `2 d 4 h`. */
export function spanText(milliseconds: number): string {
  const span = Math.max(0, Math.round(milliseconds));
  if (span < SECOND) return `${span} ms`;
  if (span < 10 * SECOND) return `${(Math.floor(span / 100) / 10).toFixed(1)} s`;
  if (span < MINUTE) return `${Math.floor(span / SECOND)} s`;
  return (
    compound(span, MINUTE, 'min', SECOND, 's', 10 * MINUTE, HOUR) ??
    compound(span, HOUR, 'h', MINUTE, 'min', DAY, DAY) ??
    compound(span, DAY, 'd', HOUR, 'h', 10 * DAY, Infinity) ??
    ''
  );
}

function compound(
  span: number,
  unit: number,
  name: string,
  smaller: number,
  smallerName: string,
  preciseBelow: number,
  below: number,
): string | undefined {
  if (span >= below) return undefined;
  const rest = Math.floor((span % unit) / smaller);
  const whole = `${Math.floor(span / unit)} ${name}`;
  return rest === 0 || span >= preciseBelow ? whole : `${whole} ${rest} ${smallerName}`;
}

/** How long ago, seen from `now`; a moment in the future, as a clock that goes ahead shows it, is `now`. */
export function agoText(time: string, now: number): string {
  const span = now - Date.parse(time);
  return span < SECOND
    ? 'now'
    : `${spanText(span < 10 * SECOND ? Math.floor(span / SECOND) * SECOND : span).replace('.0 s', ' s')} ago`;
}

/** From a moment on: `+4.2 s`, `−1.0 s`, `0 s`. */
export function offsetText(milliseconds: number): string {
  const span = spanText(Math.abs(milliseconds));
  return Math.round(milliseconds) === 0 ? '0 s' : `${milliseconds < 0 ? '−' : '+'}${span}`;
}

/** `2026-11-30 14:02:11Z`. */
export function dateText(time: string): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** `14:02:11Z`. */
export function clockText(time: string): string {
  return `${new Date(time).toISOString().slice(11, 19)}Z`;
}

/** `14:02:11.250Z`. */
export function preciseClockText(time: string): string {
  return new Date(time).toISOString().slice(11);
}
