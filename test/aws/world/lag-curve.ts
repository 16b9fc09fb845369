/**
 * The lag of a secondary over time, in milliseconds. A point without a lag means that no sample is emitted while the lag
 * itself stays at the last known point.
 */
export type LagCurve =
  | { readonly kind: 'constant'; readonly milliseconds: number }
  | { readonly kind: 'growing'; readonly from: number; readonly millisecondsPerSecond: number }
  | { readonly kind: 'points'; readonly points: readonly LagPoint[] };

/** A point of a curve: the lag so long after the curve was set. Between points it is interpolated. */
export interface LagPoint {
  readonly after: number;
  readonly milliseconds?: number | undefined;
}

/** The lag `elapsed` milliseconds after the curve was set. */
export function lagAt(curve: LagCurve, elapsed: number): number {
  switch (curve.kind) {
    case 'constant':
      return curve.milliseconds;
    case 'growing':
      return curve.from + (curve.millisecondsPerSecond * Math.max(0, elapsed)) / 1000;
    case 'points':
      return interpolate(knownPoints(curve.points), elapsed);
  }
}

/** Whether the curve lets a sample be emitted `elapsed` milliseconds after it was set. */
export function hasSampleAt(curve: LagCurve, elapsed: number): boolean {
  if (curve.kind !== 'points') {
    return true;
  }
  const last = curve.points.filter((point) => point.after <= elapsed).at(-1);
  return last === undefined || last.milliseconds !== undefined;
}

interface KnownPoint {
  readonly after: number;
  readonly milliseconds: number;
}

function knownPoints(points: readonly LagPoint[]): KnownPoint[] {
  return points.flatMap(({ after, milliseconds }) => (milliseconds === undefined ? [] : [{ after, milliseconds }]));
}

function interpolate(points: readonly KnownPoint[], elapsed: number): number {
  const before = points.filter((point) => point.after <= elapsed).at(-1);
  const next = points.find((point) => point.after > elapsed);
  if (before === undefined || next === undefined) {
    return (before ?? next)?.milliseconds ?? 0;
  }
  const share = (elapsed - before.after) / (next.after - before.after);
  return before.milliseconds + share * (next.milliseconds - before.milliseconds);
}
