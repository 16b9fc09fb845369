import { parser } from '@prometheus-io/lezer-promql';

/** One `metric{label="value"}` of a query. */
export interface Selector {
  readonly metric: string;
  /** Names of the labels that are matched. */
  readonly labels: readonly string[];
}

/** What a query asks. */
export interface Query {
  readonly selectors: readonly Selector[];
  /** Names in `by`, `without`, `on`, `ignoring` and `group_left`. */
  readonly grouping: readonly string[];
}

/**
 * Reads a PromQL query with the grammar of Prometheus' own editor.
 *
 * @throws Error at the first place that is no PromQL
 */
export function readQuery(text: string): Query {
  const selectors: { metric: string; labels: string[] }[] = [];
  const grouping: string[] = [];
  let isMatching = false;
  parser.parse(text).iterate({
    enter: (node) => {
      const word = text.slice(node.from, node.to);
      if (node.type.isError) {
        throw new Error(`cannot read the query at character ${node.from}: ${text}`);
      }
      if (node.name === 'VectorSelector') selectors.push({ metric: '', labels: [] });
      if (node.name === 'LabelMatchers') isMatching = true;
      const current = selectors.at(-1);
      if (node.name === 'Identifier' && current !== undefined) current.metric = word;
      if (node.name === 'LabelName') (isMatching ? current?.labels : grouping)?.push(word);
    },
    leave: (node) => {
      if (node.name === 'LabelMatchers') isMatching = false;
    },
  });
  return { selectors, grouping };
}
