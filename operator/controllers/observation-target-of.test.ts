import { describe, expect, it } from '@jest/globals';
import type { DisasterRecoveryPolicy, OperationStatus, SignalsSpec } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import type { ObservationTarget } from '../observation/observation-target.ts';
import { observationTargetOf } from './observation-target-of.ts';
import { PolicySession } from './policy-session.ts';
import { settingsOf } from './settings-of.ts';
import { aPolicy, aSpec } from './testing/a-policy.ts';

const HEARTBEAT = { database: 'aurora_dr', table: 'heartbeat' };
const ENDPOINT: SignalsSpec['endpoint'] = {
  type: 'MySQL',
  secretRef: { name: 'probe' },
  tls: { caSecretRef: { name: 'ca' } },
  writeProbe: HEARTBEAT,
};

function targetOf(
  signals: SignalsSpec,
  operation?: Pick<OperationStatus, 'from' | 'to' | 'type'>,
  isObserving = false,
): ObservationTarget {
  const regions = [EAST, WEST].map((name) => ({ name, endpoint: `orders.${name}`, port: 3306 }));
  const policy = {
    ...aPolicy({ detection: { ...aSpec().detection, signals } }),
    status: { primaryRegion: EAST, regions, ...(operation && { operation }) },
  } as unknown as DisasterRecoveryPolicy;
  const settings = settingsOf(policy.spec, { unconfirmedReadWindowMilliseconds: 0, metricPeriodMilliseconds: 60_000 });
  return observationTargetOf(policy, settings, new PolicySession(aPolicy(), isObserving), 1000);
}

describe('what is asked of the database', () => {
  it('given TCP and CloudWatch, is nothing that needs a login, whatever Secrets are named', () => {
    const target = targetOf({
      endpoint: { ...ENDPOINT, type: 'TCP' },
      replication: { source: 'CloudWatch', maximumAge: '6m', secretRef: { name: 'reader' } },
    });
    expect(target.endpoints).toEqual([{ region: EAST, host: `orders.${EAST}`, port: 3306 }]);
    expect(target).not.toHaveProperty('lagLogin');
  });

  it('given a probe by MySQL, is its login from the Secrets of the policy’s own namespace, and the row to write', () => {
    const login = { namespace: 'payments', secret: 'probe', caSecret: 'ca' };
    expect(targetOf({ endpoint: ENDPOINT }).endpoints).toEqual([
      { region: EAST, host: `orders.${EAST}`, port: 3306, login, heartbeat: HEARTBEAT },
    ]);
  });

  it('given a role change, is a write of its target alone: nothing is added to an old primary', () => {
    const { endpoints } = targetOf({ endpoint: ENDPOINT }, { type: 'Failover', from: EAST, to: WEST });
    expect(endpoints.map(({ region, login, heartbeat }) => [region, login !== undefined, heartbeat])).toEqual([
      [WEST, true, HEARTBEAT],
      [EAST, true, undefined],
    ]);
  });

  it('given a policy that another process acts for, is the same without a write', () => {
    const [endpoint] = targetOf({ endpoint: ENDPOINT }, undefined, true).endpoints;
    expect(endpoint).toMatchObject({ region: EAST, login: { secret: 'probe' } });
    expect(endpoint).not.toHaveProperty('heartbeat');
  });

  it('given lag by SQL, is a login for it', () => {
    const target = targetOf({ replication: { source: 'SQL', maximumAge: '5s', secretRef: { name: 'reader' } } });
    expect(target.lagLogin).toEqual({ namespace: 'payments', secret: 'reader' });
    expect(target.endpoints).toEqual([]);
  });
});
