/**
 * Writes docs/reference/configuration.md from the operator's table of flags; with `--check` fails if it differs.
 */
import { flagReferences, type FlagReference } from '../operator/config.ts';
import { writeGeneratedDocument } from './generated-document.ts';

/** Keeps Markdown from reading mark-up into plain text. */
const escape = (text: string): string => text.replaceAll(/([*_<>|[\]])/g, '\\$1');
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function describe({ flag, variable, placeholder, description, allowed, fallback }: FlagReference): string {
  const usage = placeholder === '' ? `--${flag}` : `--${flag} ${placeholder}`;
  const values = [
    `Variable \`${variable}\``,
    fallback === undefined ? undefined : `default \`${fallback}\``,
    `must be ${escape(allowed)}`,
  ];
  return `## \`${usage}\`

${sentence(escape(description))}

${values.filter((value) => value !== undefined).join('; ')}.
`;
}

const text = `<!-- Generated from the table of flags in operator/config.ts: change that file and run \`npm run generate\`. -->

# Configuration of the operator

\`npm start -- --help\` prints the same. Every flag has an environment variable; flags win. Everything that is wrong is
listed at once, and the operator does not start.

Durations are written like \`500ms\`, \`10s\`, \`5m\` or \`1h30m\`. AWS credentials come from the usual AWS variables and
files; the API server from \`--kubeconfig\`, \`KUBECONFIG\`, \`~/.kube/config\` or the Pod's service account.

${flagReferences.map(describe).join('\n')}`;

await writeGeneratedDocument('docs/reference/configuration.md', text, 'what operator/config.ts says');
