import { describe, expect, it } from '@jest/globals';
import { VOTE_LIFETIME_MILLISECONDS } from './assess.ts';
import { EMPTY_MEMORY, type Memory, type SignalMemory } from './memory.ts';
import type { Settings } from './settings.ts';
import {
  aRound,
  ENGINE,
  MINUTE,
  SECOND,
  T0,
  type LagProps,
  type RegionProps,
  type RoundProps,
} from './testing/a-round.ts';
import { aSettings, CENTRAL, EAST, signalsNamed, THREE_REGIONS, WEST } from './testing/a-settings.ts';
import { local, noAnswer, rejected } from './testing/attempts.ts';
import { lostPrimary, silentPrimary, stoppedLag } from './testing/losses.ts';
import { Watch } from './testing/watch.ts';

/** Where the outage begins, after healthy rounds. */
const LOSS = 60 * MINUTE;
/** When CloudWatch's lag has become too old. */
const STALE = LOSS + 10 * MINUTE;
const INTERVAL = 10 * SECOND;

const WITH_WITNESS: Partial<Settings> = { signals: signalsNamed('controlPlane', 'endpoint', 'replication', 'http') };

/** An operator that has seen the healthy system for two rounds. */
const settled = (overrides: Partial<Settings> = {}, props: RoundProps = { witness: 200 }): Watch =>
  new Watch(aSettings(overrides)).seeAlike(2, LOSS - 2 * INTERVAL, props);

const lost = lostPrimary(LOSS);
const members = [EAST, WEST, CENTRAL];

describe('votes', () => {
  it.each([
    [1, 'Unknown NeverObservedPassing'],
    [2, 'Failing NoAnswer'],
  ])('Given %i passing rounds of 2, when the primary falls silent, then controlPlane is %s', (rounds, expected) => {
    const watch = new Watch(aSettings()).seeAlike(rounds, 0, {}).seeAlike(1, MINUTE, lost);

    expect(watch.stateOf('controlPlane')).toBe(expected);
  });

  it('Given passing rounds that were interrupted, then they do not add up to a vote', () => {
    const watch = new Watch(aSettings()).seeAlike(1, 0, {});
    watch.seeAlike(1, INTERVAL, { regions: { [EAST]: { status: 'modifying' } } });
    watch.seeAlike(1, 2 * INTERVAL, {}).seeAlike(1, 3 * INTERVAL, lost);

    expect(watch.stateOf('controlPlane')).toBe('Unknown NeverObservedPassing');
  });

  it('Given nothing ever passed, then the missing quorum is named and a loss is not acted on', () => {
    const watch = new Watch(aSettings(WITH_WITNESS)).seeAlike(20, STALE, lost);

    expect(watch.assessment.quorumProblem?.reason).toBe('NeverObservedPassing');
    expect(watch.verdict()).toBe('Calm');
  });

  it('Given only direct classes passed, then a quorum from two vantages cannot be met', () => {
    const watch = settled({}, { lag: { [WEST]: { lags: [], control: 'none' } } });

    expect(watch.assessment.quorumProblem?.message).toContain('cannot be met: replication never passed');
    expect(settled().assessment.quorumProblem).toBeUndefined();
  });

  it('Given another configuration of the class, then its vote is gone and the others stay', () => {
    const { memory } = settled();
    const [controlPlane, ...others] = aSettings().signals;
    const signals = [{ ...controlPlane!, configuration: 'edited' }, ...others];
    const watch = new Watch(aSettings({ signals }), memory).seeAlike(1, LOSS, lost);

    expect(watch.stateOf('controlPlane')).toBe('Unknown NeverObservedPassing');
    expect(watch.stateOf('endpoint')).toBe('Failing NoAnswer');
  });

  it('Given another primary, then votes earned for the old one are gone', () => {
    const watch = settled();
    watch.recorded = { primaryRegion: WEST };
    watch.seeAlike(5, LOSS, { writer: WEST, endpoint: noAnswer(), regions: { [WEST]: { rds: noAnswer() } } });

    expect(watch.assessment.topology.primaryRegion).toBe(WEST);
    expect(watch.stateOf('controlPlane')).toBe('Unknown NeverObservedPassing');
    expect(watch.verdict()).toBe('Calm');
  });

  it.each([
    ['as old as allowed', VOTE_LIFETIME_MILLISECONDS, 'Failing NoAnswer'],
    ['older than 24 h', VOTE_LIFETIME_MILLISECONDS + 1, 'Unknown NeverObservedPassing'],
  ])('Given a vote restored after a restart that is %s (%i ms), then it is %s', (_, age, expected) => {
    const round = aRound({ ...lost(LOSS), at: LOSS });
    const restored: SignalMemory = {
      state: 'Passing',
      since: T0,
      reason: '',
      message: '',
      passingRounds: 0,
      lastPassed: round.completedAt - age,
      primary: EAST,
      configuration: 'endpoint-1',
    };
    const watch = new Watch(aSettings(), { ...EMPTY_MEMORY, signals: { endpoint: restored } }).see(round);

    expect(watch.stateOf('endpoint')).toBe(expected);
  });

  it('Given a restart during an outage, then the restored votes decide after as many failing rounds as ever', () => {
    const watch = settled(WITH_WITNESS).seeAlike(2, LOSS, lost);
    const { signals, lag, incident, engineVersions } = watch.memory;
    const restored: Memory = {
      ...EMPTY_MEMORY,
      signals,
      lag,
      engineVersions,
      incident: { startedAt: incident!.startedAt },
    };
    const after = new Watch(watch.settings, restored);

    expect(after.seeAlike(2, LOSS + MINUTE, lost).verdict()).toBe('Held Confirming');
    expect(after.seeAlike(1, LOSS + MINUTE + 2 * INTERVAL, lost).verdict()).toBe(`FailOver ${WEST}`);
    expect(after.assessment.incident?.startedAt).toBe(T0 + LOSS);
  });
});

