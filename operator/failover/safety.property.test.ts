import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assess, type Assessment } from './assess.ts';
import { isTerminalStatus } from './direct-signals.ts';
import { EMPTY_FOLLOW_MEMORY, followOperation, readEffect } from './follow.ts';
import { judgeForce } from './force.ts';
import { EMPTY_MEMORY } from './memory.ts';
import type { Operation } from './operation.ts';
import type { Settings } from './settings.ts';
import { MINUTE, SECOND, T0 } from './testing/a-round.ts';
import { aSettings, EAST, signalsNamed, THREE_REGIONS, WEST } from './testing/a-settings.ts';
import { aSenselessRound, aTroubledWorld, type World } from './testing/random-world.ts';
import { propertyRuns } from './testing/property-runs.ts';
import { playLoss } from './testing/simulated-loss.ts';
import { Watch } from './testing/watch.ts';

interface Decision {
  readonly assessment: Assessment;
  readonly target: string;
  /** Rounds up to this one in which a quorum was Failing, without a gap. */
  readonly failingRounds: number;
}

/** Counted from the signals alone, apart from the brain's own count. */
function isQuorumByHand({ signals }: Assessment, { quorum }: Settings): boolean {
  const failing = signals.filter((signal) => signal.state === 'Failing');
  return failing.length >= quorum && new Set(failing.map((signal) => signal.vantage)).size >= 2;
}

/** Every round of a world in which the brain would fail over. */
function decisionsIn({ settings, rounds }: World): Decision[] {
  const watch = new Watch(settings);
  const decisions: Decision[] = [];
  let failingRounds = 0;
  for (const round of rounds) {
    const verdict = watch.see(round).judge();
    const { assessment } = watch;
    failingRounds = isQuorumByHand(assessment, settings) ? failingRounds + 1 : 0;
    if (verdict.kind === 'FailOver') {
      decisions.push({ assessment, target: verdict.target.region, failingRounds });
    }
  }
  return decisions;
}

function forEveryDecision(check: (decision: Decision, settings: Settings) => void): void {
  let decisions = 0;
  fc.assert(
    fc.property(aTroubledWorld, (world) => {
      for (const decision of decisionsIn(world)) {
        decisions++;
        check(decision, world.settings);
      }
    }),
    { numRuns: propertyRuns(1500) },
  );
  // A property of failovers that meets none proves nothing.
  expect(decisions).toBeGreaterThanOrEqual(propertyRuns(50));
}

describe('whatever the rounds', () => {
  it('Given a failover, then nothing saw the primary serve, its RDS was silent and a survivor was heard', () => {
    forEveryDecision(({ assessment: { round, topology } }, settings) => {
      const primary = topology.primaryRegion ?? '';
      const isListed = (name: string) => settings.signals.some((signal) => signal.name === name);
      const region = round.regions[primary];
      const answers = [region?.clusters.kind, region?.globalClusters.kind];
      const hasLimit = settings.inRegionRecoveryLimitMilliseconds !== undefined;
      const survivors = Object.values(round.regions).filter((other) => other.region !== primary);

      if (isListed('endpoint')) {
        expect(round.endpoints[primary]?.attempt.kind).not.toBe('answered');
      }
      if (isListed('http')) {
        expect([200, 204]).not.toContain(round.witness?.statusCode);
      }
      if (!hasLimit && !isTerminalStatus(region?.cluster?.status ?? '')) {
        expect(answers).not.toContain('answered');
        expect(answers).not.toContain('rejected');
      }
      expect(survivors.flatMap((other) => [other.clusters.kind, other.globalClusters.kind])).toContain('answered');
    });
  });

  it('Given a failover, then its target answers, is fit and permitted, and its loss is known', () => {
    forEveryDecision(({ assessment, target }, settings) => {
      const chosen = assessment.regions.find((region) => region.region === target);
      const { cluster } = assessment.round.regions[target] ?? {};

      expect(chosen).toMatchObject({ role: 'Secondary', synchronizationStatus: 'connected' });
      expect(chosen?.unfit).toBeUndefined();
      expect(chosen?.excluded).toBeUndefined();
      expect(chosen?.promotion).not.toBe('Never');
      expect(cluster).toMatchObject({ status: 'available', instanceCount: 1 });
      expect(chosen?.loss?.lastKnownMilliseconds).toBeLessThanOrEqual(
        settings.dataLoss === 'Allow' ? Infinity : settings.recoveryPointMilliseconds,
      );
    });
  });

  it('Given a failover, then a quorum had been Failing for failureThreshold rounds without a gap', () => {
    forEveryDecision(({ failingRounds }, settings) => {
      expect(failingRounds).toBeGreaterThanOrEqual(settings.failureThreshold);
    });
  });

  it('Given a failover, then no secondary had received anything since the first failing round', () => {
    forEveryDecision(({ assessment }) => {
      const replication = assessment.signals.find((signal) => signal.name === 'replication');
      const evidence = replication?.state === 'Passing' ? replication.evidenceAt : undefined;

      expect(evidence ?? -Infinity).toBeLessThan(assessment.incident?.startedAt ?? -Infinity);
    });
  });

  it('Given a failover, then nothing was in flight and nobody disputed the writer', () => {
    forEveryDecision(({ assessment: { topology } }) => {
      expect(topology.inFlight).toBeUndefined();
      expect(topology.dispute).toBeUndefined();
    });
  });

  it('Given a world in which the operator restarts, then no failover comes earlier than without', () => {
    fc.assert(
      fc.property(aTroubledWorld, fc.nat(14), ({ settings, rounds }, restartAt) => {
        const watch = new Watch(settings);
        let sinceRestart = 0;
        rounds.forEach((round, index) => {
          if (index === restartAt) {
            const { signals, lag, incident } = watch.memory;
            const kept = incident === undefined ? {} : { incident: { startedAt: incident.startedAt } };
            watch.memory = { ...EMPTY_MEMORY, signals, lag, ...kept };
            sinceRestart = 0;
          }
          sinceRestart++;
          if (watch.see(round).judge().kind === 'FailOver') {
            expect(sinceRestart).toBeGreaterThanOrEqual(index < restartAt ? 0 : settings.failureThreshold);
          }
        });
      }),
      { numRuns: propertyRuns(500) },
    );
  });
});

