/** Turns scrapes of /metrics into series that `promtool test rules` takes. */

export interface SampleLine {
  /** `name{labels}`, as it was exposed. */
  readonly series: string;
  readonly value: number;
}

/** The samples of a scrape, in Prometheus' text format. */
export function samplesOf(text: string): SampleLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const end = line.lastIndexOf(' ');
      return { series: line.slice(0, end), value: Number(line.slice(end + 1)) };
    });
}

/** One scrape a minute: what a scrape does not have is a gap. */
export function toInputSeries(scrapes: readonly string[]): { series: string; values: string }[] {
  const values = new Map<string, string[]>();
  for (const [index, text] of scrapes.entries()) {
    for (const { series, value } of samplesOf(text)) {
      const known = values.get(series) ?? scrapes.map(() => '_');
      if (Number.isFinite(value)) known[index] = String(value);
      values.set(series, known);
    }
  }
  return Array.from(values, ([series, points]) => ({ series, values: points.join(' ') }));
}