describe('quorum and hysteresis', () => {
  it('Given the loss, then exactly failureThreshold consecutive rounds decide', () => {
    const watch = settled(WITH_WITNESS);
    const verdicts = [0, 1, 2].map((index) => watch.seeAlike(1, LOSS + index * INTERVAL, lost).verdict());

    expect(verdicts).toEqual(['Held Confirming', 'Held Confirming', `FailOver ${WEST}`]);
  });

  it.each<[string, RoundProps]>([
    ['the endpoint accepted', { ...silentPrimary(), endpoint: { kind: 'answered' }, witness: 503 }],
    ['the witness saw the primary', { ...silentPrimary(), witness: 200 }],
    ['RDS of the region answered', { endpoint: noAnswer(), witness: 503 }],
    [
      'no surviving region answered',
      { ...silentPrimary(), regions: { [EAST]: { rds: noAnswer() }, [WEST]: { rds: noAnswer() } }, witness: 503 },
    ],
    ['only direct classes failed', { ...silentPrimary(), witness: 404 }],
    [
      'the roles were disputed',
      {
        ...silentPrimary(),
        witness: 503,
        members,
        regions: { [EAST]: { rds: noAnswer() }, [CENTRAL]: { writer: WEST } },
      },
    ],
  ])('Given one round in which %s, then the count begins anew', (_, blip) => {
    const watch = settled({ ...WITH_WITNESS, regions: THREE_REGIONS }).seeAlike(2, LOSS, lost);
    watch.see(aRound({ ...blip, at: LOSS + 2 * INTERVAL })).seeAlike(2, LOSS + 3 * INTERVAL, lost);

    expect(watch.assessment.quorumRounds).toBe(2);
    expect(watch.judge().kind).toBe('Held');
  });

  it('Given two Failing classes of one vantage, then they are no quorum however long', () => {
    const watch = settled({ signals: signalsNamed('controlPlane', 'endpoint', 'replication') });
    watch.seeAlike(100, LOSS, (at) => silentPrimary({ [WEST]: { until: at - MINUTE } }));

    expect(watch.assessment.isQuorumFailing).toBe(false);
    expect(watch.assessment.quorumRounds).toBe(0);
  });

  it('Given replication and witness Failing while the direct ones are Unknown, then that is a quorum', () => {
    const blind = {
      regions: { [EAST]: { rds: local() } },
      endpoint: local(),
      witness: 503,
      lag: { [WEST]: stoppedLag(LOSS) },
    };
    const watch = settled(WITH_WITNESS).seeAlike(1, LOSS, blind).seeAlike(3, STALE, blind);

    expect(watch.verdict()).toBe(`FailOver ${WEST}`);
  });

  it.each([3, 4])('Given a quorum of %i, then fewer Failing classes do not make it', (quorum) => {
    const watch = settled({ ...WITH_WITNESS, quorum }).seeAlike(5, STALE, (at) => ({
      ...lost(at),
      endpoint: local(),
      ...(quorum === 3 ? { witness: 404 } : {}),
    }));

    expect(watch.assessment.isQuorumFailing).toBe(false);
  });

  it('Given everything is silent, survivors too, then this operator is cut off: nothing is Failing', () => {
    const silent = { regions: { [EAST]: { rds: noAnswer() }, [WEST]: { rds: noAnswer() } }, endpoint: noAnswer() };
    const watch = settled().seeAlike(50, LOSS, { ...silent, lag: { [WEST]: { attempt: noAnswer() } } });

    expect(watch.assessment.signals.map((signal) => signal.state)).toEqual(['Unknown', 'Unknown', 'Unknown']);
    expect(watch.verdict()).toBe('Calm');
  });

  it('Given a terminal status and the witness say lost while no survivor answers, then it is no quorum', () => {
    const regions = { [EAST]: { status: 'failed' }, [WEST]: { rds: noAnswer() } };
    const watch = settled(WITH_WITNESS).seeAlike(5, LOSS, { regions, endpoint: noAnswer(), witness: 503 });

    expect(watch.stateOf('controlPlane')).toBe('Failing TerminalStatus');
    expect(watch.assessment.isQuorumFailing).toBe(false);
  });

  it('Given the witness says lost while no survivor answers, then it is no quorum', () => {
    const watch = settled(WITH_WITNESS).seeAlike(5, STALE, (at) => ({
      ...lost(at),
      regions: { [EAST]: { rds: noAnswer() }, [WEST]: { rds: noAnswer() } },
    }));

    expect(watch.stateOf('http')).toBe('Failing WitnessSeesLoss');
    expect(watch.assessment.isQuorumFailing).toBe(false);
  });

  it.each<[string, RegionProps['rds']]>([
    ['throttles', rejected()],
    ['denies', rejected('denied')],
  ])('Given every region %s, then nothing happens', (_, rds) => {
    const watch = settled().seeAlike(50, LOSS, {
      regions: { [EAST]: { rds: rds! }, [WEST]: { rds: rds! } },
      lag: { [WEST]: { attempt: rds! } },
    });

    expect(watch.verdict()).toBe('Calm');
  });
});

