import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { createConfiguration } from '../configuration/configuration.ts';
import type { ConfigurationInput } from '../configuration/schema.ts';
import { createInfrastructure, manifestFiles } from '../infrastructure.ts';
import { costReport, estimateCost } from './cost-estimate.ts';
import type { PricedObject } from './cost-lines.ts';
import { COST_ASSUMPTIONS, costLines } from './cost-lines.ts';
import { PriceTable } from './price-table.ts';

const table = PriceTable.read();

function linesOf(input: ConfigurationInput) {
  const configuration = createConfiguration(input);
  const objects = manifestFiles(createInfrastructure(configuration)).flatMap(
    ({ manifests }) => manifests as PricedObject[],
  );
  return costLines(configuration, objects, table.hoursPerMonth);
}

const example = (name: string): ConfigurationInput =>
  parse(readFileSync(join(import.meta.dirname, '..', 'examples', `${name}.yaml`), 'utf8')) as ConfigurationInput;

const costOf = (input: ConfigurationInput) => estimateCost(linesOf(input), table);
const quantity = (lines: ReturnType<typeof linesOf>, item: string, region?: string): number =>
  lines
    .filter((line) => line.item === item && (region === undefined || line.region === region))
    .reduce((total, { most }) => total + most, 0);

describe('the price table', () => {
  it('has each item once in a region', () => {
    const keys = table.prices.flatMap(({ item, regions }) => regions.map((region) => `${item} ${region}`));
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('a cost estimate', () => {
  it('given the default, counts what is there', () => {
    const lines = linesOf(example('default'));
    // Two instances of 0.5 to 1 ACU; seven endpoints in three zones; in each of two regions.
    expect(lines.filter(({ item }) => item === 'aurora-capacity')).toMatchObject([
      { region: 'us-east-1', least: 730, most: 1460 },
      { region: 'us-west-2', least: 730, most: 1460 },
    ]);
    expect(quantity(lines, 'interface-endpoint')).toBe(2 * 7 * 3 * 730);
    expect([quantity(lines, 'kms-key'), quantity(lines, 'secret')]).toEqual([2, 2]);
    expect([quantity(lines, 'dashboard'), quantity(lines, 'hosted-zone')]).toEqual([1, 1]);
    expect(quantity(lines, 'health-check')).toBeGreaterThan(1);
    // Of each region: two of who writes, two heartbeats, two healths, two states, and the lag of the secondary.
    expect(quantity(lines, 'custom-metric', 'us-west-2')).toBe(9);
    expect(quantity(lines, 'metric-puts', 'us-west-2')).toBeCloseTo((2 * 730 * 60) / 1000);
    expect(quantity(lines, 'function-requests')).toBeCloseTo((2 * 730 * 60) / 1e6);
  });

  it('given the default, knows all prices, and the bounds differ by the capacity alone', () => {
    const { lines, least, most } = costOf(example('default'));
    expect(lines.filter(({ price }) => price === undefined)).toEqual([]);
    expect(most - least).toBeCloseTo(2 * 730 * 0.12);
  });

  it('given the minimal example, costs less than half of the default', () => {
    const [minimal, usual] = ['minimal-development', 'default'].map((name) => costOf(example(name)));
    expect((minimal?.most ?? Infinity) * 2).toBeLessThan(usual?.most ?? 0);
    expect(quantity(linesOf(example('minimal-development')), 'interface-endpoint')).toBe(0);
  });

  it('given neither policy nor functions, counts no metrics that nobody puts', () => {
    const lines = linesOf({ ...example('default'), policy: { enabled: false }, functions: { enabled: false } });
    expect([quantity(lines, 'custom-metric'), quantity(lines, 'metric-puts')]).toEqual([0, 0]);
  });

  it('given a region or a class without a price, says so and leaves it out', () => {
    const estimate = costOf(example('three-regions'));
    const unknown = estimate.lines.filter(({ price }) => price === undefined);
    expect(unknown.map(({ item }) => item)).toContain('aurora-instance:db.r8g.large');
    expect(costReport(estimate, COST_ASSUMPTIONS)).toMatch(
      /unknown .*aurora-instance:db\.r8g\.large: no price known there/,
    );
    expect(costReport(estimate, COST_ASSUMPTIONS)).toContain(`without ${String(unknown.length)} lines`);
  });

  it('given more regions, counts replicated writes and transfer for each secondary', () => {
    const lines = linesOf({
      ...example('default'),
      regions: ['us-east-1', 'us-west-2', 'eu-west-1'].map((name) => ({ name })),
    });
    expect(quantity(lines, 'aurora-replicated-writes')).toBe(2 * COST_ASSUMPTIONS.replicatedWriteMillions);
    expect(quantity(lines, 'transfer-between-regions', 'us-east-1')).toBe(2 * COST_ASSUMPTIONS.transferGigabytes);
  });

  it('says what it assumes, and where each price was read', () => {
    const report = costReport(costOf(example('default')), COST_ASSUMPTIONS);
    for (const assumption of Object.keys(COST_ASSUMPTIONS)) expect(report).toContain(`  ${assumption}: `);
    expect(report).toMatch(/aurora-capacity: 0\.12 per ACU-hour, https:/);
    expect(report).toMatch(/not checked there/);
  });
});
