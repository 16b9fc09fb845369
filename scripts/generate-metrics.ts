/**
 * Writes docs/reference/metrics.md from the operator's own registry; with `--check` fails if it differs.
 */
import { METRIC_LABELS } from '../operator/observability/metric-labels.ts';
import { OperatorMetrics, type MetricDescription } from '../operator/observability/metrics.ts';
import { writeGeneratedDocument } from './generated-document.ts';

const escape = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/([*_<>[\]])/g, '\\$1');
const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

function isOfPolicy({ name, labels }: MetricDescription): boolean {
  return name.startsWith('aurora_dr_') && labels.includes('namespace');
}

interface Group {
  readonly title: string;
  readonly about: string;
  readonly includes: (metric: MetricDescription) => boolean;
}

const groups: readonly Group[] = [
  {
    title: 'Of each policy',
    about:
      'Made anew at every scrape, by the leader. What is not known has no series: it is never zero. The series of a ' +
      'policy that is deleted end.',
    includes: isOfPolicy,
  },
  {
    title: 'Of the operator',
    about: 'Counted since the process started.',
    includes: (metric) => metric.name.startsWith('aurora_dr_') && !isOfPolicy(metric),
  },
  {
    title: 'Of the controller runtime',
    about: 'Names, labels and buckets are those of controller-runtime and client-go.',
    includes: ({ name }) => /^(controller_runtime|workqueue|rest_client|leader_election)_/.test(name),
  },
  {
    title: 'Of the process',
    about: "prom-client's default metrics of Node.",
    includes: ({ name }) => /^(process|nodejs)_/.test(name),
  },
];

function rowOf({ name, type, labels, help }: MetricDescription): string {
  return `| \`${name}\` | ${type} | ${code(labels)} | ${escape(help)} |`;
}

function sectionOf({ title, about, includes }: Group, metrics: readonly MetricDescription[]): string {
  const own = metrics.filter(includes);
  const histograms = own.filter(({ name, buckets }) => buckets !== undefined && name.startsWith('aurora_dr_'));
  const buckets = histograms.map((metric) => `- \`${metric.name}\`: ${(metric.buckets ?? []).join(', ')}`).join('\n');
  return `## ${title}

${about}

| metric | type | labels | meaning |
| --- | --- | --- | --- |
${own.map(rowOf).join('\n')}
${buckets === '' ? '' : `\nBuckets, in seconds:\n\n${buckets}\n`}`;
}

const metrics = await new OperatorMetrics({ clock: { now: () => 0 }, version: '' }).describe();
for (const metric of metrics) {
  const homes = groups.filter(({ includes }) => includes(metric)).length;
  if (homes !== 1)
    throw new Error(`cannot list ${metric.name}: it belongs to ${homes} groups; adapt scripts/generate-metrics.ts`);
}

const text = `<!-- Generated from operator/observability/: change the code and run \`npm run generate\`. -->

# Metrics

Served at \`/metrics\` on [\`--metrics-port\`](configuration.md), in Prometheus's text format. Times are seconds, ages are
those of the moment of the scrape. Only the leader has policies; every process serves the rest.

${groups.map((group) => sectionOf(group, metrics)).join('\n')}
## Labels

| label | meaning |
| --- | --- |
${Object.entries(METRIC_LABELS)
  .map(([label, meaning]) => `| \`${label}\` | ${meaning.replaceAll('|', '\\|')} |`)
  .join('\n')}

Results of \`aurora_dr_aws_calls_total\`: \`answered\`; \`fault\`, an error of the API's own such as
\`GlobalClusterNotFoundFault\`; \`throttled\`, \`denied\`, \`expiredCredentials\`, \`malformed\`; \`timeout\`, \`refused\`,
\`reset\`, \`tls\`, \`serverError\`; and for trouble of this side \`resolver\`, \`socketLimit\`, \`noRoute\`, \`rateBudget\`,
\`credentials\`, \`notAttempted\`. Probes have the same, with \`eventLoopLate\` and \`clockJump\`.
`;

await writeGeneratedDocument('docs/reference/metrics.md', text, 'what the code exposes');
