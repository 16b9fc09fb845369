import { describe, expect, it } from '@jest/globals';
import { judgeForce, type ForceRequest, type ForceVerdict } from './force.ts';
import type { Settings } from './settings.ts';
import { arnOf, MINUTE, NOT_REPORTED, type RegionProps, type RoundProps } from './testing/a-round.ts';
import { aRegion, aSettings, CENTRAL, EAST, signalsNamed, THREE_REGIONS, WEST } from './testing/a-settings.ts';
import { local, noAnswer } from './testing/attempts.ts';
import { lostPrimary } from './testing/losses.ts';
import { Watch } from './testing/watch.ts';

const LOSS = 60 * MINUTE;
const members = [EAST, WEST, CENTRAL];
const lost = { ...lostPrimary(LOSS)(LOSS + MINUTE), members };
const cutOff: RoundProps = { ...lost, witness: 404 };

const aRequest = (overrides: Partial<ForceRequest> = {}): ForceRequest => ({
  action: 'force-failover',
  value: WEST,
  forceType: 'Auto',
  hasAcceptedDataLoss: false,
  ...overrides,
});

function verdictOn(
  request: Partial<ForceRequest>,
  round: RoundProps = {},
  overrides: Partial<Settings> = {},
): ForceVerdict {
  const settings = aSettings({
    regions: THREE_REGIONS,
    signals: signalsNamed('controlPlane', 'endpoint', 'replication', 'http'),
    ...overrides,
  });
  const watch = new Watch(settings).seeAlike(2, LOSS - MINUTE, { members, witness: 200 });
  const { assessment } = watch.seeAlike(1, LOSS, { members, ...round });
  return judgeForce({ request: aRequest(request), assessment, settings });
}

/** The verdict in short: `Switchover us-west-2`, `Failover us-west-2`, or the reason of the refusal. */
function judge(request: Partial<ForceRequest>, round: RoundProps = {}, overrides: Partial<Settings> = {}): string {
  const verdict = verdictOn(request, round, overrides);
  return verdict.kind === 'Start' ? `${verdict.type} ${verdict.target.region}` : verdict.reason;
}

const ACCEPTED = { hasAcceptedDataLoss: true };

describe('the type that Auto stands for', () => {
  it.each<[string, RoundProps, string, string]>([
    ['healthy', {}, `Switchover ${WEST}`, `Switchover ${WEST}`],
    ['lost', lost, 'DataLossNotAccepted', `Failover ${WEST}`],
    ['silent, but without a second vantage', cutOff, 'TypeUndecided', 'TypeUndecided'],
    ['reachable, its writer not', { endpoint: noAnswer() }, 'TypeUndecided', 'TypeUndecided'],
    ['not judged for local reasons', { endpoint: local() }, 'TypeUndecided', 'TypeUndecided'],
    [
      'failing-over in its region',
      { regions: { [EAST]: { status: 'failing-over' } } },
      'TypeUndecided',
      'TypeUndecided',
    ],
    [
      'failing-over in its region, its writer and the witness silent',
      { regions: { [EAST]: { status: 'failing-over' } }, endpoint: noAnswer(), witness: 503 },
      'DataLossNotAccepted',
      `Failover ${WEST}`,
    ],
    [
      'healthy directly, although replication and witness say lost',
      { witness: 503, lag: { [WEST]: { until: LOSS - 9 * MINUTE }, [CENTRAL]: { until: LOSS - 9 * MINUTE } } },
      `Switchover ${WEST}`,
      `Switchover ${WEST}`,
    ],
  ])('Given a primary that is %s, then it is as listed without and with acceptance', (_, round, without, accepted) => {
    expect(judge({}, round)).toBe(without);
    expect(judge(ACCEPTED, round)).toBe(accepted);
  });
});

describe('the type that Auto stands for without a direct class', () => {
  const indirect: Partial<Settings> = { signals: signalsNamed('replication', 'http') };

  it.each<[string, RoundProps, string]>([
    ['all well', {}, `Switchover ${WEST}`],
    ['one of them Failing', { witness: 503 }, 'TypeUndecided'],
  ])(
    'Given %s, then the others decide: nothing Passing directly is no proof that the primary serves',
    (_, round, is) => {
      expect(judge(ACCEPTED, { witness: 200, ...round }, indirect)).toBe(is);
    },
  );
});

