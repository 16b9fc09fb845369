/**
 * Writes docs/reference/infrastructure.md from the schema of the infrastructure's configuration; with `--check` fails if it
 * differs.
 */
import { configurationOptions, type ConfigurationOption } from '../cdk8s/configuration/options.ts';
import { writeGeneratedDocument } from './generated-document.ts';

/** Keeps a cell in its table. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '\\<');

function fallbackOf({ fallback }: ConfigurationOption): string {
  if (fallback === undefined) return '';
  return `\`${typeof fallback === 'string' ? fallback : JSON.stringify(fallback).replaceAll(',', ', ')}\``;
}

function row(option: ConfigurationOption): string {
  const allowed = option.allowed.replace(/^must be /, '');
  return `| \`${option.path}\` | ${fallbackOf(option)} | ${cell(allowed)} | ${cell(option.description)} |`;
}

const sectionOf = ({ path: name }: ConfigurationOption): string => /^(\w+)[.[]/.exec(name)?.[1] ?? '';

function section(title: string, options: readonly ConfigurationOption[]): string {
  return `## ${title === '' ? 'At the top' : `\`${title}\``}

| option | default | must be | what it is |
| --- | --- | --- | --- |
${options.map(row).join('\n')}
`;
}

const sections = Map.groupBy(configurationOptions(), sectionOf);
const text = `<!-- Generated from cdk8s/configuration/schema.ts: change that file and run \`npm run generate\`. -->

# Configuration of the infrastructure

What \`npm run synth -- --config FILE\` reads, YAML or JSON. Only \`suffix\` and \`accountId\` have no default. Everything that is
wrong is listed at once, with its path and what is allowed. Examples: [cdk8s/examples](../../cdk8s/examples).

No option, because the set-up would not hold without it: encryption, private subnets, DNS support and host names of the VPCs
(private functions find their endpoints by these), the tags \`Name\`, and that no alarm or health check of DNS takes silence for
news.

${[...sections].map(([title, options]) => section(title, options)).join('\n')}`;

await writeGeneratedDocument('docs/reference/infrastructure.md', text, 'what cdk8s/configuration/schema.ts says');