describe('in-region recovery', () => {
  const replicationLost = { [WEST]: stoppedLag(LOSS) };
  const recovering = (region: RegionProps): RoundProps => ({
    regions: { [EAST]: region },
    endpoint: noAnswer(),
    witness: 503,
    lag: replicationLost,
  });

  it.each<[string, RegionProps]>([
    ...['failing-over', 'upgrading', 'maintenance', 'modifying', 'rebooting', 'backtracking', 'tomorrow', ''].map(
      (status): [string, RegionProps] => [`cluster is "${status}"`, { status }],
    ),
    ['cluster is available, its writer unreachable', {}],
    ['RDS throttles', { rds: rejected() }],
    ['RDS denies', { rds: rejected('denied') }],
    ['only the global cluster is answered', { clusters: noAnswer() }],
    ['RDS does not know the cluster', { isWithoutCluster: true }],
  ])('Given %s and all else Failing, then automation holds', (_, region) => {
    const watch = settled(WITH_WITNESS).seeAlike(1, LOSS, recovering(region)).seeAlike(50, STALE, recovering(region));

    expect(watch.assessment.hold?.reason).toBe('InRegionRecovery');
    expect(watch.assessment.quorumRounds).toBe(0);
    expect(watch.verdict()).toBe('Held InRegionRecovery');
  });

  it.each(['failed', 'inaccessible-encryption-credentials'])(
    'Given the terminal status "%s", then nothing holds',
    (status) => {
      const watch = settled(WITH_WITNESS)
        .seeAlike(1, LOSS, recovering({ status }))
        .seeAlike(3, STALE, recovering({ status }));

      expect(watch.verdict()).toBe(`FailOver ${WEST}`);
    },
  );

  it('Given only the writer is unreachable, then it is held although no quorum is near', () => {
    expect(settled().seeAlike(1, LOSS, { endpoint: noAnswer() }).verdict()).toBe('Held InRegionRecovery');
  });

  it.each<[string, RegionProps, string]>([
    ['says its status', { status: 'failing-over' }, 'RDS in us-east-1 answers (cluster is "failing-over"), '],
    ['does not', { clusters: noAnswer() }, 'RDS in us-east-1 answers (without a status for the cluster), '],
  ])('Given RDS answers and %s, then the hold tells', (_, region, message) => {
    expect(settled().seeAlike(1, LOSS, recovering(region)).assessment.hold?.message).toContain(message);
  });

  it('Given a cluster that is available and an endpoint that cannot be judged, then there is no loss to hold for', () => {
    const watch = settled().seeAlike(1, LOSS, { endpoint: local() });

    expect(watch.assessment.incident).toBeUndefined();
    expect(watch.assessment.hold).toBeUndefined();
  });

  it('Given the witness alone says lost, and no endpoint is probed, then automation holds', () => {
    const watch = settled({ signals: signalsNamed('controlPlane', 'http') }).seeAlike(1, LOSS, { witness: 503 });

    expect(watch.verdict()).toBe('Held InRegionRecovery');
  });

  it('Given an upgrade whose writer accepts, then nothing is suspected, and the hold stands ready', () => {
    const watch = settled().seeAlike(5, LOSS, { regions: { [EAST]: { status: 'upgrading' } } });

    expect(watch.verdict()).toBe('Calm');
    expect(watch.assessment.hold?.reason).toBe('InRegionRecovery');
    expect(settled().assessment.hold).toBeUndefined();
  });

  describe('with an inRegionRecoveryLimit', () => {
    const LIMITED = { ...WITH_WITNESS, inRegionRecoveryLimitMilliseconds: 30 * MINUTE };

    it('Given the limit has passed, then the hold ends and endpoint votes', () => {
      const watch = settled(LIMITED).seeAlike(1, LOSS, recovering({ status: 'failing-over' }));

      watch.seeAlike(3, LOSS + 29 * MINUTE, recovering({ status: 'failing-over' }));
      expect(watch.verdict()).toBe('Held InRegionRecovery');

      watch.seeAlike(3, LOSS + 30 * MINUTE, recovering({ status: 'failing-over' }));
      expect(watch.verdict()).toBe(`FailOver ${WEST}`);
    });

    it('Given the region comes back after its loss was confirmed, then it has the whole time again', () => {
      const watch = settled(LIMITED)
        .seeAlike(1, LOSS, recovering({}))
        .seeAlike(3, STALE, lost)
        .seeAlike(3, STALE + 40 * MINUTE, lost);
      watch.seeAlike(3, STALE + 45 * MINUTE, recovering({ status: 'failing-over' }));

      expect(watch.verdict()).toBe('Held InRegionRecovery');
    });

    it.each([
      ['a moment before the limit', 1, 'InRegionRecovery'],
      ['exactly at the limit', 0, undefined],
    ])('Given a round that ends %s, then the hold is as listed', (_, before, reason) => {
      const watch = settled(LIMITED).seeAlike(1, LOSS, recovering({ status: 'failing-over' }));

      watch.seeAlike(1, LOSS + 30 * MINUTE - SECOND - before, recovering({ status: 'failing-over' }));

      expect(watch.assessment.hold?.reason).toBe(reason);
    });

    it.each([
      ['before its loss was confirmed, then its time goes on', 3, LOSS],
      ['after that, then it begins anew', 4, LOSS + 10 * MINUTE],
    ])('Given the region was silent for a while and is back %s', (_, silentRounds, since) => {
      const watch = settled(LIMITED)
        .seeAlike(1, LOSS, recovering({}))
        .seeAlike(silentRounds, LOSS + INTERVAL, lost)
        .seeAlike(1, LOSS + 10 * MINUTE, recovering({}));

      expect(watch.assessment.incident?.aliveSince).toBe(T0 + since);
    });

    it('Given replication goes on, then the end of the hold promotes nobody', () => {
      const watch = settled(LIMITED).seeAlike(400, LOSS, (at) => ({
        ...recovering({}),
        lag: { [WEST]: { until: at - MINUTE } },
      }));

      expect(watch.assessment.hold).toBeUndefined();
      expect(watch.verdict()).toBe('Held VetoedByReplication Confirming');
    });
  });
});

