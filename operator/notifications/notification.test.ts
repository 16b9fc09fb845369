import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { buildNotification, type NotificationInput, type NotificationKind } from './notification.ts';

const operation = {
  id: 'op-1',
  type: 'Failover',
  trigger: 'Automatic',
  from: 'us-east-1',
  to: 'us-west-2',
  outcome: 'Succeeded',
  recoveryTimeMilliseconds: 83_000,
} as const;

const input: NotificationInput = {
  kind: 'FailoverCompleted',
  policy: { namespace: 'payments', name: 'transactions' },
  globalClusterIdentifier: 'aurora-global-prod',
  time: Date.UTC(2026, 4, 6, 7, 8, 9),
  message: 'us-west-2 is the writer',
  operation,
  detail: { quorum: 2 },
};

describe('buildNotification', () => {
  it('given an operation, names it, its way and the policy in the subject', () => {
    expect(buildNotification(input).subject).toBe(
      'Aurora failover completed: us-east-1 -> us-west-2 (payments/transactions)',
    );
  });

  it.each<[NotificationKind, string]>([
    ['FailoverStarted', 'Aurora failover started'],
    ['FailoverFailed', 'Aurora failover FAILED'],
    ['SwitchoverStarted', 'Aurora switchover started'],
    ['SwitchoverCompleted', 'Aurora switchover completed'],
    ['SwitchoverFailed', 'Aurora switchover FAILED'],
    ['ReplicationLagHigh', 'Aurora replication lag high'],
    ['ClusterStatusChange', 'Aurora cluster status changed'],
    ['HealthCheckError', 'Aurora health check error'],
    ['PrimaryUnhealthy', 'Aurora primary unhealthy'],
    ['FailoverBlocked', 'Aurora failover blocked'],
    ['SplitBrainRisk', 'Aurora split brain possible'],
    ['DataLossPossible', 'Aurora data loss possible'],
    ['DrillCompleted', 'Aurora disaster recovery drill succeeded'],
    ['DrillFailed', 'Aurora disaster recovery drill FAILED'],
  ])('given %s without an operation, the subject is "%s" and the policy', (kind, headline) => {
    const { operation: _, ...without } = input;
    expect(buildNotification({ ...without, kind })).toMatchObject({
      kind,
      subject: `${headline} (payments/transactions)`,
    });
  });

  it('carries everything in the body', () => {
    expect(JSON.parse(buildNotification(input).body)).toEqual({
      version: 1,
      kind: 'FailoverCompleted',
      policy: { namespace: 'payments', name: 'transactions' },
      globalCluster: 'aurora-global-prod',
      time: '2026-05-06T07:08:09.000Z',
      message: 'us-west-2 is the writer',
      operation,
      detail: { quorum: 2 },
    });
  });

  it('given neither operation nor detail, leaves them out', () => {
    const { operation: _, detail: __, ...bare } = input;
    expect(Object.keys(JSON.parse(buildNotification(bare).body) as object)).toEqual([
      'version',
      'kind',
      'policy',
      'globalCluster',
      'time',
      'message',
    ]);
  });

  it('given no policy and the end of a state, names the global cluster and says that it is over', () => {
    const { operation: _, policy: __, ...bare } = input;
    const { subject, body } = buildNotification({ ...bare, kind: 'HealthCheckError', isOver: true });
    expect(subject).toBe('Aurora health check error: over (aurora-global-prod)');
    expect(JSON.parse(body)).toMatchObject({ kind: 'HealthCheckError', isOver: true });
    expect(JSON.parse(body)).not.toHaveProperty('policy');
  });

  it('given a long name, shortens it and keeps the regions', () => {
    const { subject } = buildNotification({ ...input, policy: { namespace: 'payments', name: 'n'.repeat(253) } });
    expect(subject).toHaveLength(99);
    expect(subject).toMatch(/^Aurora failover completed: us-east-1 -> us-west-2 \(payments\/n+\.\.\.\)$/);
  });

  it('given a name that just fits, keeps it whole', () => {
    const room = 99 - 'Aurora failover completed: us-east-1 -> us-west-2 (payments/)'.length;
    const subjectOf = (length: number) =>
      buildNotification({ ...input, policy: { namespace: 'payments', name: 'n'.repeat(length) } }).subject;
    expect(subjectOf(room)).toMatch(/\(payments\/n+\)$/);
    expect(subjectOf(room + 1)).toMatch(/\(payments\/n+\.\.\.\)$/);
  });

  it('given regions that are no ASCII, and long ones, leaves room for the policy', () => {
    const { subject } = buildNotification({ ...input, operation: { ...operation, from: 'ü'.repeat(99) } });
    expect(subject).toBe(`Aurora failover completed: ${'?'.repeat(53)} (payments/tran...)`);
  });

  it('given anything at all, the subject is what SNS takes', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string(),
        fc.string({ maxLength: 300 }),
        (name, namespace, from) => {
          const policy = { namespace, name };
          const { subject } = buildNotification({ ...input, policy, operation: { ...operation, from } });
          return /^[A-Za-z][ -~]{0,98}$/.test(subject);
        },
      ),
    );
  });
});
