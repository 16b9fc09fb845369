import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defined } from '../failover/defined.ts';
import type { Operation, SplitBrain } from '../failover/operation.ts';
import {
  historyEntry,
  memoryFrom,
  operationFrom,
  operationStatus,
  splitBrainFrom,
  splitBrainStatus,
  wholeMilliseconds,
} from './status-codec.ts';

const instant = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const text = fc.string({ maxLength: 20 });
const fence = fc.constantFrom('Unknown' as const, 'Succeeded' as const, 'TimedOut' as const);

const operations: fc.Arbitrary<Operation> = fc
  .record({
    id: text,
    type: fc.constantFrom('Failover' as const, 'Switchover' as const),
    trigger: fc.constantFrom('Automatic' as const, 'Annotation' as const, 'External' as const),
    from: text,
    to: text,
    fromClusterArn: optional(text),
    targetClusterArn: optional(text),
    step: fc.constantFrom('Accepted' as const, 'Unconfirmed' as const, 'Promoted' as const),
    isDataLossAllowed: fc.boolean(),
    detectedAt: instant,
    startedAt: instant,
    calledAt: optional(instant),
    promotedAt: optional(instant),
    publishedAt: optional(instant),
    estimatedDataLossMilliseconds: optional(fc.nat()),
    worstCaseDataLossMilliseconds: optional(fc.nat()),
    attempts: fc.nat(),
    fence,
    fenceTime: optional(instant),
    acceptedBy: optional(text),
    message: optional(text),
  })
  .map((operation) => defined(operation));

const splitBrains: fc.Arbitrary<SplitBrain> = fc
  .record({
    region: text,
    clusterIdentifier: text,
    since: instant,
    operationId: optional(text),
    fence,
    message: optional(text),
  })
  .map((splitBrain) => defined(splitBrain));

const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe('status codec', () => {
  it('given any operation, when persisted and read again, then it is the same', () => {
    fc.assert(
      fc.property(operations, (operation) => {
        expect(operationFrom(throughJson(operationStatus(operation)))).toEqual(operation);
      }),
    );
  });

  it('given any old primary, when persisted and read again, then it is the same', () => {
    fc.assert(
      fc.property(splitBrains, (splitBrain) => {
        expect(splitBrainFrom(throughJson(splitBrainStatus(splitBrain)))).toEqual(splitBrain);
      }),
    );
  });

  it('given a status without a fence, when read, then nobody knows of one', () => {
    const status = { region: 'r', clusterIdentifier: 'c', since: '2026-01-01T00:00:00Z' };
    expect(splitBrainFrom(status).fence).toBe('Unknown');
  });

  it.each([
    [undefined, undefined],
    [0.4, 0],
    [1.5, 2],
    [-5, 0],
  ])('given %s milliseconds, when persisted, then the schema admits it', (value, expected) => {
    expect(wholeMilliseconds(value)).toBe(expected);
  });

  it('given a clock that was set back, when an operation ends, then its entry stays writable', () => {
    const entry = historyEntry({
      id: 'op-1',
      type: 'Failover',
      trigger: 'Automatic',
      from: 'a',
      to: 'b',
      outcome: 'Succeeded',
      startedAt: 10_000,
      completedAt: 5_000,
      recoveryTimeMilliseconds: -5_000,
    });
    expect(entry).toMatchObject({ recoveryTimeMilliseconds: 0, completedAt: '1970-01-01T00:00:05.000Z' });
    expect(entry).not.toHaveProperty('promotedAt');
  });
});

describe('memoryFrom', () => {
  it('given no status, when read, then nothing is remembered', () => {
    expect(memoryFrom(undefined)).toMatchObject({ signals: {}, quorumRounds: 0, lag: {} });
  });

  it('given a status, when read, then votes, incident, lag, versions and probes outlive the process, streaks do not', () => {
    const time = '2026-01-01T00:00:00.000Z';
    const at = Date.parse(time);
    const region = {
      name: 'east',
      clusterIdentifier: 'c',
      role: 'Secondary',
      health: 'Healthy',
      promotable: true,
    } as const;
    const memory = memoryFrom({
      incident: { startedAt: time },
      signals: [
        {
          name: 'http',
          vantage: 'witness',
          state: 'Failing',
          since: time,
          lastPassed: time,
          primary: 'west',
          configuration: 'c1',
        },
      ],
      regions: [
        {
          ...region,
          replicationLagMilliseconds: 7,
          lagSampleTime: time,
          engineVersion: '8.0',
          endpointLastPassed: time,
        },
        { ...region, name: 'west', replicationLagMilliseconds: 7 },
      ],
    });
    expect(memory).toEqual({
      quorumRounds: 0,
      calmRounds: 0,
      incident: { startedAt: at },
      signals: {
        http: {
          state: 'Failing',
          since: at,
          reason: '',
          message: '',
          passingRounds: 0,
          lastPassed: at,
          primary: 'west',
          configuration: 'c1',
        },
      },
      lag: { east: { periodStart: at, periodEnd: at, lagMilliseconds: 7 } },
      engineVersions: { east: '8.0' },
      endpointPassed: { east: at },
    });
  });
});