describe('veto', () => {
  /** Of the builder's samples, milliseconds. */
  const USUAL_LAG = 100;
  const failing = (at: number, until: number): RoundProps => ({ ...lost(at), lag: { [WEST]: { until } } });

  it('Given a sample of what was written after the first failing round, then replication vetoes', () => {
    const watch = settled(WITH_WITNESS).seeAlike(1, LOSS, (at) => failing(at, LOSS - MINUTE));
    watch.seeAlike(3, LOSS + 2 * MINUTE, (at) => failing(at, LOSS + MINUTE + USUAL_LAG));

    expect(watch.verdict()).toBe('Held VetoedByReplication Confirming');
  });

  it('Given a sample that may hold only what was written before, then it is older evidence and does not veto', () => {
    const watch = settled(WITH_WITNESS).seeAlike(1, LOSS, (at) => failing(at, LOSS - MINUTE));
    watch.seeAlike(3, LOSS + 2 * MINUTE, (at) => failing(at, LOSS + MINUTE + USUAL_LAG - 1));

    expect(watch.stateOf('replication')).toBe('Passing SecondaryReceives');
    expect(watch.verdict()).toBe(`FailOver ${WEST}`);
  });

  it('Given this operator alone is cut off from the primary while replication goes on, then nothing happens', () => {
    const watch = settled().seeAlike(200, LOSS, (at) => silentPrimary({ [WEST]: { until: at - 2 * MINUTE } }));

    expect(watch.assessment.isQuorumFailing).toBe(false);
    expect(watch.judge().kind).not.toBe('FailOver');
  });

  it.each<[string, RoundProps, string]>([
    [
      'the witness sees the primary',
      { ...silentPrimary({ [WEST]: stoppedLag(LOSS - 2 * MINUTE) }), witness: 200 },
      'VetoedByWitness',
    ],
    [
      'the writer accepts',
      { ...lost(STALE), lag: { [WEST]: stoppedLag(LOSS - 2 * MINUTE) }, endpoint: { kind: 'answered' } },
      'VetoedByEndpoint',
    ],
  ])('Given %s against a Failing quorum, then it is held, and said so', (_, round, reason) => {
    const watch = settled(WITH_WITNESS).seeAlike(5, LOSS + 5 * MINUTE, round);

    expect(watch.assessment.isQuorumFailing).toBe(true);
    expect(watch.verdict()).toMatch(`Held ${reason} `);
  });
});