describe('a true loss', () => {
  const signalSets = [
    signalsNamed('controlPlane', 'endpoint', 'replication', 'http'),
    signalsNamed('controlPlane', 'endpoint', 'replication'),
    signalsNamed('endpoint', 'http'),
    signalsNamed('controlPlane', 'replication'),
    signalsNamed('replication', 'http'),
  ];

  it('Given any delays and phases, then it is decided within the detection window', () => {
    fc.assert(
      fc.property(
        fc.record({
          signals: fc.constantFrom(...signalSets),
          wantedQuorum: fc.integer({ min: 2, max: 4 }),
          interval: fc.integer({ min: 5, max: 60 }),
          failureThreshold: fc.integer({ min: 1, max: 5 }),
          lossAt: fc.integer({ min: 15 * MINUTE, max: 20 * MINUTE }),
          phase: fc.integer({ min: 0, max: 59 * SECOND }),
          lagDelay: fc.integer({ min: MINUTE, max: 3 * MINUTE }),
          controlDelay: fc.integer({ min: MINUTE, max: 3 * MINUTE }),
        }),
        ({ signals, wantedQuorum, interval, failureThreshold, ...world }) => {
          const settings = aSettings({
            signals,
            quorum: Math.min(wantedQuorum, signals.length),
            intervalMilliseconds: interval * SECOND,
            failureThreshold,
          });
          const { decidedAfter, window } = playLoss({ settings, ...world });

          expect(decidedAfter).toBeLessThanOrEqual(window);
          expect(decidedAfter).toBeGreaterThanOrEqual(settings.timeoutMilliseconds);
        },
      ),
      { numRuns: propertyRuns(300) },
    );
  });
});

describe('senseless rounds', () => {
  const settings = aSettings({
    regions: THREE_REGIONS,
    signals: signalsNamed('controlPlane', 'endpoint', 'replication', 'http'),
  });
  const operation: Operation = {
    id: 'op-1',
    type: 'Switchover',
    trigger: 'Annotation',
    from: EAST,
    to: WEST,
    step: 'Requested',
    isDataLossAllowed: false,
    detectedAt: T0,
    startedAt: T0,
    attempts: 1,
    fence: 'Unknown',
  };

  it('Given any rounds, then nothing throws, and the same rounds say the same', () => {
    fc.assert(
      fc.property(
        fc.array(aSenselessRound, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(undefined, EAST, WEST, 'elsewhere'),
        (rounds, primaryRegion) => {
          const recorded = primaryRegion === undefined ? {} : { primaryRegion };
          let memory = EMPTY_MEMORY;
          for (const round of rounds) {
            const first = assess(memory, round, settings, recorded);
            expect(assess(memory, round, settings, recorded)).toEqual(first);
            const { assessment } = first;
            memory = first.memory;
            const request = {
              action: 'force-failover',
              value: 'any',
              forceType: 'Auto',
              hasAcceptedDataLoss: true,
            } as const;
            const effect = readEffect(operation, assessment, settings);
            judgeForce({ request, assessment, settings });
            followOperation({
              operation,
              assessment,
              memory,
              follow: EMPTY_FOLLOW_MEMORY,
              effect,
              settings,
              now: round.completedAt,
              isCertainlyUncalled: false,
            });
          }
        },
      ),
      { numRuns: propertyRuns(500) },
    );
  });
});