describe('an explicit type', () => {
  it.each<[string, Partial<ForceRequest>, RoundProps, string]>([
    ['Switchover, healthy', { forceType: 'Switchover' }, {}, `Switchover ${WEST}`],
    ['Switchover, the writer silent', { forceType: 'Switchover' }, { endpoint: noAnswer() }, `Switchover ${WEST}`],
    ['Switchover, the region lost', { forceType: 'Switchover', ...ACCEPTED }, lost, 'PrimaryUnreachable'],
    ['Failover, lost, not accepted', { forceType: 'Failover' }, lost, 'DataLossNotAccepted'],
    ['Failover, lost, accepted', { forceType: 'Failover', ...ACCEPTED }, lost, `Failover ${WEST}`],
    ['Failover, undecided, accepted', { forceType: 'Failover', ...ACCEPTED }, cutOff, `Failover ${WEST}`],
    ['Failover, healthy, not accepted', { forceType: 'Failover' }, {}, 'DataLossNotAccepted'],
    ['Failover, healthy, accepted', { forceType: 'Failover', ...ACCEPTED }, {}, `Failover ${WEST}`],
    ['a type that does not exist', { forceType: 'failover', ...ACCEPTED }, {}, 'InvalidForceType'],
    ['an empty type', { forceType: '', ...ACCEPTED }, {}, 'InvalidForceType'],
  ])('Given %s, then the answer is as listed', (_, request, round, expected) => {
    expect(judge(request, round)).toBe(expected);
  });
});

describe('a region whose synchronization AWS does not report', () => {
  const regions = Object.fromEntries(members.map((region) => [region, { synchronization: { [WEST]: NOT_REPORTED } }]));

  it.each<[string, Partial<ForceRequest>, string]>([
    ['named and accepted', { value: WEST, forceType: 'Failover', ...ACCEPTED }, `Failover ${WEST}`],
    ['named, not accepted', { value: WEST, forceType: 'Switchover' }, 'TargetNotPromotable'],
    ['any, accepted', { value: 'any', forceType: 'Failover', ...ACCEPTED }, `Failover ${CENTRAL}`],
  ])('Given it is %s, then a person may leave the answer to AWS, and nothing else guesses', (_, request, expected) => {
    expect(judge(request, { regions })).toBe(expected);
  });
});

describe('a region that AWS would refuse, with the loss accepted', () => {
  const everywhere = (props: RegionProps) => Object.fromEntries(members.map((region) => [region, props]));

  it.each<[string, Record<string, RegionProps>]>([
    ['being rebuilt', everywhere({ synchronization: { [WEST]: 'pending-resync' } })],
    [
      'headless, its synchronization not reported',
      {
        ...everywhere({ synchronization: { [WEST]: NOT_REPORTED } }),
        [WEST]: { instances: 0, synchronization: { [WEST]: NOT_REPORTED } },
      },
    ],
  ])('Given it is %s, then it is refused all the same', (_, regions) => {
    expect(judge({ value: WEST, forceType: 'Failover', ...ACCEPTED }, { regions })).toBe('TargetNotPromotable');
  });
});

describe('what a refusal says', () => {
  it.each<[string, Partial<ForceRequest>, RoundProps, Partial<Settings>, RegExp]>([
    [
      'no region can be promoted',
      { value: 'any' },
      { regions: { [WEST]: { instances: 0 } } },
      { regions: [aRegion(EAST), aRegion(WEST), aRegion(CENTRAL, 'Never')] },
      /^no region can be promoted: us-west-2: the cluster has no instance .*; eu-central-1: the policy says promotion: Never$/,
    ],
    ['the region is unknown', { value: 'here' }, {}, {}, /use us-east-1, us-west-2, eu-central-1 or any$/],
    [
      'the type is undecided',
      {},
      { endpoint: noAnswer(), witness: 404 },
      {},
      /: controlPlane Passing, endpoint Failing, replication Passing, http Unknown; say which/,
    ],
  ])('Given %s, then the message tells what a person needs', (_, request, round, overrides, message) => {
    expect(verdictOn(request, round, overrides)).toMatchObject({ message: expect.stringMatching(message) });
  });

  it('Given a round that says nothing of the primary’s region, then a named switchover is left to AWS', () => {
    expect(judge({ forceType: 'Switchover' }, { members: [WEST, CENTRAL] })).toBe(`Switchover ${WEST}`);
  });
});

