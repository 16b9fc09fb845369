import { describe, expect, it } from '@jest/globals';
import { generateScenario } from './generate-scenario.ts';
import { detectionWindowOf } from './policy-of.ts';
import { policiesOf, type PolicyProps, type Scenario } from './scenario.ts';

/** The rule that liveness is held to, as the API states it, and not as the operator computes it. */
function windowByTheRule(policy: PolicyProps, { world: { metricPeriod } }: Scenario): number {
  const { interval, failureThreshold, timeout, maximumAge, quorum, signals, bySql } = policy;
  const replicationDelay = bySql?.replication === true ? maximumAge + interval : maximumAge + metricPeriod * 4;
  const classes = signals.map((name) => ({
    vantage: { controlPlane: 'direct', endpoint: 'direct', replication: 'secondary', http: 'witness' }[name],
    delay: name === 'replication' ? replicationDelay : 0,
  }));
  const slowestOfFastestQuorum = classes
    .map(({ delay }) => delay)
    .toSorted((a, b) => a - b)
    .find((within) => {
      const failing = classes.filter(({ delay }) => delay <= within);
      return failing.length >= quorum && new Set(failing.map(({ vantage }) => vantage)).size >= 2;
    });
  return (slowestOfFastestQuorum ?? Infinity) + interval * (failureThreshold + 1) + timeout;
}

describe('the window within which a loss has to be answered', () => {
  it('Given the policies of many seeds, then it is D + interval × (threshold + 1) + timeout', () => {
    const sources = new Set<string>();
    for (let seed = 0; seed < 1_000; seed += 1) {
      const scenario = generateScenario(seed);
      for (const policy of policiesOf(scenario)) {
        if (policy.signals.includes('replication')) sources.add(policy.bySql?.replication === true ? 'SQL' : 'metric');

        expect({ seed, window: detectionWindowOf(policy, scenario) }).toEqual({
          seed,
          window: windowByTheRule(policy, scenario),
        });
      }
    }
    expect([...sources].toSorted()).toEqual(['SQL', 'metric']);
  });
});
