import { describe, expect, it } from '@jest/globals';
import type { AwsCallErrorProps } from '../aws/errors.ts';
import type { Operation } from '../failover/operation.ts';
import { arnOf } from '../failover/testing/a-round.ts';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import type { Dependencies } from './dependencies.ts';
import { RoleChanger, type Precheck } from './role-changer.ts';
import { anOperation } from './testing/an-operation.ts';
import { awsError, FakeAurora } from './testing/fake-aurora.ts';

const GLOBAL = 'orders-global';

function aChanger(leaseRemaining = Infinity): { readonly aurora: FakeAurora; readonly changer: RoleChanger } {
  const aurora = new FakeAurora();
  const dependencies = {
    gateway: aurora.gateway,
    leaseRemainingMilliseconds: () => leaseRemaining,
    settings: { awsCallTimeoutMilliseconds: 5_000 },
  } as unknown as Dependencies;
  return { aurora, changer: new RoleChanger(dependencies) };
}

const rejected = (cause: 'throttled' | 'denied' | 'expiredCredentials' | 'malformed', code?: string) => ({
  classification: { kind: 'rejected', cause, message: cause } as const,
  isEffectPossible: false,
  ...(code === undefined ? {} : { code }),
});

describe('RoleChanger', () => {
  it('given a failover, when it calls, then in the target’s region; a switchover in the primary’s', async () => {
    const { aurora, changer } = aChanger();
    await changer.call({}, anOperation(), GLOBAL);
    await changer.call({}, anOperation({ type: 'Switchover' }), GLOBAL);
    expect(aurora.calls).toEqual([`failover ${WEST}`, `switchover ${EAST}`]);
  });

  it.each([
    ['an answer', undefined, { kind: 'Accepted', requestId: 'id-1' }],
    ['a refusal', awsError(rejected('denied', 'AccessDenied')), { kind: 'Refused', requestId: 'id-1' }],
  ])('given %s that names its request, then it is known for AWS support', async (_what, fault, expected) => {
    const { aurora, changer } = aChanger();
    aurora.requestId = 'id-1';
    aurora.refuse = () => fault;
    expect(await changer.call({}, anOperation(), GLOBAL)).toMatchObject(expected);
  });

  it('given no id, or one that no status could hold, then none is told', async () => {
    const { aurora, changer } = aChanger();
    expect(await changer.call({}, anOperation(), GLOBAL)).toEqual({ kind: 'Accepted' });
    aurora.requestId = 'x'.repeat(129);
    expect(await changer.call({}, anOperation(), GLOBAL)).toEqual({ kind: 'Accepted' });
  });

  it('given a target without ARN, when it should call, then it does not', async () => {
    const { aurora, changer } = aChanger();
    const { targetClusterArn: _, ...operation } = anOperation();
    expect(await changer.call({}, operation, GLOBAL)).toMatchObject({ kind: 'Refused' });
    expect(aurora.calls).toEqual([]);
  });

  it.each<[string, Partial<AwsCallErrorProps> | Error, string]>([
    [
      'silence',
      { classification: { kind: 'noAnswer', cause: 'timeout', message: '' }, isEffectPossible: true },
      'Ambiguous',
    ],
    [
      'a server error',
      { classification: { kind: 'noAnswer', cause: 'serverError', message: '' }, isEffectPossible: true },
      'Ambiguous',
    ],
    ['a denial after which an effect is possible', { ...rejected('denied'), isEffectPossible: true }, 'Ambiguous'],
    ['an error of another kind', new TypeError('a mistake'), 'Ambiguous'],
    [
      'a refused connection',
      { classification: { kind: 'noAnswer', cause: 'refused', message: '' }, isEffectPossible: false },
      'Fruitless',
    ],
    [
      'a request that never left',
      { classification: { kind: 'local', cause: 'resolver', message: '' }, isEffectPossible: false },
      'Fruitless',
    ],
    ['throttling', rejected('throttled', 'Throttling'), 'Fruitless'],
    ['expired credentials', rejected('expiredCredentials', 'ExpiredToken'), 'Fruitless'],
    ['a state that passes', rejected('malformed', 'InvalidGlobalClusterStateFault'), 'Fruitless'],
    ['missing permission', rejected('denied', 'AccessDenied'), 'Refused'],
    ['a request that AWS will not do', rejected('malformed', 'InvalidParameterValue'), 'Refused'],
  ])('given %s, when a call ends so, then it is told what that means', async (_name, error, kind) => {
    const { aurora, changer } = aChanger();
    aurora.refuse = () => (error instanceof Error ? error : awsError(error));
    expect(await changer.call({}, anOperation(), GLOBAL)).toMatchObject({ kind });
  });

  it('given a cluster in a passing state, when it is asked, then a failover waits for it and a switchover is refused', async () => {
    const { aurora, changer } = aChanger();
    aurora.refuse = () => awsError(rejected('malformed', 'InvalidDBClusterStateFault'));
    expect(await changer.call({}, anOperation(), GLOBAL)).toMatchObject({ kind: 'Fruitless' });
    const switchover = anOperation({ type: 'Switchover' });
    expect(await changer.call({}, switchover, GLOBAL)).toMatchObject({ kind: 'Refused' });
  });

  it('given what the read before a call shows, then it is told', async () => {
    const { aurora, changer } = aChanger();
    const check = async (): Promise<string> => (await changer.precheck({}, anOperation(), GLOBAL)).kind;
    expect(await check()).toBe('Clear');
    aurora.begin(WEST, true);
    expect(await check()).toBe('InFlight');
    aurora.promote();
    expect(await check()).toBe('AlreadyWriter');
    aurora.writer = 'eu-west-1';
    expect(await check()).toBe('MovedByOthers');
    aurora.blind = () => new Error('no answer');
    expect(await check()).toBe('Unreadable');
  });

  it('given somebody’s failover to the target before the call, then a switchover is moved by others, a failover is there', async () => {
    const { aurora, changer } = aChanger();
    aurora.begin(WEST, true);
    aurora.promote();
    const check = (type: Operation['type']): Promise<Precheck> => changer.precheck({}, anOperation({ type }), GLOBAL);
    expect(await check('Switchover')).toEqual({ kind: 'AlreadyWriter' });
    aurora.resynchronizing = EAST;
    expect(await check('Failover')).toEqual({ kind: 'AlreadyWriter' });
    expect(await check('Switchover')).toEqual({
      kind: 'MovedByOthers',
      message: `RDS in ${WEST} calls ${arnOf(WEST)} the writer and ${EAST} pending-resync, as after a failover`,
    });
  });

  it.each([
    [5_000, false],
    [5_001, true],
    [Infinity, true],
  ])('given a lease for %s ms more, when a call may take 5 s, then it may begin: %s', (remaining, expected) => {
    expect(aChanger(remaining).changer.hasTimeToCall('payments/orders')).toBe(expected);
  });
});