describe('the incident', () => {
  it('Given a first failing round, then the incident begins with it and stays there', () => {
    const watch = settled(WITH_WITNESS).seeAlike(5, LOSS, lost);

    expect(watch.assessment.incident?.startedAt).toBe(T0 + LOSS);
  });

  it('Given only replication fails, then there is none: it may be the link between the regions', () => {
    const watch = settled().seeAlike(5, STALE, { lag: { [WEST]: stoppedLag(LOSS) } });

    expect(watch.stateOf('replication')).toBe('Failing NoSecondaryReceives');
    expect(watch.assessment.incident).toBeUndefined();
    expect(watch.verdict()).toBe('Calm');
  });

  it('Given only replication fails and the direct ones cannot tell, then there is none either', () => {
    const blind = { regions: { [EAST]: { rds: local() } }, endpoint: local(), lag: { [WEST]: stoppedLag(LOSS) } };
    const watch = settled().seeAlike(5, STALE, blind);

    expect(watch.stateOf('replication')).toBe('Failing NoSecondaryReceives');
    expect(watch.assessment.incident).toBeUndefined();
  });

  it('Given a gap without sight in which replication went on, then the incident begins anew with that evidence', () => {
    const blind = { regions: { [EAST]: { rds: local() } }, endpoint: local(), witness: 404 };
    const watch = settled(WITH_WITNESS)
      .seeAlike(1, LOSS, lost)
      .seeAlike(2, LOSS + 4 * MINUTE, blind);

    watch.seeAlike(1, LOSS + 5 * MINUTE, { ...silentPrimary({ [WEST]: { until: LOSS + 4 * MINUTE } }), witness: 503 });

    expect(watch.assessment.incident?.startedAt).toBe(T0 + LOSS + 3 * MINUTE - 100);
  });

  it.each<[string, RoundProps, number]>([
    ['the endpoint accepts', { ...silentPrimary(), endpoint: { kind: 'answered' } }, 1],
    ['the witness sees the primary', { ...silentPrimary(), witness: 204 }, 1],
    ['RDS calls it available and nothing fails', { endpoint: local(), witness: 404 }, 2],
  ])('Given %s, then the incident is over after %j %i rounds', (_, healed, rounds) => {
    const watch = settled(WITH_WITNESS).seeAlike(2, LOSS, lost);

    watch.seeAlike(rounds - 1, LOSS + MINUTE, healed);
    expect(watch.memory.incident).toBeDefined();
    watch.seeAlike(1, LOSS + 2 * MINUTE, healed);
    expect(watch.memory.incident).toBeUndefined();
  });

  it.each<[string, Partial<Settings>]>([
    ['endpoint and replication', { signals: signalsNamed('controlPlane', 'http') }],
    ['controlPlane and replication', { signals: signalsNamed('endpoint', 'http') }],
    ['http and replication', { signals: signalsNamed('controlPlane', 'endpoint') }],
  ])('Given a policy without %s and a gap without sight, then the incident keeps its start', (_, overrides) => {
    const blind = { regions: { [EAST]: { rds: local() } }, endpoint: local(), witness: 404 };
    const watch = settled(overrides)
      .seeAlike(1, LOSS, lost)
      .seeAlike(2, LOSS + INTERVAL, blind)
      .seeAlike(1, LOSS + MINUTE, lost);

    expect(watch.assessment.incident?.startedAt).toBe(T0 + LOSS);
  });

  it.each([
    ['as long as a lag may be old', 0, LOSS],
    ['longer than that', 1, LOSS + 6 * MINUTE + 1],
  ])(
    'Given blindness %s after a failing round, and no replication that tells, then it began as listed',
    (_, more, at) => {
      const signals = signalsNamed('controlPlane', 'endpoint', 'http');
      const watch = settled({ signals }).seeAlike(1, LOSS, lost);

      watch.seeAlike(1, LOSS + 6 * MINUTE + more, lost);

      expect(watch.assessment.incident?.startedAt).toBe(T0 + at);
    },
  );

  it('Given an incident from before a restart and no votes, then it keeps its start', () => {
    const memory: Memory = { ...EMPTY_MEMORY, incident: { startedAt: T0 + LOSS } };
    const watch = new Watch(aSettings(), memory).seeAlike(1, LOSS + MINUTE, lost);

    expect(watch.assessment.incident?.startedAt).toBe(T0 + LOSS);
  });

  it('Given lag that grows with time since its start, then replication is Failing although samples are fresh', () => {
    const watch = settled().seeAlike(1, LOSS, silentPrimary());
    const growing = { until: LOSS + 3 * MINUTE, lags: [100, 60_000, 120_000, 180_000] };

    watch.seeAlike(1, LOSS + 3 * MINUTE, silentPrimary({ [WEST]: growing }));

    expect(watch.stateOf('replication')).toBe('Failing NoSecondaryReceives');
  });

  it('Given rounds that could not see, then the incident keeps its start', () => {
    const blind = { regions: { [EAST]: { rds: local() }, [WEST]: { rds: local() } }, endpoint: local() };
    const watch = settled(WITH_WITNESS)
      .seeAlike(1, LOSS, lost)
      .seeAlike(5, LOSS + INTERVAL, blind);

    watch.seeAlike(1, LOSS + 2 * MINUTE, lost);

    expect(watch.assessment.incident?.startedAt).toBe(T0 + LOSS);
  });

  it('Given the primary changes, then the incident of the old one is over', () => {
    const watch = settled(WITH_WITNESS).seeAlike(2, LOSS, lost);

    watch.seeAlike(1, LOSS + MINUTE, { writer: WEST, regions: { [EAST]: { rds: noAnswer() } }, endpoint: local() });

    expect(watch.assessment.topology.primaryRegion).toBe(WEST);
    expect(watch.assessment.incident).toBeUndefined();
  });
});

