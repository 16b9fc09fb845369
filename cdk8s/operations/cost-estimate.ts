import type { CostAssumptions, CostLine } from './cost-lines.ts';
import type { Price, PriceTable } from './price-table.ts';

/** A line with its price; without one if nobody has read it for that region. */
export interface PricedLine extends CostLine {
  readonly price: Price | undefined;
}

export interface CostEstimate {
  readonly lines: readonly PricedLine[];
  /** Of the lines that have a price, at the lower and the upper bound. */
  readonly least: number;
  readonly most: number;
}

/** Prices lines; what has no price is left out of the sums. */
export function estimateCost(lines: readonly CostLine[], table: PriceTable): CostEstimate {
  const priced = lines.map((line) => ({ ...line, price: table.find(line.item, line.region) }));
  const sum = (bound: 'least' | 'most') =>
    priced.reduce((total, line) => total + line[bound] * (line.price?.amount ?? 0), 0);
  return { lines: priced, least: sum('least'), most: sum('most') };
}

const dollars = (amount: number): string => amount.toFixed(2);
const range = (least: string, most: string): string => (least === most ? least : `${least} to ${most}`);
const round = (quantity: number): string =>
  quantity >= 100 ? quantity.toFixed(0) : String(Number(quantity.toPrecision(3)));

function lineText({ region, what, item, least, most, price }: PricedLine): string {
  const quantity = range(round(least), round(most));
  if (price === undefined) {
    return `  ${region.padEnd(14)} ${what.padEnd(32)} ${'unknown'.padStart(18)}   ${quantity} of ${item}: no price known there`;
  }
  const cost = range(dollars(least * price.amount), dollars(most * price.amount));
  const mark = price.dated === null ? '~' : ' ';
  return `  ${region.padEnd(14)} ${what.padEnd(32)} ${cost.padStart(18)} ${mark} ${quantity} x ${String(price.amount)} per ${price.unit}`;
}

function sourceText({ item, amount, unit, source, dated }: Price): string {
  return `  ${item}: ${String(amount)} per ${unit}, ${source}${dated === null ? ', not checked there' : ` (${dated})`}`;
}

/** The estimate for people: lines, sums, what is unknown, what is assumed, where prices come from. */
export function costReport(estimate: CostEstimate, assumptions: CostAssumptions): string {
  const { lines, least, most } = estimate;
  const unknown = lines.filter(({ price }) => price === undefined).length;
  const prices = [...new Set(lines.map(({ price }) => price).filter((price) => price !== undefined))];
  return [
    'USD a month, at list prices, before free tiers and taxes:',
    ...lines.map(lineText),
    `  ${'total'.padEnd(47)} ${range(dollars(least), dollars(most)).padStart(18)}`,
    ...(unknown === 0
      ? []
      : [`  without ${String(unknown)} lines whose price is unknown: add it to cdk8s/operations/prices.json`]),
    '',
    'Assumed, for each region and month:',
    ...Object.entries(assumptions).map(([name, value]) => `  ${name}: ${String(value)}`),
    '',
    'Prices (~: an amount that was not read again at its source):',
    ...prices.map(sourceText),
    '',
  ].join('\n');
}
