import type { SignalState } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { offsetText, spanText } from '../views/time-text.ts';
import type { Incident } from './incident.ts';
import type { Milestone, PhaseName } from './milestones.ts';

const WIDTH = 960;
const LEFT = 128;
const RIGHT = 24;
const ROW = 22;
const BAR = 14;
const BADGE = 9;
/** Badges that would touch go up a row. */
const BADGE_ROWS = 4;
const BADGE_STEP = 22;
const LEGEND_ROW = 19;
const CHARACTER = 6.6;

const STATE_COLOURS: Readonly<Record<SignalState, string>> = {
  Passing: '#2e9e5b',
  Failing: '#d1373f',
  Unknown: '#b8bec7',
};
/** Light enough for black text. */
const PHASE_COLOURS: Readonly<Record<PhaseName, string>> = {
  detection: '#f6c9a8',
  'decision to call': '#f3e3a3',
  promotion: '#b9d3f2',
  publication: '#bfe5c8',
  proof: '#dccdf0',
};
const INK = '#1f2933';
const FAINT = '#68737f';
const LINE = '#d5dae0';

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const round = (value: number): string => String(Math.round(value * 10) / 10);

interface TextProps {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly fill?: string;
  readonly weight?: 600;
  readonly size?: number;
}

function text(
  x: number,
  y: number,
  content: string,
  { anchor = 'start', fill = INK, weight, size = 12 }: TextProps = {},
): string {
  const bold = weight === undefined ? '' : ` font-weight="${weight}"`;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${size}" fill="${fill}"${bold}>${escape(content)}</text>`;
}

function bar(x: number, y: number, width: number, fill: string, title: string): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(Math.max(1, width))}" height="${BAR}" rx="2" fill="${fill}"><title>${escape(title)}</title></rect>`;
}

/** Round steps of time, so that the axis has five to ten of them. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 86_400].map(
  (seconds) => seconds * 1_000,
);

function stepFor(span: number): number {
  return [100, 200, 500, ...STEPS].find((step) => span / step <= 10) ?? 86_400_000;
}

/** Draws one incident. */
class Picture {
  readonly #incident: Incident;
  readonly #parts: string[] = [];
  #y = 0;

  constructor(incident: Incident) {
    this.#incident = incident;
  }

  draw(): string {
    const badgesAt = this.#reserveBadges();
    const top = this.#y;
    this.#phases();
    this.#writer();
    this.#signals();
    const bottom = this.#y;
    this.#axis(top, bottom);
    this.#badges(badgesAt, bottom);
    this.#stateKey();
    this.#legend();
    return this.#document();
  }

