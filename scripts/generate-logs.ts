/**
 * Writes docs/reference/logs.md from the keys that the logger knows; with `--check` fails if it differs.
 */
import { LOG_KEYS } from '../operator/observability/log-fields.ts';
import { writeGeneratedDocument } from './generated-document.ts';

const rows = Object.entries(LOG_KEYS).map(([key, meaning]) => `| \`${key}\` | ${meaning.replaceAll('|', '\\|')} |`);

const text = `<!-- Generated from operator/observability/log-fields.ts: change that file and run \`npm run generate\`. -->

# Logs

Standard output has one JSON object a line, from \`--log-level\` on. Every line has time, level and msg; which others it has
depends on what happened. Keys keep their names and meanings; the code cannot write others, and the end-to-end tests read every
line for them.

| key | meaning |
| --- | --- |
${rows.join('\n')}

Secrets are taken out: what stands under a key that names one (\`password\`, \`token\`, \`authorization\`, …) at any depth, and
what looks like one in any text: access keys, bearer tokens, signatures, user names and passwords in URLs. A line of standard
error that is no JSON is the reason why the process could not start.

\`\`\`sh
kubectl logs -n aurora-dr -l app.kubernetes.io/name=aurora-dr-operator | jq -c 'select(.policy == "payments/transactions")'
\`\`\`
`;

await writeGeneratedDocument('docs/reference/logs.md', text, 'operator/observability/log-fields.ts');
