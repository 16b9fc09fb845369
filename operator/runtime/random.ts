/** A number in [0, 1), as Math.random gives; injected, so that a simulation decides. */
export type Random = () => number;

/** `base`, spread evenly over ±`fraction` of itself, so that many processes do not act in step. */
export function jitter(base: number, fraction: number, random: Random): number {
  return base * (1 + fraction * (2 * random() - 1));
}
