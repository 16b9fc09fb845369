import { marked } from 'marked';
import type { Incident } from './incident.ts';
import { markdownReport } from './markdown-report.ts';
import { timelineSvg } from './timeline-svg.ts';

const STYLE = `
  :root { color-scheme: light; }
  body { margin: 0; background: #f3f5f7; color: #1f2933; font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; }
  main { max-width: 62rem; margin: 2rem auto; padding: 2rem 2.5rem 3rem; background: #fff; border: 1px solid #d5dae0; border-radius: 8px; }
  h1 { margin: 0 0 .75rem; font-size: 1.6rem; line-height: 1.3; }
  h2 { margin: 2.2rem 0 .6rem; padding-bottom: .25rem; border-bottom: 2px solid #e4e8ec; font-size: 1.15rem; }
  h1 + p { font-size: 1.05rem; }
  table { width: 100%; border-collapse: collapse; font-size: .9rem; }
  th, td { padding: .35rem .6rem; border-bottom: 1px solid #e4e8ec; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
  th { background: #f3f5f7; font-weight: 600; }
  th:empty { display: none; }
  td:first-child { white-space: nowrap; }
  .timeline td:nth-child(2), .timeline td:nth-child(3) { white-space: nowrap; }
  .timeline td:first-child, .timeline td:nth-child(2) { font-variant-numeric: tabular-nums; }
  code { padding: .1em .3em; border-radius: 4px; background: #eef1f4; font: .88em ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
  svg { display: block; width: 100%; height: auto; margin: .5rem 0 1rem; }
  li { margin: .2rem 0; overflow-wrap: anywhere; }
  @media print { body { background: #fff; font-size: 11pt; } main { margin: 0; padding: 0; border: 0; } h2 { break-after: avoid; } tr, svg { break-inside: avoid; } }
`;

/** Stands in the Markdown where the picture goes: a paragraph of its own. */
const PICTURE = 'PICTURE-OF-THE-TIMELINE';

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The report as one HTML file that needs no other: the Markdown report, with the picture in it. */
export function htmlReport(incident: Incident): string {
  const { metadata } = incident.policy;
  const title = `${incident.operation.type} of ${metadata.namespace}/${metadata.name}, ${incident.operation.id}`;
  const body = marked
    .parse(markdownReport(incident, PICTURE), { async: false, gfm: true })
    .replace(`<p>${PICTURE}</p>`, () => timelineSvg(incident))
    // The long table of what happened: its times stay on one line.
    .replace(/<table>(?=\s*<thead>\s*<tr>\s*<th>time \(UTC\))/, '<table class="timeline">');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}</main>
</body>
</html>
`;
}
