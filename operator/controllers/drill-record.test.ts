import { describe, expect, it } from '@jest/globals';
import type { HistoryEntry } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Drill, DrillCheck, LastDrill, Simulation } from '../failover/drill.ts';
import { MINUTE, T0 } from '../failover/testing/a-round.ts';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import {
  drillEndChanges,
  endedOperation,
  missedChanges,
  simulationChanges,
  simulationMessage,
  type SimulatedDrill,
} from './drill-record.ts';
import type { PolicyRecord } from './policy-record.ts';

const NOW = T0 + 10 * MINUTE;
const NOW_TEXT = '2026-01-01T00:10:00.000Z';

const aCheck = (name: string, passed = true, message = `${name} is well`): DrillCheck => ({ name, passed, message });
const NOTE = aCheck('Automation', true, 'a confirmed loss is failed over automatically');

const aSimulation = (overrides: Partial<Simulation> = {}): Simulation => ({
  target: WEST,
  estimatedDataLossMilliseconds: 100,
  worstCaseDataLossMilliseconds: 61_100,
  checks: [aCheck('Roles'), NOTE],
  ...overrides,
});

const anEntry = (overrides: Partial<HistoryEntry> = {}): HistoryEntry => ({
  id: 'switchover-1',
  type: 'Switchover',
  trigger: 'Drill',
  from: EAST,
  to: WEST,
  outcome: 'Succeeded',
  startedAt: '2026-01-01T00:00:00.000Z',
  completedAt: '2026-01-01T00:00:07.000Z',
  ...overrides,
});

const lastDrill = (overrides: Partial<LastDrill> = {}): LastDrill => ({
  id: 'drill-0',
  mode: 'Simulate',
  result: 'Succeeded',
  reason: 'Succeeded',
  completedAt: T0,
  lastSucceededAt: T0,
  message: 'well',
  ...overrides,
});

const aRecord = (overrides: Partial<PolicyRecord> = {}): PolicyRecord => ({ history: [], ...overrides });

describe('what a simulation says', () => {
  it('given all checks passed, when told, then it names the target, the loss and what limits automation', () => {
    expect(simulationMessage(aSimulation())).toBe(
      `a failover would go to ${WEST}, with an estimated loss of 100 ms, at worst 61100 ms; a confirmed loss is failed over automatically`,
    );
  });

  it('given checks that failed, when told, then it names each of them and no target', () => {
    const checks = [aCheck('Roles', false, 'no writer'), aCheck('AtRest'), aCheck('Votes', false, 'no votes'), NOTE];
    expect(simulationMessage(aSimulation({ checks }))).toBe('a failover would not work now: no writer; no votes');
  });

  it('given a loss that nobody knows, when told, then it is not told as zero', () => {
    expect(simulationMessage({ target: WEST, checks: [] })).toBe(
      `a failover would go to ${WEST}, with an estimated loss of ? ms, at worst ? ms; `,
    );
  });
});

describe('simulationChanges', () => {
  const simulate = (overrides: Partial<SimulatedDrill> = {}, record: PolicyRecord = aRecord()) =>
    simulationChanges(record, { id: 'drill-1', simulation: aSimulation(), from: EAST, now: NOW, ...overrides });
  const failing = aSimulation({ checks: [aCheck('Roles'), aCheck('Votes', false, 'no votes'), NOTE] });

  it('given a success by hand, when recorded, then it is the last drill and the newest of history', () => {
    const simulation = aSimulation();
    const { lastDrill: last, history } = simulate({ simulation }, aRecord({ history: [anEntry()] }));
    const message = simulationMessage(simulation);
    expect(last).toEqual({
      id: 'drill-1',
      mode: 'Simulate',
      result: 'Succeeded',
      reason: 'Succeeded',
      startedAt: NOW,
      completedAt: NOW,
      lastSucceededAt: NOW,
      from: EAST,
      to: WEST,
      message,
      checks: simulation.checks,
    });
    expect(history).toEqual([
      {
        id: 'drill-1',
        type: 'Simulation',
        trigger: 'Drill',
        from: EAST,
        to: WEST,
        outcome: 'Succeeded',
        reason: 'Succeeded',
        startedAt: NOW_TEXT,
        completedAt: NOW_TEXT,
        estimatedDataLossMilliseconds: 100,
        worstCaseDataLossMilliseconds: 61_100,
        message,
      },
      anEntry(),
    ]);
  });

  it('given simulations before, when recorded, then the newest stands for all, and what really happened stays', () => {
    const history = [
      anEntry({ id: 'drill-0', type: 'Simulation' }),
      anEntry(),
      anEntry({ id: 'drill-z', type: 'Simulation' }),
    ];
    const ids = simulate({}, aRecord({ history })).history?.map(({ id }) => id);
    expect(ids).toEqual(['drill-1', 'switchover-1']);
  });

  it('given one check that failed, when recorded, then the drill has failed and the last success stays known', () => {
    const { lastDrill: last, history } = simulate({ simulation: failing }, aRecord({ lastDrill: lastDrill() }));
    expect(last).toMatchObject({ result: 'Failed', reason: 'NotReady', completedAt: NOW, lastSucceededAt: T0 });
    expect(history?.[0]).toMatchObject({ outcome: 'Failed', reason: 'NotReady', message: last.message });
  });

  it('given a failure and no drill before, when recorded, then no success is claimed', () => {
    expect(simulate({ simulation: failing }).lastDrill).not.toHaveProperty('lastSucceededAt');
  });

  it('given a scheduled one, when recorded, then both say that nobody asked for it', () => {
    const { lastDrill: last, history } = simulate({ scheduledFor: T0 });
    expect(last.scheduledFor).toBe(T0);
    expect(history?.[0]).toMatchObject({ automatic: true });
    expect(simulate().history?.[0]).not.toHaveProperty('automatic');
  });

  it('given no target, fractions and prose without end, when recorded, then history stays what the schema admits', () => {
    const simulation: Simulation = {
      estimatedDataLossMilliseconds: 0.4,
      worstCaseDataLossMilliseconds: 60_000.6,
      checks: [aCheck('Target', false, 'x'.repeat(10_000))],
    };
    const entry = simulate({ simulation }).history?.[0];
    expect(entry).toMatchObject({ to: '', estimatedDataLossMilliseconds: 0, worstCaseDataLossMilliseconds: 60_001 });
    expect(entry?.message).toHaveLength(4096);
  });
});