describe('proof that the primary lived on after the incident began', () => {
  const USUAL_LAG = 100;
  /** The loss may have been seen an interval and a timeout after it happened. */
  const SLACK = INTERVAL + 3 * SECOND;
  const provenBy = (lag: Readonly<Record<string, LagProps | 'none'>>) =>
    settled({ regions: THREE_REGIONS })
      .seeAlike(1, LOSS, { ...silentPrimary(), members })
      .seeAlike(1, LOSS + 5 * MINUTE, { ...silentPrimary(), members, lag }).assessment.incident?.provenUntil;
  /** Samples that hold nothing that was written before so much after the beginning. */
  const writtenAfter = (after: number): LagProps => ({ until: LOSS + after + USUAL_LAG + MINUTE, lags: [USUAL_LAG] });

  it.each([
    ['within an interval and a timeout of the beginning', SLACK, false],
    ['after that', SLACK + 1, true],
  ])('Given a secondary received what was written %s, then that is proof: %i %s', (_, after, isProof) => {
    const sample = writtenAfter(after);

    expect(provenBy({ [WEST]: sample, [CENTRAL]: 'none' })).toBe(isProof ? T0 + sample.until! : undefined);
  });

  it('Given two secondaries prove it, then the newer proof counts', () => {
    const [older, newer] = [writtenAfter(MINUTE), writtenAfter(2 * MINUTE)];

    expect(provenBy({ [WEST]: newer, [CENTRAL]: older })).toBe(T0 + newer.until!);
    expect(provenBy({ [WEST]: older, [CENTRAL]: newer })).toBe(T0 + newer.until!);
  });
});

