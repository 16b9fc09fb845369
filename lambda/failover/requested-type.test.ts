import { describe, expect, it } from '@jest/globals';
import { assess } from '../../operator/failover/assess.ts';
import { judgeForce, type ForceVerdict } from '../../operator/failover/force.ts';
import { EMPTY_MEMORY } from '../../operator/failover/memory.ts';
import { aRound, MINUTE, T0, type RoundProps } from '../../operator/failover/testing/a-round.ts';
import { aSettings, EAST, WEST } from '../../operator/failover/testing/a-settings.ts';
import { local, noAnswer, rejected } from '../../operator/failover/testing/attempts.ts';
import type { FailoverRequest } from './failover-request.ts';
import { forceRequestOf, refusalMessage } from './requested-type.ts';

const lostRds = { regions: { [EAST]: { rds: noAnswer() } } };
const LOST: RoundProps = { ...lostRds, endpoint: noAnswer('refused') };

const REQUEST: FailoverRequest = { targetRegion: WEST, hasAcceptedDataLoss: true, type: 'auto', isForced: false };

function judge(props: RoundProps, changes: Partial<FailoverRequest> = {}, lostAt?: number) {
  const settings = aSettings();
  const memory = lostAt === undefined ? EMPTY_MEMORY : { ...EMPTY_MEMORY, incident: { startedAt: T0 + lostAt } };
  const { assessment } = assess(memory, aRound({ at: 20 * MINUTE, ...props }), settings, {});
  const request = forceRequestOf({ ...REQUEST, ...changes }, assessment);
  const verdict = judgeForce({ request, assessment, settings });
  return { verdict, message: verdict.kind === 'Refuse' ? refusalMessage(verdict, assessment) : '' };
}

const kindOf = (verdict: ForceVerdict): string => (verdict.kind === 'Start' ? verdict.type : verdict.reason);

describe('auto', () => {
  it.each<[string, RoundProps, string]>([
    ['everything passes', {}, 'Switchover'],
    ['RDS is silent and the writer refuses', LOST, 'Failover'],
    ['RDS is silent and nobody knows the writer’s address', { ...lostRds, endpoint: 'none' }, 'Failover'],
    [
      'the cluster has failed for good',
      { regions: { [EAST]: { status: 'failed' } }, endpoint: noAnswer() },
      'Failover',
    ],
    ['RDS is silent and the writer accepts', lostRds, 'TypeUndecided'],
    ['only the writer does not accept', { endpoint: noAnswer() }, 'TypeUndecided'],
    ['RDS throttles', { regions: { [EAST]: { rds: rejected() } } }, 'TypeUndecided'],
    ['the trouble is on this side', { regions: { [EAST]: { rds: local() } }, endpoint: local() }, 'TypeUndecided'],
    [
      'Aurora recovers in its region',
      { regions: { [EAST]: { status: 'failing-over' } }, endpoint: noAnswer() },
      'TypeUndecided',
    ],
    ['nobody answers', { regions: { [EAST]: { rds: noAnswer() }, [WEST]: { rds: noAnswer() } } }, 'NoPrimary'],
  ])('given that %s, is %s', (_, props, expected) => {
    expect(kindOf(judge(props).verdict)).toBe(expected);
  });

  it.each<[string, RoundProps, number, string]>([
    ['a secondary has received for minutes since', LOST, 15 * MINUTE, 'TypeUndecided'],
    ['samples of that time have not arrived yet', LOST, 18.5 * MINUTE, 'Failover'],
    [
      'nothing has arrived since',
      { ...LOST, lag: { [WEST]: { until: 16 * MINUTE, lags: [120, 120] } } },
      15 * MINUTE,
      'Failover',
    ],
    [
      'RDS itself calls the cluster failed',
      { regions: { [EAST]: { status: 'failed' } }, endpoint: noAnswer() },
      15 * MINUTE,
      'Failover',
    ],
  ])('given a primary that is silent, and %s, is the type that this proves', (_, props, lostAt, expected) => {
    expect(kindOf(judge(props, {}, lostAt).verdict)).toBe(expected);
  });

  it('given a lost primary without acceptance, asks for it and fails nothing over', () => {
    const { verdict, message } = judge(LOST, { hasAcceptedDataLoss: false });
    expect(kindOf(verdict)).toBe('DataLossNotAccepted');
    expect(message).toContain('"accept_data_loss": true');
  });
});

describe('refusalMessage', () => {
  it.each<[string, RoundProps, Partial<FailoverRequest>, string]>([
    ['TypeUndecided', { endpoint: noAnswer() }, {}, 'endpoint Unknown'],
    ['PrimaryUnreachable', LOST, { type: 'switchover' }, '"type": "failover"'],
    ['AlreadyPrimary', {}, { targetRegion: EAST }, 'is the primary already'],
    ['NoPrimary', { regions: { [WEST]: { writer: WEST } } }, {}, 'the regions disagree about the writer'],
  ])('given %s, speaks of what an invocation can say', (reason, props, changes, words) => {
    const { verdict, message } = judge(props, changes);
    expect(kindOf(verdict)).toBe(reason);
    expect(message).toContain(words);
    expect(message).not.toContain('annotation');
    expect(message).not.toContain('aurora-dr.io');
  });
});
