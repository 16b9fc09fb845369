import { describe, expect, it } from '@jest/globals';
import { candidateObstacle } from './automatic.ts';
import type { Settings } from './settings.ts';
import { arnOf, aRound, MINUTE, SECOND, T0, type RoundProps } from './testing/a-round.ts';
import { aRegion, aSettings, CENTRAL, EAST, signalsNamed, THREE_REGIONS, WEST } from './testing/a-settings.ts';
import { noAnswer } from './testing/attempts.ts';
import { lostPrimary } from './testing/losses.ts';
import { Watch } from './testing/watch.ts';

const LOSS = 60 * MINUTE;
const lost = lostPrimary(LOSS);

/** A loss that was seen in as many rounds as it takes. */
function confirmedLoss(overrides: Partial<Settings> = {}, round: (at: number) => RoundProps = lost): Watch {
  const settings = aSettings({
    signals: signalsNamed('controlPlane', 'endpoint', 'replication', 'http'),
    ...overrides,
  });
  return new Watch(settings).seeAlike(2, LOSS - MINUTE, { witness: 200 }).seeAlike(3, LOSS, round);
}

describe('judgeAutomatic', () => {
  it('Given a confirmed loss and a good candidate, then it fails over to it', () => {
    expect(confirmedLoss().verdict()).toBe(`FailOver ${WEST}`);
  });

  it('Given a healthy system, then it is calm', () => {
    expect(confirmedLoss({}, () => ({ witness: 200 })).verdict()).toBe('Calm');
  });

  it.each<[string, Partial<Settings>, string]>([
    ['mode Manual', { mode: 'Manual' }, 'Held ManualMode'],
    ['suspend', { isSuspended: true }, 'Held Suspended'],
    ['both', { mode: 'Manual', isSuspended: true }, 'Held Suspended ManualMode'],
    ['dataLoss Forbid', { dataLoss: 'Forbid' }, 'Held DataLossForbidden'],
    ['no recovery point to spare', { recoveryPointMilliseconds: 99 }, 'Held LagAboveRecoveryPoint'],
    ['just enough recovery point', { recoveryPointMilliseconds: 100 }, `FailOver ${WEST}`],
    ['the worst case within it', { estimate: 'WorstCase', recoveryPointMilliseconds: 5 * MINUTE }, `FailOver ${WEST}`],
    [
      'the worst case above it',
      { estimate: 'WorstCase', recoveryPointMilliseconds: MINUTE },
      'Held LagAboveRecoveryPoint',
    ],
    ['only a region that is never promoted', { regions: [aRegion(EAST), aRegion(WEST, 'Never')] }, 'Held NoCandidate'],
    ['the operator in the target’s region', { operatorRegion: WEST }, `FailOver ${WEST}`],
    ['the operator in the primary’s region', { operatorRegion: EAST }, 'Held WrongOperatorRegion'],
    ['the operator in a third region', { operatorRegion: CENTRAL }, 'Held WrongOperatorRegion'],
    ['a higher threshold', { failureThreshold: 4 }, 'Held Confirming'],
  ])('Given %s, then the verdict is as listed', (_, overrides, verdict) => {
    expect(confirmedLoss(overrides).verdict()).toBe(verdict);
  });

  it('Given two obstacles, then both are told', () => {
    const watch = confirmedLoss({ isSuspended: true, dataLoss: 'Forbid' });

    expect(watch.verdict()).toBe('Held Suspended DataLossForbidden');
  });

  it.each<[string, RoundProps, string]>([
    ['too large', { lag: { [WEST]: { until: LOSS - MINUTE, lags: [1001] } } }, 'Held LagAboveRecoveryPoint'],
    ['without a sample', { lag: { [WEST]: { lags: [] } } }, 'Held LagUnknown'],
  ])('Given a lag before the loss that is %s, then nothing is promoted', (_, round, verdict) => {
    const watch = new Watch(aSettings({ signals: signalsNamed('controlPlane', 'endpoint', 'replication', 'http') }));
    watch.seeAlike(2, LOSS - MINUTE, { ...round, witness: 200 }).seeAlike(3, LOSS, (at) => ({ ...lost(at), ...round }));

    expect(watch.verdict()).toBe(verdict);
  });

  it.each([
    ['still running', 1, 'Held CooldownActive'],
    ['just over', 0, `FailOver ${WEST}`],
  ])('Given a cooldown %s, then the verdict is as listed', (_, remaining, verdict) => {
    const now = T0 + LOSS + 22 * SECOND;

    expect(confirmedLoss().verdict({ now, cooldownUntil: now + remaining })).toBe(verdict);
  });

  it('Given somebody’s operation in flight, then it is not doubled', () => {
    const failoverState = { status: 'pending', fromClusterArn: arnOf(EAST), toClusterArn: arnOf(WEST) };
    const watch = confirmedLoss({}, (at) => ({
      ...lost(at),
      regions: { [EAST]: { rds: noAnswer() }, [WEST]: { failoverState } },
    }));

    expect(watch.verdict()).toBe('Held OperationInFlight');
  });

  it('Given the regions disagree about the writer, then nothing is promoted', () => {
    const watch = confirmedLoss({ regions: THREE_REGIONS }, (at) => ({
      ...lost(at),
      members: [EAST, WEST, CENTRAL],
      regions: { [EAST]: { rds: noAnswer() }, [CENTRAL]: { writer: WEST } },
    }));

    expect(watch.verdict()).toBe('Held RolesDisputed Confirming');
  });

  it.each([
    ['young enough', 13 * SECOND, `FailOver ${WEST}`],
    ['older than an interval and a timeout', 13 * SECOND + 1, 'Held StaleObservation'],
  ])('Given a last round that is %s, then the verdict is as listed', (_, age, verdict) => {
    const watch = confirmedLoss();

    expect(watch.verdict({ now: watch.assessment.round.completedAt + age })).toBe(verdict);
  });

  it.each([
    ['another one', {}, `FailOver ${CENTRAL}`],
    ['a headless one', { instances: 0 }, 'Held NoCandidate'],
  ])('Given the target falls silent in the deciding round and %s is left, then %j means %s', (_, central, verdict) => {
    const watch = confirmedLoss({ regions: THREE_REGIONS });
    const regions = { [EAST]: { rds: noAnswer() }, [WEST]: { rds: noAnswer() }, [CENTRAL]: central };
    watch.see(aRound({ ...lost(LOSS), at: LOSS + 3 * 10 * SECOND, members: [EAST, WEST, CENTRAL], regions }));

    expect(watch.verdict()).toBe(verdict);
  });

  it('Given several candidates, each unfit for its own reason, then the message names every one', () => {
    const watch = confirmedLoss({ regions: [aRegion(EAST), aRegion(WEST), aRegion(CENTRAL)] }, (at) => ({
      ...lost(at),
      members: [EAST, WEST, CENTRAL],
      regions: { [EAST]: { rds: noAnswer() }, [WEST]: { instances: 0 }, [CENTRAL]: { status: 'upgrading' } },
    }));
    const verdict = watch.judge();

    expect(watch.verdict()).toBe('Held NoCandidate');
    expect(verdict.kind === 'Held' && verdict.obstacles[0]?.message).toMatch(/headless.*"upgrading"/s);
  });
});

