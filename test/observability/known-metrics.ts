import { type MetricDescription, OperatorMetrics } from '../../operator/observability/metrics.ts';
import { readQuery } from './promql.ts';

/** What Prometheus adds to every series that it scrapes. */
const TARGET_LABELS = ['instance', 'job', 'namespace', 'pod'];

/** Every series name that the operator exposes, with its labels. */
export async function knownMetrics(): Promise<ReadonlyMap<string, readonly string[]>> {
  const metrics = await new OperatorMetrics({ clock: { now: () => 0 }, version: '' }).describe();
  return new Map(metrics.flatMap(seriesOf));
}

function seriesOf({ name, labels, buckets }: MetricDescription): [string, readonly string[]][] {
  return buckets === undefined
    ? [[name, labels]]
    : [
        [`${name}_bucket`, [...labels, 'le']],
        [`${name}_sum`, labels],
        [`${name}_count`, labels],
      ];
}

/** What a query names and the operator does not expose; empty when all is well. Throws for what is no PromQL. */
export function unknownNames(query: string, known: ReadonlyMap<string, readonly string[]>): string[] {
  const { selectors, grouping } = readQuery(query);
  const problems: string[] = [];
  if (selectors.length === 0) problems.push('it asks for no metric');
  const present = new Set(TARGET_LABELS);
  for (const { metric, labels } of selectors) {
    const own = known.get(metric);
    if (own === undefined) problems.push(`metric ${metric}`);
    for (const label of own ?? []) present.add(label);
    for (const label of labels) {
      if (own !== undefined && !own.includes(label) && !TARGET_LABELS.includes(label)) {
        problems.push(`label ${label} of ${metric}`);
      }
    }
  }
  return [...problems, ...grouping.filter((label) => !present.has(label)).map((label) => `label ${label}`)];
}
