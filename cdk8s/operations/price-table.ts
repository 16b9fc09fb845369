import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const priceTable = z.strictObject({
  currency: z.literal('USD'),
  hoursPerMonth: z.number().positive(),
  comment: z.string(),
  prices: z.array(
    z.strictObject({
      item: z.string().min(1),
      unit: z.string().min(1),
      amount: z.number().nonnegative(),
      regions: z.array(z.string()).min(1),
      source: z.url({ protocol: /^https$/ }),
      dated: z.string().nullable(),
    }),
  ),
});

/** What something costs in a region. */
export type Price = z.output<typeof priceTable>['prices'][number];

/** List prices as somebody has read them: prices.json says where and when. */
export class PriceTable {
  readonly hoursPerMonth: number;
  readonly prices: readonly Price[];

  private constructor({ hoursPerMonth, prices }: z.output<typeof priceTable>) {
    this.hoursPerMonth = hoursPerMonth;
    this.prices = prices;
  }

  /** @throws ZodError if the file is not as it has to be */
  static read(file = join(import.meta.dirname, 'prices.json')): PriceTable {
    return new PriceTable(priceTable.parse(JSON.parse(readFileSync(file, 'utf8'))));
  }

  /** @returns undefined if nobody has read the price for that region */
  find(item: string, region: string): Price | undefined {
    return this.prices.find((price) => price.item === item && [region, '*'].some((one) => price.regions.includes(one)));
  }
}