describe('the target', () => {
  const west = (props: RoundProps['regions']): RoundProps => ({ ...(props === undefined ? {} : { regions: props }) });

  it.each<[string, Partial<ForceRequest>, RoundProps, string]>([
    ['an unknown region', { value: 'ap-south-1' }, {}, 'UnknownRegion'],
    ['an empty one', { value: '' }, {}, 'UnknownRegion'],
    ['the primary', { value: EAST }, {}, 'AlreadyPrimary'],
    ['a headless region', { value: WEST }, west({ [WEST]: { instances: 0 } }), 'TargetNotPromotable'],
    [
      'a region of another patch level',
      { value: WEST },
      west({ [WEST]: { engineVersion: '9' } }),
      'TargetNotPromotable',
    ],
    ['a silent region', { value: WEST, ...ACCEPTED }, west({ [WEST]: { rds: noAnswer() } }), 'TargetNotPromotable'],
    ['any', { value: 'any' }, {}, `Switchover ${WEST}`],
    ['any, the first unfit', { value: 'any' }, west({ [WEST]: { instances: 0 } }), `Switchover ${CENTRAL}`],
    ['any, none fit', { value: 'any' }, west({ [WEST]: { instances: 0 }, [CENTRAL]: { instances: 0 } }), 'NoCandidate'],
    ['any, the first too far behind', { value: 'any' }, { lag: { [WEST]: { lags: [5000] } } }, `Switchover ${CENTRAL}`],
    [
      'any, all too far behind',
      { value: 'any' },
      { lag: { [WEST]: { lags: [5000] }, [CENTRAL]: { lags: [5000] } } },
      `Switchover ${WEST}`,
    ],
  ])('Given %s, then the answer is as listed', (_, request, round, expected) => {
    expect(judge(request, round)).toBe(expected);
  });

  it('Given an unknown lag, then a named region is allowed with acceptance', () => {
    const unknownLag: RoundProps = { ...lost, lag: { [WEST]: 'none', [CENTRAL]: 'none' } };
    const settings: Partial<Settings> = { maximumLagAgeMilliseconds: 1 };

    expect(judge(ACCEPTED, unknownLag, settings)).toBe(`Failover ${WEST}`);
    expect(judge({}, unknownLag, settings)).toBe('DataLossNotAccepted');
  });

  it('Given only regions that are never promoted, then any means none of them, with acceptance too', () => {
    const regions = [aRegion(EAST), aRegion(WEST, 'Never')];

    expect(judge({ value: 'any', ...ACCEPTED }, {}, { regions })).toBe('NoCandidate');
  });

  it.each<[string, Partial<ForceRequest>, string]>([
    ['named, not accepted', { value: WEST }, 'PromotionNever'],
    ['named, accepted', { value: WEST, ...ACCEPTED }, `Switchover ${WEST}`],
    ['any', { value: 'any' }, `Switchover ${CENTRAL}`],
    ['any, accepted', { value: 'any', ...ACCEPTED }, `Switchover ${CENTRAL}`],
  ])('Given a region that is never promoted: %s, then the answer is as listed', (_, request, expected) => {
    expect(judge(request, {}, { regions: [aRegion(EAST), aRegion(WEST, 'Never'), aRegion(CENTRAL)] })).toBe(expected);
  });
});

