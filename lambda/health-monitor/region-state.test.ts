import { describe, expect, it } from '@jest/globals';
import { aRound, MINUTE, type RoundProps } from '../../operator/failover/testing/a-round.ts';
import { aSettings, EAST, WEST } from '../../operator/failover/testing/a-settings.ts';
import { local, noAnswer, rejected } from '../../operator/failover/testing/attempts.ts';
import { HEALTH, readRegionStates, type RegionState } from './region-state.ts';

const AT = 20 * MINUTE;

function statesOf(props: RoundProps = {}): Record<string, RegionState> {
  const states = readRegionStates(aRound({ at: AT, ...props }), aSettings(), 500);
  return Object.fromEntries(states.map((state) => [state.region, state]));
}

describe('readRegionStates', () => {
  it('given a healthy pair, calls both healthy and the lag low', () => {
    expect(statesOf()).toMatchObject({
      [EAST]: { health: HEALTH.passing, clusterState: 1001, healthMessage: '' },
      [WEST]: { health: HEALTH.passing, clusterState: 2001, isLagHigh: false, lagMilliseconds: 100 },
    });
    expect(statesOf()[EAST]).not.toHaveProperty('isLagHigh');
  });

  it.each<[string, RoundProps, number]>([
    ['RDS is silent', { regions: { [EAST]: { rds: noAnswer() } } }, HEALTH.failing],
    ['the writer does not accept', { endpoint: noAnswer('refused') }, HEALTH.failing],
    ['the cluster has failed for good', { regions: { [EAST]: { status: 'failed' } } }, HEALTH.failing],
    ['RDS throttles', { regions: { [EAST]: { rds: rejected() } } }, HEALTH.unchecked],
    ['the trouble is on this side', { regions: { [EAST]: { rds: local() } } }, HEALTH.unchecked],
    ['nobody answers', { regions: { [EAST]: { rds: noAnswer() }, [WEST]: { rds: noAnswer() } } }, HEALTH.unchecked],
    ['the cluster is being modified', { regions: { [EAST]: { status: 'modifying' } } }, HEALTH.passing],
    ['the endpoint is not probed', { endpoint: 'none' }, HEALTH.passing],
  ])('given that %s, says so of the primary', (_, props, health) => {
    expect(statesOf(props)[EAST]?.health).toBe(health);
  });

  it('given a secondary that certainly receives nothing, fails its check', () => {
    const lag = { until: AT - 15 * MINUTE, control: AT - MINUTE };
    expect(statesOf({ lag: { [WEST]: lag } })[WEST]).toMatchObject({ health: HEALTH.failing });
  });

  it('given a lag metric that is late with every other, says nothing of the region', () => {
    const lag = { until: AT - 15 * MINUTE, control: AT - 15 * MINUTE };
    expect(statesOf({ lag: { [WEST]: lag } })[WEST]).toMatchObject({ health: HEALTH.passing });
  });

  it.each([
    [[100, 600, 700], true],
    [[900, 900, 400], false],
    [[100, 400, 900], false],
    [[900], false],
    [[501, 500], false],
  ])('given lags of %j ms, is it high: %s', (lags, expected) => {
    expect(statesOf({ lag: { [WEST]: { lags } } })[WEST]?.isLagHigh).toBe(expected);
  });

  it('given regions that disagree about the writer, tells no roles', () => {
    const states = statesOf({ regions: { [WEST]: { writer: WEST } } });
    expect(states[EAST]).not.toHaveProperty('clusterState');
    expect(states[WEST]).not.toHaveProperty('clusterState');
  });
});
