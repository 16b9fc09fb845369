import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defined } from '../failover/defined.ts';
import type { Drill, LastDrill } from '../failover/drill.ts';
import { EMPTY_MEMORY } from '../failover/memory.ts';
import type { Operation, SplitBrain } from '../failover/operation.ts';
import {
  drillFrom,
  drillStatus,
  failbackStatus,
  historyEntry,
  lastDrillFrom,
  lastDrillStatus,
  memoryFrom,
  nextDrillFrom,
  nextDrillStatus,
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
    automatic: optional(fc.boolean()),
    requestId: optional(fc.string()),
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
    state: optional(fc.constantFrom('StillWriter' as const, 'Resynchronizing' as const)),
    returnedAt: optional(instant),
    message: optional(text),
  })
  .map((splitBrain) => defined(splitBrain));

const drills: fc.Arbitrary<Drill> = fc
  .record({
    id: text,
    home: text,
    away: text,
    leg: fc.constantFrom('There' as const, 'Away' as const, 'Back' as const),
    startedAt: instant,
    arrivedAt: optional(instant),
    scheduledFor: optional(instant),
    operationId: text,
    thereMilliseconds: optional(fc.nat()),
    returnAttempts: optional(fc.nat()),
    notBefore: optional(instant),
  })
  .map((drill) => defined(drill));

const lastDrills: fc.Arbitrary<LastDrill> = fc
  .record({
    id: text,
    mode: fc.constantFrom('Simulate' as const, 'Switchover' as const),
    result: fc.constantFrom('Succeeded' as const, 'Failed' as const, 'Missed' as const),
    reason: text,
    scheduledFor: optional(instant),
    startedAt: optional(instant),
    completedAt: instant,
    from: optional(text),
    to: optional(text),
    thereMilliseconds: optional(fc.nat()),
    backMilliseconds: optional(fc.nat()),
    lastSucceededAt: optional(instant),
    message: text,
    checks: optional(fc.array(fc.record({ name: text, passed: fc.boolean(), message: text }), { maxLength: 3 })),
  })
  .map((drill) => defined(drill));

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

  it('given any drill, when persisted and read again, then it is the same', () => {
    fc.assert(
      fc.property(drills, (drill) => {
        expect(drillFrom(throughJson(drillStatus(drill)))).toEqual(drill);
      }),
    );
  });

  it('given any drill that ended, when persisted and read again, then it is the same', () => {
    fc.assert(
      fc.property(lastDrills, (drill) => {
        expect(lastDrillFrom(throughJson(lastDrillStatus(drill)))).toEqual(drill);
      }),
    );
  });

  it('given any planned drill, when persisted and read again, then it is the same', () => {
    fc.assert(
      fc.property(instant, text, (at, schedule) => {
        expect(nextDrillFrom(throughJson(nextDrillStatus({ at, schedule })))).toEqual({ at, schedule });
      }),
    );
  });

  it('given times, when persisted, then they are RFC 3339 with milliseconds', () => {
    const drill = {
      id: 'd',
      home: 'a',
      away: 'b',
      leg: 'Away',
      startedAt: 0,
      arrivedAt: 1500,
      operationId: 'o',
    } as const;
    expect(drillStatus(drill)).toEqual({
      ...drill,
      startedAt: '1970-01-01T00:00:00.000Z',
      arrivedAt: '1970-01-01T00:00:01.500Z',
    });
    expect(nextDrillStatus({ at: 0, schedule: 's' })).toEqual({ at: '1970-01-01T00:00:00.000Z', schedule: 's' });
    expect(failbackStatus({ region: 'a', since: 0, until: 1500 })).toEqual({
      region: 'a',
      healthySince: '1970-01-01T00:00:00.000Z',
      observedUntil: '1970-01-01T00:00:01.500Z',
    });
  });

  it('given an operation without a time of detection, when read, then it was detected when it started', () => {
    const { detectedAt: _, ...status } = operationStatus({
      id: 'op-1',
      type: 'Failover',
      trigger: 'External',
      from: 'a',
      to: 'b',
      step: 'Requested',
      isDataLossAllowed: true,
      detectedAt: 1,
      startedAt: 2000,
      attempts: 0,
      fence: 'Unknown',
    });
    expect(operationFrom(status)).toMatchObject({ detectedAt: 2000, startedAt: 2000 });
  });

  it('given a drill that ended without words, when read, then there are none', () => {
    const status = { id: 'd', mode: 'Simulate', result: 'Failed', completedAt: '2026-01-01T00:00:00Z' } as const;
    expect(lastDrillFrom(status)).toMatchObject({ reason: '', message: '' });
  });

  it('given prose and figures beyond the schema, when a drill is persisted, then it stays writable', () => {
    const long = 'x'.repeat(10_000);
    const status = lastDrillStatus({
      id: 'd',
      mode: 'Switchover',
      result: 'Failed',
      reason: 'NotReady',
      completedAt: 0,
      thereMilliseconds: -1,
      backMilliseconds: 1.5,
      message: long,
      checks: [{ name: 'Votes', passed: false, message: long }],
    });
    expect(
      lastDrillStatus({ id: 'd', mode: 'Simulate', result: 'Missed', reason: '', completedAt: 0, message: '' }),
    ).toEqual({
      id: 'd',
      mode: 'Simulate',
      result: 'Missed',
      reason: '',
      completedAt: '1970-01-01T00:00:00.000Z',
      message: '',
    });
    expect(status).toMatchObject({ thereMilliseconds: 0, backMilliseconds: 2 });
    expect(status.message).toHaveLength(4096);
    expect(status.checks?.[0]).toMatchObject({ name: 'Votes', passed: false });
    expect(status.checks?.[0]?.message).toHaveLength(1024);
  });

  it('given a clock that was set back during a drill, when persisted, then it stays writable', () => {
    const drill = { id: 'd', home: 'a', away: 'b', leg: 'Away', startedAt: 0, operationId: 'o' } as const;
    expect(drillStatus({ ...drill, thereMilliseconds: -0.6 }).thereMilliseconds).toBe(0);
    expect(drillStatus(drill)).not.toHaveProperty('thereMilliseconds');
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
    [NaN, undefined],
    [Infinity, Number.MAX_SAFE_INTEGER],
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

  it('given a status without regions and signals, when read, then nothing is remembered', () => {
    expect(memoryFrom({})).toEqual(EMPTY_MEMORY);
  });

  it('given what a signal said, when read, then it is still known', () => {
    const since = '2026-01-01T00:00:00.000Z';
    const signal = { name: 'endpoint', vantage: 'direct', state: 'Passing', since } as const;
    const { signals } = memoryFrom({ signals: [{ ...signal, reason: 'Accepts', message: 'it accepts' }] });
    expect(signals).toEqual({
      endpoint: {
        state: 'Passing',
        since: Date.parse(since),
        reason: 'Accepts',
        message: 'it accepts',
        passingRounds: 0,
        configuration: '',
      },
    });
  });

  it('given a sample time without a lag, when read, then no lag is remembered', () => {
    const region = {
      name: 'a',
      clusterIdentifier: 'c',
      role: 'Secondary',
      health: 'Healthy',
      promotable: true,
    } as const;
    expect(memoryFrom({ regions: [{ ...region, lagSampleTime: '2026-01-01T00:00:00Z' }] }).lag).toEqual({});
  });

  it('given a preferred region that is stabilizing, when read, then the time goes on counting', () => {
    const stability = { region: 'a', since: 1000, until: 2000 };
    expect(memoryFrom({ failback: failbackStatus(stability) }).stability).toEqual(stability);
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
    expect(memory).toStrictEqual({
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