describe('who may act', () => {
  it.each([
    ['the primary’s region', EAST, /lives in us-east-1, the primary’s region: the operator in us-west-2/],
    ['a third region', CENTRAL, /lives in eu-central-1, a region that is not the target: the operator in us-west-2/],
  ])('Given an operator in %s, then it says where it is and whose turn it is', (_, operatorRegion, message) => {
    const verdict = confirmedLoss({ operatorRegion }).judge();

    expect(verdict).toMatchObject({ kind: 'Held', obstacles: [{ message: expect.stringMatching(message) }] });
  });

  it('Given there is no target, then whose turn it would be is not told', () => {
    expect(confirmedLoss({ operatorRegion: CENTRAL, dataLoss: 'Forbid' }).verdict()).toBe('Held DataLossForbidden');
  });

  it('Given a suspicion without a quorum and without a hold, then it is calm', () => {
    const watch = confirmedLoss({}, () => ({ regions: { [EAST]: { rds: noAnswer() } }, endpoint: 'none' }));

    expect(watch.assessment).toMatchObject({ incident: expect.anything(), isQuorumFailing: false });
    expect(watch.assessment.hold).toBeUndefined();
    expect(watch.verdict()).toBe('Calm');
  });
});

describe('why no region can be promoted', () => {
  it('Given a candidate that is unfit and beyond the policy too, then the policy is not what to change', () => {
    const watch = confirmedLoss({}, (at) => ({
      ...lost(at),
      regions: { [EAST]: { rds: noAnswer() }, [WEST]: { instances: 0 } },
      lag: { [WEST]: { lags: [] } },
    }));
    const { regions } = watch.assessment;

    expect(regions[1]).toMatchObject({ unfit: { reason: 'NoInstance' } });
    expect(
      candidateObstacle(regions.map((region) => ({ ...region, excluded: { reason: 'LagUnknown', message: '' } }))),
    ).toEqual({
      reason: 'NoCandidate',
      message: 'no region can be promoted: us-west-2: the cluster has no instance (headless): add one',
    });
  });

  it('Given a region without an objection, then it is called fit, and the primary is not mentioned', () => {
    const { regions } = confirmedLoss().assessment;

    expect(candidateObstacle(regions).message).toBe('no region can be promoted: us-west-2: fit');
  });
});