describe('drillEndChanges', () => {
  const drill: Drill = {
    id: 'drill-1',
    home: EAST,
    away: WEST,
    leg: 'Back',
    startedAt: T0 + MINUTE,
    scheduledFor: T0,
    operationId: 'switchover-2',
    thereMilliseconds: 7000,
  };

  it('given a success, when recorded, then the drill is over and the last one has both times', () => {
    const finished = {
      kind: 'Finish',
      result: 'Succeeded',
      reason: 'Succeeded',
      message: 'there and back',
      backMilliseconds: 8000,
    } as const;
    const changes = drillEndChanges(aRecord({ drill }), drill, finished, NOW);
    expect(changes).toHaveProperty('drill', undefined);
    expect(changes).not.toHaveProperty('history');
    expect(changes.lastDrill).toEqual({
      id: 'drill-1',
      mode: 'Switchover',
      result: 'Succeeded',
      reason: 'Succeeded',
      message: 'there and back',
      scheduledFor: T0,
      startedAt: T0 + MINUTE,
      completedAt: NOW,
      lastSucceededAt: NOW,
      from: EAST,
      to: WEST,
      thereMilliseconds: 7000,
      backMilliseconds: 8000,
    });
  });

  it('given a failure, when recorded, then the last success stays known and no time back is claimed', () => {
    const record = aRecord({ drill, lastDrill: lastDrill() });
    const finished = { kind: 'Finish', result: 'Failed', reason: 'NotReturned', message: 'away' } as const;
    const { lastDrill: last } = drillEndChanges(record, drill, finished, NOW);
    expect(last).toMatchObject({ result: 'Failed', reason: 'NotReturned', lastSucceededAt: T0 });
    expect(last).not.toHaveProperty('backMilliseconds');
  });
});

describe('missedChanges', () => {
  const missed = {
    id: 'drill-1',
    mode: 'Switchover',
    scheduledFor: T0,
    why: 'the policy is suspended',
    now: NOW,
  } as const;

  it('given a drill that could not start, when recorded, then it says when it was due and why, and claims no start', () => {
    const { lastDrill: last } = missedChanges(
      aRecord({ lastDrill: lastDrill({ lastSucceededAt: T0 - MINUTE }) }),
      missed,
    );
    expect(last).toEqual({
      id: 'drill-1',
      mode: 'Switchover',
      result: 'Missed',
      reason: 'Missed',
      scheduledFor: T0,
      completedAt: NOW,
      lastSucceededAt: T0 - MINUTE,
      message: 'it was due at 2026-01-01T00:00:00.000Z and could not start in time: the policy is suspended',
    });
  });
});

describe('endedOperation', () => {
  const drill = { operationId: 'switchover-1' } as Drill;

  it('given a record of it, when asked, then it says how it ended and how long it took', () => {
    const history = [anEntry({ id: 'other' }), anEntry({ recoveryTimeMilliseconds: 7000, message: 'moved' })];
    expect(endedOperation(aRecord({ history }), drill)).toEqual({
      outcome: 'Succeeded',
      milliseconds: 7000,
      message: 'moved',
    });
    expect(endedOperation(aRecord({ history: [anEntry({ outcome: 'TimedOut' })] }), drill)).toEqual({
      outcome: 'TimedOut',
    });
  });

  it('given a record that has it no more, when asked, then nothing is known of it', () => {
    expect(endedOperation(aRecord({ history: [anEntry({ id: 'other' })] }), drill)).toBeUndefined();
  });
});