  #x(at: number): number {
    const { from, to } = this.#incident;
    const share = (Math.min(Math.max(at, from), to) - from) / (to - from);
    return LEFT + share * (WIDTH - LEFT - RIGHT);
  }

  #label(name: string): void {
    this.#parts.push(text(LEFT - 10, this.#y + BAR - 3, name, { anchor: 'end' }));
  }

  /** The row of each badge, from below: those that would touch are stacked. */
  #reserveBadges(): readonly number[] {
    const ends: number[] = [];
    const rows = this.#incident.milestones.map(({ at }) => {
      const x = this.#x(at);
      const free = ends.findIndex((end) => x - end >= BADGE * 2 + 3);
      const row = free < 0 ? Math.min(ends.length, BADGE_ROWS - 1) : free;
      ends[row] = x;
      return row;
    });
    this.#y = (Math.max(0, ...rows) + 1) * BADGE_STEP + 8;
    return rows;
  }

  #phases(): void {
    const { phases } = this.#incident;
    if (phases.length === 0) return;
    this.#label('time went into');
    for (const { name, from, to } of phases) {
      const x = this.#x(from);
      const width = this.#x(to) - x;
      const label = `${name} ${spanText(to - from)}`;
      this.#parts.push(bar(x, this.#y, width, PHASE_COLOURS[name], label));
      const fitting = [label, name].find((candidate) => candidate.length * CHARACTER + 8 <= width);
      if (fitting !== undefined) {
        this.#parts.push(text(x + width / 2, this.#y + BAR - 3, fitting, { anchor: 'middle', size: 11 }));
      }
    }
    this.#y += ROW + 4;
  }

  /** Which region held the writer, as the operator saw it. */
  #writer(): void {
    const { operation, from, to, milestones } = this.#incident;
    const promoted = milestones.find(({ name }) => name === 'promoted')?.at;
    this.#label('writer');
    const end = promoted ?? to;
    this.#segment(from, end, '#8aa1bd', operation.from);
    if (promoted !== undefined) {
      this.#segment(promoted, to, '#4f7fbf', operation.to);
    }
    this.#y += ROW;
  }

  #segment(from: number, to: number, fill: string, label: string): void {
    const x = this.#x(from);
    const width = this.#x(to) - x;
    this.#parts.push(bar(x, this.#y, width, fill, label));
    if (label.length * CHARACTER + 8 <= width) {
      this.#parts.push(
        text(x + width / 2, this.#y + BAR - 3, label, { anchor: 'middle', fill: '#ffffff', size: 11, weight: 600 }),
      );
    }
  }

  #signals(): void {
    for (const { name, spans } of this.#incident.lanes) {
      this.#label(name);
      for (const { from, to, value } of spans) {
        const x = this.#x(from);
        this.#parts.push(bar(x, this.#y, this.#x(to) - x, STATE_COLOURS[value], `${name} ${value}`));
      }
      this.#y += ROW;
    }
  }

  /** The colours of the signals, in words. */
  #stateKey(): void {
    if (this.#incident.lanes.length === 0) return;
    let x = LEFT;
    for (const [state, colour] of Object.entries(STATE_COLOURS)) {
      this.#parts.push(`<rect x="${x}" y="${round(this.#y)}" width="10" height="10" rx="2" fill="${colour}"/>`);
      this.#parts.push(text(x + 15, this.#y + 9, state, { size: 11, fill: FAINT }));
      x += 15 + state.length * CHARACTER + 18;
    }
    this.#y += ROW + 8;
  }

  #axis(top: number, bottom: number): void {
    const { from, to, startedAt } = this.#incident;
    const step = stepFor(to - from);
    const lines: string[] = [];
    for (let at = startedAt - Math.floor((startedAt - from) / step) * step; at <= to; at += step) {
      const x = this.#x(at);
      lines.push(`<line x1="${round(x)}" x2="${round(x)}" y1="${top - 2}" y2="${bottom + 2}" stroke="${LINE}"/>`);
      lines.push(text(x, bottom + 16, offsetText(at - startedAt), { anchor: 'middle', fill: FAINT, size: 11 }));
    }
    this.#parts.unshift(...lines);
    this.#y = bottom + 36;
  }

  #badges(rows: readonly number[], bottom: number): void {
    this.#incident.milestones.forEach((milestone: Milestone, index) => {
      const x = this.#x(milestone.at);
      const y = (Math.max(0, ...rows) - (rows[index] ?? 0)) * BADGE_STEP + BADGE + 3;
      this.#parts.push(
        `<line x1="${round(x)}" x2="${round(x)}" y1="${y}" y2="${bottom + 2}" stroke="${INK}" stroke-width="1" stroke-dasharray="2 3"/>`,
        `<circle cx="${round(x)}" cy="${y}" r="${BADGE}" fill="${INK}"><title>${escape(milestone.text)}</title></circle>`,
        text(x, y + 4, String(index + 1), { anchor: 'middle', fill: '#ffffff', size: 11, weight: 600 }),
      );
    });
  }

  #legend(): void {
    const { milestones, startedAt } = this.#incident;
    milestones.forEach(({ at, text: what }, index) => {
      const y = this.#y + index * LEGEND_ROW;
      this.#parts.push(
        `<circle cx="${LEFT - 20}" cy="${y}" r="${BADGE - 1}" fill="${INK}"/>`,
        text(LEFT - 20, y + 4, String(index + 1), { anchor: 'middle', fill: '#ffffff', size: 10, weight: 600 }),
        text(LEFT, y + 4, offsetText(at - startedAt), { weight: 600 }),
        text(LEFT + 90, y + 4, new Date(at).toISOString().slice(11), { fill: FAINT }),
        text(LEFT + 190, y + 4, what),
      );
    });
    this.#y += milestones.length * LEGEND_ROW + 4;
  }

  #document(): string {
    const { operation } = this.#incident;
    const title = `Timeline of ${operation.type} ${operation.from} to ${operation.to}, ${operation.id}`;
    const description = this.#incident.milestones.map(({ at, text: what }) => `${new Date(at).toISOString()} ${what}`);
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${Math.ceil(this.#y)}" width="${WIDTH}" role="img" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif">`,
      `<title>${escape(title)}</title>`,
      `<desc>${escape(description.join('; '))}</desc>`,
      `<rect width="100%" height="100%" fill="#ffffff"/>`,
      ...this.#parts,
      '</svg>',
      '',
    ].join('\n');
  }
}

/** The incident as a picture: what the time went into, who held the writer, and what each signal said. */
export function timelineSvg(incident: Incident): string {
  return new Picture(incident).draw();
}