describe('the remembered lag', () => {
  const lagAfter = (...rounds: readonly [number, LagProps | 'none'][]) => {
    const watch = new Watch(aSettings()).seeAlike(2, LOSS - 2 * MINUTE, { lag: { [WEST]: rounds[0]![1] } });
    for (const [at, lag] of rounds.slice(1)) {
      watch.see(aRound({ ...silentPrimary(), lag: { [WEST]: lag }, at }));
    }
    return watch.memory.lag[WEST];
  };
  const before: LagProps = { until: LOSS - 2 * MINUTE, lags: [5000] };

  it('Given an answer with older samples only, then the newest that is known stays', () => {
    const older: LagProps = { until: LOSS - 4 * MINUTE, lags: [100] };

    expect(lagAfter([0, before], [LOSS, older])).toMatchObject({
      lagMilliseconds: 5000,
      periodEnd: T0 + before.until!,
    });
  });

  it('Given a smaller lag of a period that ended with the beginning of the incident, then it counts', () => {
    expect(lagAfter([0, before], [LOSS, before], [LOSS + MINUTE, { until: LOSS, lags: [200] }])).toMatchObject({
      lagMilliseconds: 200,
    });
  });

  it('Given a larger lag after the incident began, of a primary that lived on, then the larger one counts', () => {
    const later: LagProps = { until: LOSS + 4 * MINUTE, lags: [20_000] };

    expect(lagAfter([0, before], [LOSS, before], [LOSS + 5 * MINUTE, later])).toMatchObject({
      lagMilliseconds: 20_000,
    });
  });

  it('Given the first lag ever told comes after the incident began, then it is what is known', () => {
    const later: LagProps = { until: LOSS + 4 * MINUTE, lags: [700] };

    expect(lagAfter([0, 'none'], [LOSS, 'none'], [LOSS + 5 * MINUTE, later])).toMatchObject({ lagMilliseconds: 700 });
  });
});

describe('a round without a primary', () => {
  it('Given nobody ever told the roles, then no class says anything and nothing is decided', () => {
    const silent = { [EAST]: { rds: noAnswer() }, [WEST]: { rds: noAnswer() } };
    const settings = aSettings(WITH_WITNESS);
    const watch = new Watch(settings, EMPTY_MEMORY, {}).seeAlike(3, LOSS, { regions: silent, witness: 503 });

    expect(settings.signals.map(({ name }) => watch.stateOf(name))).toEqual(
      settings.signals.map(() => 'Unknown NoPrimary'),
    );
    expect(watch.verdict()).toBe('Calm');
  });
});

