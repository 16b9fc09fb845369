/** Marks parts of a text. Colour never says anything that the words do not. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warning: (text: string) => string;
}

const asIs = (text: string): string => text;

/** Marks nothing: for files, pipes and NO_COLOR. */
export const PLAIN: Paint = { bold: asIs, dim: asIs, good: asIs, bad: asIs, warning: asIs };
