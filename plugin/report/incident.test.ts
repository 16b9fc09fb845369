import { describe, expect, it } from '@jest/globals';
import { aRecordedLoss, LOST_AT } from '../testing/a-recorded-loss.ts';
import {
  aHistoryEntry,
  anOperation,
  aWatchedPolicy,
  before,
  NOW,
  NOW_MILLISECONDS,
} from '../testing/a-watched-policy.ts';
import { incidentOf, ReportError, type ReportFacts } from './incident.ts';

const ID = aHistoryEntry().id;

function facts(overrides: Partial<ReportFacts> = {}): ReportFacts {
  return {
    policy: aWatchedPolicy({ status: { primaryRegion: 'us-west-2', history: [aHistoryEntry()] } }),
    operationId: ID,
    events: [],
    decisions: aRecordedLoss(),
    now: NOW_MILLISECONDS,
    ...overrides,
  };
}

describe('incidentOf', () => {
  it('given a failover and its decision log, says what the time went into', () => {
    const { phases, milestones } = incidentOf(facts());
    expect(milestones.map(({ name }) => name)).toEqual([
      'lost',
      'accepted',
      'called',
      'promoted',
      'published',
      'ended',
    ]);
    expect(phases.map(({ name, from, to }) => [name, to - from])).toEqual([
      ['detection', 40_000],
      ['decision to call', 20],
      ['promotion', 59_480],
      ['publication', 300],
      ['proof', 200],
    ]);
  });

  it('given no decision log, counts the call into the promotion and says what is missing', () => {
    const { phases, lanes, gaps } = incidentOf(facts({ decisions: [] }));
    expect(phases.map(({ name, to, from }) => [name, to - from])).toContainEqual(['promotion', 59_500]);
    expect(lanes).toEqual([]);
    expect(gaps.join()).toContain('No decision log was given');
  });

  it('given a log of another object of the same name, takes nothing from it', () => {
    const decisions = aRecordedLoss().map((decision) => ({ ...decision, uid: 'another' }));
    const { lanes, gaps } = incidentOf(facts({ decisions }));
    expect(lanes).toEqual([]);
    expect(gaps.join()).toContain('has nothing of the time of this operation');
  });

  it('tells changes of signals and verdicts once, in order of time, beside the milestones', () => {
    const told = incidentOf(facts()).timeline.map(({ at, what }) => [at - LOST_AT, what]);
    expect(told).toEqual([
      [0, 'first failing round: us-east-1 is not seen serving'],
      [90, 'signal controlPlane: Passing → Failing: controlPlane is Failing'],
      [90, 'signal http: Passing → Failing: http is Failing'],
      [90, 'verdict: Held: Confirming (1 of 3)'],
      [39_990, 'verdict: FailOver to us-west-2, loss unknown'],
      [40_000, 'Failover to us-west-2 is on record, before AWS is called'],
      [40_020, 'FailoverGlobalCluster is called'],
      [40_030, 'Called: Accepted'],
      [99_500, 'us-west-2 is seen as the writer'],
      [99_800, 'clients are sent to us-west-2'],
      [100_000, 'Failover Succeeded'],
    ]);
  });

  it('draws each signal as spans that follow one another to the edge of the picture', () => {
    const { lanes, from, to } = incidentOf(facts());
    expect(lanes).toEqual(
      ['controlPlane', 'http'].map((name) => ({
        name,
        spans: [
          { from, to: LOST_AT + 90, value: 'Passing' },
          { from: LOST_AT + 90, to, value: 'Failing' },
        ],
      })),
    );
  });

  it('given events, takes those of its time, and none that says what a milestone says', () => {
    const event = { firstAt: before(119_000), lastAt: before(119_000), count: 2, isWarning: true, note: 'told' };
    const { timeline } = incidentOf(
      facts({
        decisions: [],
        events: [
          { ...event, reason: 'PrimaryUnhealthy' },
          { ...event, reason: 'FailoverStarted' },
          { ...event, reason: 'Ready', firstAt: before(3_600_000) },
        ],
      }),
    );
    expect(timeline.filter(({ source }) => source === 'event').map(({ what }) => what)).toEqual([
      'PrimaryUnhealthy: told (2 times)',
    ]);
  });

  it('given a request by a person, says who asked for what', () => {
    const startedAt = before(50_000);
    const entry = aHistoryEntry({ trigger: 'Annotation', detectedAt: startedAt, startedAt });
    const policy = aWatchedPolicy({
      status: {
        history: [entry],
        lastRequest: {
          action: 'force-failover',
          value: 'any',
          acceptDataLoss: true,
          observedAt: startedAt,
          result: 'Accepted',
          operationId: ID,
        },
      },
    });
    const { timeline, milestones } = incidentOf(facts({ policy, decisions: [] }));
    expect(milestones.map(({ name }) => name)).not.toContain('lost');
    expect(timeline.map(({ what }) => what)).toContain('a person asks: force-failover=any, the loss of data accepted');
  });

  it('given an operation in flight, reports what is known so far', () => {
    const policy = aWatchedPolicy({ status: { operation: anOperation({ calledAt: before(19_000) }) } });
    const { milestones, gaps, to } = incidentOf(facts({ policy, decisions: [] }));
    expect(milestones.map(({ name }) => name)).toEqual(['accepted', 'called']);
    expect(gaps).toContain('The operation had not ended when this report was made.');
    expect(to).toBeGreaterThan(NOW_MILLISECONDS);
  });

  it('given old events, and none to be read, says which', () => {
    expect(incidentOf(facts({ events: undefined })).gaps.join()).toContain('no right to list them');
    expect(incidentOf(facts({ now: Date.parse(NOW) + 3_600_000 })).gaps.join()).toContain('forgets them');
  });

  it('given what is no operation, says why there is no report', () => {
    expect(() => incidentOf(facts({ operationId: 'other' }))).toThrow(ReportError);
    const simulation = aWatchedPolicy({ status: { history: [aHistoryEntry({ type: 'Simulation' })] } });
    expect(() => incidentOf(facts({ policy: simulation }))).toThrow(/it is a simulation/);
  });
});
