import { describe, expect, it } from '@jest/globals';
import { Names } from '../../configuration/names.ts';
import type { DashboardBodyProps } from './dashboard-body.ts';
import { dashboardBody } from './dashboard-body.ts';

interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly unknown[])[];
  };
}

const regionsOf = (...regions: readonly string[]): DashboardBodyProps['regions'] =>
  regions.map((region) => ({ region, alarmNames: [`alarm-cpu-${region}-test`] }));

function widgetsOf(regions: DashboardBodyProps['regions']): readonly Widget[] {
  const body = dashboardBody({
    names: new Names('test'),
    accountId: '123456789012',
    regions,
    thresholds: { replicationLagMilliseconds: 500, cpuPercent: 80, connections: 100 },
  });
  return (JSON.parse(body) as { readonly widgets: readonly Widget[] }).widgets;
}

const two = regionsOf('us-east-1', 'us-west-2');

/** The lines of a widget as text, of the region that each is read in. */
const linesOf = (widget: Widget | undefined): string[] =>
  (widget?.properties.metrics ?? []).map((line) => {
    const options = line.at(-1) as { readonly region: string; readonly expression?: string };
    return `${options.region}: ${options.expression ?? line.slice(0, -1).join(' ')}`;
  });

describe('the dashboard', () => {
  it('is what the snapshot says', () => {
    expect(widgetsOf(two)).toMatchSnapshot();
  });

  it.each([
    ['AuroraGlobalDBReplicationLag'],
    ['CPUUtilization'],
    ['DatabaseConnections'],
    ['FreeableMemory'],
    ['ServerlessDatabaseCapacity'],
  ])('shows %s of every region, as read there', (metric) => {
    const lines = linesOf(widgetsOf(two).find((widget) => linesOf(widget).some((line) => line.includes(metric))));
    expect(lines).toHaveLength(2);
    for (const [index, region] of ['us-east-1', 'us-west-2'].entries()) {
      expect(lines[index]).toMatch(new RegExp(`^${region}: .*aurora-${region}-test`));
    }
  });

  it('shows who writes as each region was told, and who is alive', () => {
    const lines = widgetsOf(two).flatMap(linesOf);
    const global = 'GlobalCluster aurora-global-test';
    for (const told of ['us-east-1', 'us-west-2']) {
      for (const region of ['us-east-1', 'us-west-2']) {
        expect(lines).toContain(`${told}: AuroraDR WriterRegion ${global} Region ${region}`);
      }
      expect(lines).toContain(`${told}: AuroraDR OperatorHeartbeat ${global}`);
      expect(lines).toContain(`${told}: AuroraDR MonitorHeartbeat ${global}`);
    }
  });

  it('shows every alarm', () => {
    expect(widgetsOf(two)[0]?.properties.alarms).toEqual([
      'arn:aws:cloudwatch:us-east-1:123456789012:alarm:alarm-cpu-us-east-1-test',
      'arn:aws:cloudwatch:us-west-2:123456789012:alarm:alarm-cpu-us-west-2-test',
    ]);
  });

  it.each([2, 3, 11])('given %p regions, lays widgets out inside of the grid, none over another', (count) => {
    const widgets = widgetsOf(regionsOf(...Array.from({ length: count }, (_, index) => `region-${String(index)}`)));
    const cells = widgets.flatMap(({ x, y, width, height }) =>
      Array.from(
        { length: width * height },
        (_, cell) => `${String(x + (cell % width))},${String(y + Math.floor(cell / width))}`,
      ),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...widgets.map(({ x, width }) => x + width))).toBeLessThanOrEqual(24);
  });
});
