/** What many measurements of one thing come to. */
export interface Summary {
  readonly count: number;
  readonly minimum: number;
  readonly median: number;
  readonly p99: number;
  readonly maximum: number;
}

/** @throws RangeError without any value: nothing was measured. */
export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError('cannot summarize: there is no value; nothing was measured');
  const sorted = values.toSorted((a, b) => a - b);
  return {
    count: sorted.length,
    minimum: quantile(sorted, 0),
    median: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    maximum: quantile(sorted, 1),
  };
}

/**
 * The smallest value that at least that share of the values does not exceed (nearest rank): always one that was measured.
 *
 * @param sorted in ascending order, not empty
 */
export function quantile(sorted: readonly number[], share: number): number {
  const index = Math.max(0, Math.ceil(share * sorted.length) - 1);
  return sorted[index] ?? Number.NaN;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * The exponent b of y = a·x^b that fits best: least squares on the logarithms. 0: y does not grow with x; 1: in proportion.
 *
 * @returns undefined with fewer than three different x above zero, or where some y is not above zero
 */
export function growthExponent(points: readonly Point[]): number | undefined {
  const isUsable = points.every(({ x, y }) => x > 0 && y > 0) && new Set(points.map(({ x }) => x)).size >= 3;
  return isUsable ? slope(points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) }))) : undefined;
}

/** Slope of the straight line that fits best by least squares. */
export function slope(points: readonly Point[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map((point) => point.x)), mean(points.map((point) => point.y))];
  const covariance = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0);
  const variance = points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
  return covariance / variance;
}

/**
 * Spearman's rank correlation: 1 where both rise together, -1 where one falls as the other rises. Equal values share their
 * mean rank.
 */
export function rankCorrelation(points: readonly Point[]): number {
  const xs = ranks(points.map(({ x }) => x));
  const ys = ranks(points.map(({ y }) => y));
  const mean = (points.length + 1) / 2;
  let [covariance, varianceX, varianceY] = [0, 0, 0];
  for (const [index, rank] of xs.entries()) {
    const [dx, dy] = [rank - mean, (ys[index] ?? mean) - mean];
    covariance += dx * dy;
    varianceX += dx * dx;
    varianceY += dy * dy;
  }
  return covariance / Math.sqrt(varianceX * varianceY);
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((value, index) => ({ value, index })).toSorted((a, b) => a.value - b.value);
  const found = new Array<number>(values.length).fill(0);
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end + 1 < order.length && order[end + 1]?.value === order[start]?.value) end += 1;
    for (const { index } of order.slice(start, end + 1)) found[index] = (start + end) / 2 + 1;
    start = end + 1;
  }
  return found;
}