describe('a loss long after this operator was cut off', () => {
  const CUT = LOSS;
  const LATE = CUT + 60 * MINUTE;
  const receiving = (at: number, lag = 100) => ({ until: at - MINUTE, lags: [lag] });

  /** Cut off for an hour while replication goes on, then the primary really is lost. */
  function watchLateLoss(
    lagBetween: number,
    central: (at: number) => { until: number; lags: readonly number[] },
  ): Watch {
    const watch = new Watch(
      aSettings({ regions: [THREE_REGIONS[0]!, { ...THREE_REGIONS[2]!, promotion: 'Prefer' }, THREE_REGIONS[1]!] }),
    );
    watch.seeAlike(2, CUT - MINUTE, { members });
    watch.seeAlike(361, CUT, (at) => ({
      ...silentPrimary({ [WEST]: receiving(at, lagBetween), [CENTRAL]: central(at) }),
      members,
    }));
    return watch.seeAlike(60, LATE + MINUTE, (at) => ({
      ...silentPrimary({ [WEST]: { until: LATE, lags: [lagBetween] }, [CENTRAL]: central(Math.min(at, LATE)) }),
      members,
    }));
  }

  it('Given a secondary stopped receiving in between, then its figure from the beginning does not count', () => {
    const watch = watchLateLoss(100, () => ({ until: CUT - MINUTE, lags: [100] }));

    expect(watch.assessment.regions.find(({ region }) => region === CENTRAL)?.excluded?.reason).toBe('LagUnknown');
    expect(watch.verdict()).toBe(`FailOver ${WEST}`);
  });

  it('Given lag rose in between, then the estimate rose with it', () => {
    expect(watchLateLoss(20_000, (at) => receiving(at, 20_000)).verdict()).toBe('Held LagAboveRecoveryPoint');
  });

  it('Given lag fell in between, then the estimate did not fall with it', () => {
    const watch = new Watch(aSettings()).seeAlike(2, CUT - MINUTE, { lag: { [WEST]: { lags: [5000] } } });
    watch.seeAlike(60, CUT, (at) => silentPrimary({ [WEST]: receiving(at, at - MINUTE > CUT ? 100 : 5000) }));

    expect(watch.assessment.incident?.provenUntil).toBeGreaterThan(T0 + CUT);

    expect(watch.assessment.regions.find(({ region }) => region === WEST)?.loss?.lastKnownMilliseconds).toBe(5000);
  });

  it('Given the only fresh samples are of a member that is not connected, then they prove nothing', () => {
    const watch = new Watch(aSettings()).seeAlike(2, CUT - MINUTE, {});
    watch.seeAlike(60, CUT, (at) => ({
      ...silentPrimary({ [WEST]: receiving(at) }),
      regions: { [EAST]: { rds: noAnswer() }, [WEST]: { synchronization: { [WEST]: 'pending-resync' } } },
    }));

    expect(watch.assessment.incident?.startedAt).toBe(T0 + CUT);
    expect(watch.assessment.incident?.provenUntil).toBeUndefined();
  });

  it('Given hours without any sight after a short failure, then a new incident begins and the old figure is unknown', () => {
    const silentSource = { [WEST]: { lags: [], control: 'none' as const } };
    const blind = { regions: { [EAST]: { rds: local() } }, endpoint: local(), lag: silentSource };
    const watch = settled(WITH_WITNESS)
      .seeAlike(1, LOSS, lost)
      .seeAlike(100, LOSS + INTERVAL, blind);

    watch.seeAlike(5, LATE, { ...silentPrimary(silentSource), witness: 503 });

    expect(watch.assessment.incident?.startedAt).toBe(T0 + LATE);
    expect(watch.verdict()).toBe('Held LagUnknown');
  });
});

describe('what is remembered', () => {
  it('Given endpoints that accept, then it is remembered where that ever worked', () => {
    const watch = settled({}, { endpoints: { [WEST]: noAnswer() } });

    expect(Object.keys(watch.memory.endpointPassed)).toEqual([EAST]);
  });

  it('Given the endpoint and the primary fall silent, then what they told is remembered', () => {
    const watch = settled().seeAlike(3, LOSS, lost);

    expect(Object.keys(watch.memory.endpointPassed)).toEqual([EAST]);
    expect(watch.memory.engineVersions[EAST]).toBe(ENGINE);
  });

  it('Given a healthy round, then replication speaks of secondaries only', () => {
    const replication = settled().assessment.signals.find((signal) => signal.name === 'replication');

    expect(replication?.message).toMatch(/^secondary us-west-2: [^;]*$/);
  });

  it('Given state changes, then since tells when', () => {
    const watch = settled().seeAlike(3, LOSS, lost);

    expect(watch.assessment.signals[0]).toMatchObject({ state: 'Failing', since: T0 + LOSS + SECOND });
  });

  it('Given a round, then what was passed in is left as it was', () => {
    const watch = settled();
    const before = JSON.stringify(watch.memory);
    const { memory } = watch;

    watch.seeAlike(3, LOSS, lost);

    expect(JSON.stringify(memory)).toBe(before);
  });
});
