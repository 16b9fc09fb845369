/** As many that one of them can be lost, and the others still agree. */
const VOTERS = 3;

/**
 * The regions whose alarms say whether a region is the writer's. A lost region's alarms keep saying what they said last, so:
 *
 * - with two regions, the other one: it is there when this one is lost;
 * - with more, three, of which any one may be lost; this one among them only where there are not enough others.
 *
 * @param regions in a fixed order, whatever their roles
 */
export function votersOf(region: string, regions: readonly string[]): readonly string[] {
  const others = regions.filter((other) => other !== region);
  if (others.length < 2) return others;
  return others.length < VOTERS ? regions : others.slice(0, VOTERS);
}
