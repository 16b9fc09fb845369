import { describe, expect, it } from '@jest/globals';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { aPolicy } from '../../operator/controllers/testing/a-policy.ts';
import { aRound, MINUTE, T0, type RoundProps } from '../../operator/failover/testing/a-round.ts';
import { EAST, WEST } from '../../operator/failover/testing/a-settings.ts';
import { noAnswer } from '../../operator/failover/testing/attempts.ts';
import { aCondition, aStatus, conditions } from '../testing/a-watched-policy.ts';
import type { Findings } from './findings.ts';
import { judge, overall, type PreflightLine } from './judge.ts';

const AT = 20 * MINUTE;
const NOW = T0 + AT;
const HOST = 'orders.cluster-1.us-east-1.rds.amazonaws.com';

const done = <T>(value: T) => ({ isDone: true as const, value });
const not = (why: string) => ({ isDone: false as const, why });

interface FindingsProps extends Partial<Omit<Findings, 'round'>> {
  readonly round?: RoundProps;
}

function aPolicyWith(status: Parameters<typeof aStatus>[0] = {}): DisasterRecoveryPolicy {
  return { ...aPolicy(), status: aStatus(status) };
}

function findings({ round, ...overrides }: FindingsProps = {}): Findings {
  const identity = done({ accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/me' });
  return {
    policy: aPolicyWith(),
    statusWrittenAt: new Date(NOW - 2_000).toISOString(),
    now: NOW,
    mayAsk: done(true),
    regions: [EAST, WEST].map((region) => ({ region, identity, events: done(0), snapshots: done(1) })),
    round: aRound({ at: AT, witness: 200, ...round }),
    names: [
      { what: `cluster endpoint of ${EAST}`, name: HOST, addresses: done(['10.0.0.1']) },
      { what: 'global writer endpoint', name: 'orders.global', addresses: done(['10.0.0.1']) },
    ],
    published: [{ kind: 'Service', name: 'orders-writer', leadsTo: done(HOST) }],
    metricPeriodMilliseconds: MINUTE,
    ...overrides,
  };
}

const lineOf = (
  lines: readonly PreflightLine[],
  area: string,
  what: string,
): Pick<PreflightLine, 'verdict' | 'message'> => {
  const found = lines.find((line) => line.area === area && line.what === what);
  if (found === undefined) {
    throw new Error(`no line ${area} ${what} in\n${lines.map((line) => `${line.area} ${line.what}`).join('\n')}`);
  }
  return found;
};

const verdictOf = (props: FindingsProps, area: string, what: string): [string, string] => {
  const { verdict, message } = lineOf(judge(findings(props)), area, what);
  return [verdict, message];
};

describe('judge', () => {
  it('given everything that a failover needs, finds nothing that failed', () => {
    const lines = judge(findings());
    expect(lines.filter(({ verdict }) => verdict === 'failed' || verdict === 'unknown')).toEqual([]);
    expect(lineOf(lines, 'Failover', 'Target')).toMatchObject({ verdict: 'ok', message: `${WEST} can take over` });
    expect(lineOf(lines, 'Regions', `${WEST} version`)).toMatchObject({ verdict: 'ok' });
  });

  it('given a status that nobody refreshes, or a spec that nobody took in, says so of the operator', () => {
    expect(verdictOf({ statusWrittenAt: undefined }, 'Kubernetes', 'operator')[0]).toBe('failed');
    const old = new Date(NOW - 16 * MINUTE).toISOString();
    expect(verdictOf({ statusWrittenAt: old }, 'Kubernetes', 'operator')).toEqual([
      'failed',
      expect.stringContaining('16 min old'),
    ]);
    expect(verdictOf({ policy: aPolicyWith({ observedGeneration: 0 }) }, 'Kubernetes', 'operator')[0]).toBe('warning');
  });

  it('given a user who may not ask, warns: automation and others still may', () => {
    expect(verdictOf({ mayAsk: done(false) }, 'Kubernetes', 'your rights')[0]).toBe('warning');
    expect(verdictOf({ mayAsk: not('no answer') }, 'Kubernetes', 'your rights')).toEqual(['unknown', 'no answer']);
  });

  it('given what is published leads elsewhere, says where', () => {
    const published = [{ kind: 'Service' as const, name: 'orders-writer', leadsTo: done('old.example') }];
    expect(verdictOf({ published }, 'Kubernetes', 'Service orders-writer')).toEqual([
      'failed',
      `leads to old.example, and the writer is ${HOST}`,
    ]);
  });

  it('given what is published may not be read, warns; given it is not there, fails', () => {
    const unread = (isForbidden: boolean) => [
      { kind: 'Service' as const, name: 'orders-writer', leadsTo: { ...not('why'), isForbidden } },
    ];
    expect(verdictOf({ published: unread(true) }, 'Kubernetes', 'Service orders-writer')).toEqual(['warning', 'why']);
    expect(verdictOf({ published: unread(false) }, 'Kubernetes', 'Service orders-writer')).toEqual(['failed', 'why']);
  });

  it('given the credentials of another account, or none, fails by region', () => {
    const cluster = aStatus().regions!.map((region) => ({
      ...region,
      clusterArn: `arn:aws:rds:${region.name}:999900001111:cluster:orders`,
    }));
    expect(verdictOf({ policy: aPolicyWith({ regions: cluster }) }, 'Credentials', EAST)).toEqual([
      'failed',
      expect.stringContaining('the clusters are in 999900001111'),
    ]);
    const none = { region: WEST, identity: not('no credentials'), events: done(0), snapshots: done(0) };
    const props = { regions: [none], round: { regions: { [WEST]: { rds: noAnswer('refused') } } } };
    expect(verdictOf(props, 'Credentials', WEST)).toEqual(['failed', 'no credentials']);
  });

  it('given a lost primary, warns of its region only: that is what a failover is for', () => {
    const lines = judge(findings({ round: { regions: { [EAST]: { rds: noAnswer('refused') } } } }));
    expect(lineOf(lines, 'Regions', `${EAST} RDS`).verdict).toBe('warning');
    expect(lineOf(lines, 'Failover', 'Target').verdict).toBe('ok');
  });

  it('given a lost secondary and no other one, fails', () => {
    const lines = judge(findings({ round: { regions: { [WEST]: { rds: noAnswer('refused') } } } }));
    expect(lineOf(lines, 'Regions', `${WEST} RDS`).verdict).toBe('failed');
    expect(lineOf(lines, 'Failover', 'Target').verdict).toBe('failed');
    expect(overall(lines)).toBe('failed');
  });

  it('given a secondary of another patch level, says that AWS would refuse it', () => {
    const round = { regions: { [WEST]: { engineVersion: '8.0.mysql_aurora.3.07.0' } } };
    expect(verdictOf({ round }, 'Regions', `${WEST} version`)).toEqual([
      'failed',
      expect.stringContaining('AWS refuses to promote another patch level'),
    ]);
  });

  it('given no lag sample, never takes it for none', () => {
    expect(verdictOf({ round: { lag: { [WEST]: { lags: [] } } } }, 'Regions', `${WEST} lag`)).toEqual([
      'failed',
      expect.stringContaining('unknown, which is never zero'),
    ]);
  });

  it('given events that may not be read, fails only where the fence has to be known', () => {
    const regions = findings().regions.map((region) => ({ ...region, events: not('denied') }));
    expect(verdictOf({ regions }, 'Regions', `${WEST} events`)).toEqual(['warning', 'denied']);
    const policy = { ...aPolicyWith(), spec: { ...aPolicy().spec, fencing: { mode: 'Required' as const } } };
    expect(verdictOf({ regions, policy }, 'Regions', `${WEST} events`)).toEqual(['failed', 'denied']);
  });

  it('given names that do not resolve, or a global endpoint that is behind, says which', () => {
    const [cluster, global] = findings().names;
    const unresolved = [{ ...cluster!, addresses: not('ENOTFOUND') }];
    expect(verdictOf({ names: unresolved }, 'DNS', `cluster endpoint of ${EAST}`)[0]).toBe('failed');
    const behind = [cluster!, { ...global!, addresses: done(['10.9.9.9']) }];
    expect(verdictOf({ names: behind }, 'DNS', 'global writer endpoint')).toEqual([
      'warning',
      expect.stringContaining('not to the writer'),
    ]);
  });

  it('given a database that this machine cannot reach, leaves the votes to the operator, if there is one', () => {
    const round = { endpoint: noAnswer(), witness: noAnswer() };
    expect(verdictOf({ round }, 'Failover', 'Votes')).toEqual(['warning', expect.stringContaining('from here')]);
    expect(verdictOf({ round, statusWrittenAt: undefined }, 'Failover', 'Votes')[0]).toBe('failed');
    const voteless = aCondition('FailoverReady', 'False', 'NeverObservedPassing');
    const policy = aPolicyWith({ conditions: conditions(voteless) });
    expect(verdictOf({ round, policy }, 'Failover', 'Votes')[0]).toBe('failed');
  });

  it('given a publication that failed, lets the brain say that a failover would not end well', () => {
    const failed = aCondition('EndpointPublished', 'False', 'NameTaken', 'somebody else’s');
    const policy = aPolicyWith({ conditions: conditions(failed) });
    expect(verdictOf({ policy }, 'Failover', 'Publication')).toEqual(['failed', 'NameTaken: somebody else’s']);
  });
});

describe('overall', () => {
  it('is the worst of all', () => {
    const lines = (...verdicts: PreflightLine['verdict'][]): PreflightLine[] =>
      verdicts.map((verdict) => ({ area: 'DNS', what: '', verdict, message: '' }));
    expect(overall(lines('ok', 'ok'))).toBe('ok');
    expect(overall(lines('ok', 'warning'))).toBe('warning');
    expect(overall(lines('warning', 'unknown'))).toBe('unknown');
    expect(overall(lines('unknown', 'failed', 'ok'))).toBe('failed');
    expect(overall([])).toBe('unknown');
  });
});