describe('what force bypasses, and what it never does', () => {
  it.each<[string, Partial<Settings>]>([
    ['mode Manual', { mode: 'Manual' }],
    ['suspend', { isSuspended: true }],
    ['thresholds', { failureThreshold: 10 }],
    ['dataLoss Forbid', { dataLoss: 'Forbid' }],
    ['the operator’s region', { operatorRegion: EAST }],
  ])('Given %s, then an accepted failover starts all the same', (_, overrides) => {
    expect(judge(ACCEPTED, lost, overrides)).toBe(`Failover ${WEST}`);
  });

  it('Given a veto, then an accepted failover starts all the same', () => {
    expect(judge({ forceType: 'Failover', ...ACCEPTED }, { ...lost, witness: 200 })).toBe(`Failover ${WEST}`);
  });

  it.each(['Auto', 'Switchover', 'Failover'])('Given an operation in flight, then %s is refused', (forceType) => {
    const failoverState = { status: 'pending', fromClusterArn: arnOf(EAST), toClusterArn: arnOf(WEST) };

    expect(judge({ forceType, ...ACCEPTED }, { regions: { [WEST]: { failoverState } } })).toBe('OperationInFlight');
  });

  it('Given no primary is known, then nothing starts', () => {
    const settings = aSettings();
    const silent = { [EAST]: { rds: noAnswer() }, [WEST]: { rds: noAnswer() } };
    const { assessment } = new Watch(settings, undefined, {}).seeAlike(1, 0, { regions: silent });

    expect(judgeForce({ request: aRequest(ACCEPTED), assessment, settings })).toMatchObject({ reason: 'NoPrimary' });
  });
});

describe('failback', () => {
  const failback = { action: 'failback' as const, value: 'true' };

  it.each<[string, Partial<ForceRequest>, Partial<Settings>, string]>([
    [
      'the preferred region is elsewhere',
      failback,
      { regions: [aRegion(EAST), aRegion(WEST), aRegion(CENTRAL, 'Prefer')] },
      `Switchover ${CENTRAL}`,
    ],
    ['the preferred region is the primary', failback, {}, 'AlreadyPrimary'],
    [
      'no region is preferred',
      failback,
      { regions: [aRegion(WEST), aRegion(EAST), aRegion(CENTRAL)] },
      `Switchover ${WEST}`,
    ],
    ['the value is not true', { ...failback, value: WEST }, {}, 'InvalidValue'],
    [
      'type Failover is asked along',
      { ...failback, forceType: 'Failover', ...ACCEPTED },
      { regions: [aRegion(EAST), aRegion(WEST, 'Prefer')] },
      `Switchover ${WEST}`,
    ],
  ])('Given %s, then the answer is as listed', (_, request, overrides, expected) => {
    expect(judge(request, {}, overrides)).toBe(expected);
  });

  describe('Given the lag of the preferred region', () => {
    const regions = [aRegion(EAST), aRegion(WEST, 'Prefer'), aRegion(CENTRAL)];
    const behind = (lag: number): RoundProps => ({ lag: { [WEST]: { lags: [lag, lag, lag] } } });

    it('when it is above the recovery point, then a failback waits, and a switchover by force does not', () => {
      expect(verdictOn(failback, behind(1001), { regions })).toEqual({
        kind: 'Refuse',
        reason: 'LagHigh',
        message:
          `the lag of ${WEST}, 1001 ms, is above objectives.recoveryPoint of 1000 ms: wait until it has caught up, ` +
          `or set aurora-dr.io/force-failover: ${WEST} with aurora-dr.io/force-type: Switchover`,
      });
      expect(judge({ value: WEST, forceType: 'Switchover' }, behind(1001), { regions })).toBe(`Switchover ${WEST}`);
    });

    it('when it is at the recovery point, or is not known, then a failback is made', () => {
      expect(judge(failback, behind(1000), { regions })).toBe(`Switchover ${WEST}`);
      const settings = aSettings({ regions, signals: signalsNamed('controlPlane', 'endpoint') });
      const { assessment } = new Watch(settings).seeAlike(2, LOSS, { members, lag: { [WEST]: { until: 0 } } });
      expect(assessment.regions.find(({ region }) => region === WEST)).not.toHaveProperty('loss');
      const verdict = judgeForce({ request: aRequest(failback), assessment, settings });
      expect(verdict).toMatchObject({ kind: 'Start', type: 'Switchover' });
    });
  });

  it('Given the primary region is lost, then a failback never becomes a failover', () => {
    const regions = [aRegion(EAST), aRegion(WEST, 'Prefer'), aRegion(CENTRAL)];

    expect(judge({ ...failback, ...ACCEPTED }, lost, { regions })).toBe('PrimaryUnreachable');
  });
});
