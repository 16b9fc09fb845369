import { describe, expect, it } from '@jest/globals';
import type { SignalsSpec } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { InvalidDurationError } from '../api/v1alpha1/duration.ts';
import { detectionWindow } from '../failover/detection-window.ts';
import { settingsOf, type InstallationSettings } from './settings-of.ts';
import { aSpec } from './testing/a-policy.ts';

const INSTALLATION: InstallationSettings = {
  unconfirmedReadWindowMilliseconds: 60_000,
  metricPeriodMilliseconds: 60_000,
};
const DIRECT: SignalsSpec = { controlPlane: {}, endpoint: { type: 'TCP' } };
const CLOUDWATCH = { source: 'CloudWatch', maximumAge: '6m' } as const;
const HTTP = { url: 'https://witness.example/' };

const withSignals = (signals: SignalsSpec, quorum = 2) =>
  aSpec({ detection: { ...aSpec().detection, signals, quorum } });

describe('settingsOf', () => {
  it('given a spec, when read, then durations are milliseconds and what is not given is absent', () => {
    const settings = settingsOf(aSpec(), INSTALLATION);
    expect(settings).toMatchObject({
      intervalMilliseconds: 10_000,
      timeoutMilliseconds: 3_000,
      recoveryPointMilliseconds: 1_000,
      maximumLagAgeMilliseconds: 360_000,
      cooldownMilliseconds: 1_800_000,
      operationTimeoutMilliseconds: 900_000,
      isPublishing: true,
      isSuspended: false,
    });
    expect(settings).not.toHaveProperty('inRegionRecoveryLimitMilliseconds');
    expect(settings).not.toHaveProperty('replicationMaximumAgeMilliseconds');
    expect(settings).not.toHaveProperty('operatorRegion');
  });

  it('given signals, when some are listed, then exactly these are used', () => {
    const names = settingsOf(withSignals({ ...DIRECT, http: HTTP }), INSTALLATION).signals.map(({ name }) => name);
    expect(names).toEqual(['controlPlane', 'endpoint', 'http']);
  });

  it('given an edit elsewhere, when votes are compared, then they keep their configuration; its own edit ends it', () => {
    const configurations = (spec: ReturnType<typeof aSpec>) =>
      settingsOf(spec, INSTALLATION).signals.map(({ configuration }) => configuration);
    const before = configurations(aSpec());
    expect(configurations(aSpec({ suspend: true, fencing: { mode: 'None' } }))).toEqual(before);
    const after = configurations(withSignals({ controlPlane: {}, endpoint: { type: 'TCP', port: 3307 }, http: HTTP }));
    expect(after.map((configuration, index) => configuration === before[index])).toEqual([true, false, true]);
    expect(configurations(aSpec({ globalClusterIdentifier: 'other' }))).not.toContain(before[0]);
  });

  it('given what may be left out, when it is there, then it is read too', () => {
    const spec = withSignals({ ...DIRECT, replication: CLOUDWATCH });
    const failover = { ...spec.failover, inRegionRecoveryLimit: '30m' };
    expect(settingsOf({ ...spec, failover }, { ...INSTALLATION, operatorRegion: 'us-west-2' })).toMatchObject({
      inRegionRecoveryLimitMilliseconds: 1_800_000,
      replicationMaximumAgeMilliseconds: 360_000,
      operatorRegion: 'us-west-2',
    });
  });

  it('given classes other than endpoint and replication, when read, then nothing of those two is missed', () => {
    const settings = settingsOf(withSignals({ controlPlane: {}, http: HTTP }), INSTALLATION);
    expect(settings.signals).toEqual([
      { name: 'controlPlane', configuration: expect.stringMatching(/^[0-9a-f]{16}$/), delayMilliseconds: 0 },
      { name: 'http', configuration: expect.stringMatching(/^[0-9a-f]{16}$/), delayMilliseconds: 0 },
    ]);
  });

  it.each<[string, ReturnType<typeof aSpec>['publish'], boolean]>([
    ['a Service', { service: { name: 'writer' } }, true],
    ['a ConfigMap', { configMap: { name: 'writer' } }, true],
    ['nothing', {}, false],
  ])('given %s to publish, when asked, then it is told', (_, publish, isPublishing) => {
    expect(settingsOf(aSpec({ publish: publish! }), INSTALLATION).isPublishing).toBe(isPublishing);
  });

  it('given a policy that publishes nowhere, when asked, then it does not', () => {
    const { publish: _, ...spec } = aSpec();
    expect(settingsOf(spec, INSTALLATION).isPublishing).toBe(false);
  });

  it('given only routing, when asked whether it publishes, then it does not: nothing has to be withdrawn', () => {
    const publish = { routing: { namespace: 'AuroraDR', metric: 'WriterRegion' } };
    expect(settingsOf(aSpec({ publish }), INSTALLATION).isPublishing).toBe(false);
  });

  it('given a duration that got past the schema, when read, then it is refused', () => {
    const failover = { ...aSpec().failover, timeout: 'soon' };
    expect(() => settingsOf(aSpec({ failover }), INSTALLATION)).toThrow(InvalidDurationError);
  });
});

describe('a signal by SQL', () => {
  it('given a probe by MySQL instead of TCP, when read, then what passes means something else: votes are earned anew', () => {
    const configurationOf = (endpoint: NonNullable<SignalsSpec['endpoint']>): string | undefined =>
      settingsOf(withSignals({ ...DIRECT, endpoint }), INSTALLATION).signals.find(({ name }) => name === 'endpoint')
        ?.configuration;
    const login = { type: 'MySQL' as const, secretRef: { name: 's' } };
    const writing = { ...login, writeProbe: { database: 'aurora_dr', table: 'heartbeat' } };
    expect(new Set([configurationOf({ type: 'TCP' }), configurationOf(login), configurationOf(writing)]).size).toBe(3);
  });
});

describe('the detection window of a spec', () => {
  // D + interval × (threshold + 1) + timeout = D + 10 s × 4 + 3 s
  const ROUNDS = 43_000;

  it.each<[string, SignalsSpec, number, number | undefined]>([
    ['http beside the direct ones', { ...DIRECT, http: HTTP }, 2, ROUNDS],
    ['http and replication', { ...DIRECT, http: HTTP, replication: CLOUDWATCH }, 2, ROUNDS],
    ['replication by CloudWatch', { ...DIRECT, replication: CLOUDWATCH }, 2, 600_000 + ROUNDS],
    ['all four for a quorum of four', { ...DIRECT, http: HTTP, replication: CLOUDWATCH }, 4, 600_000 + ROUNDS],
    [
      'replication by SQL',
      { ...DIRECT, replication: { source: 'SQL', maximumAge: '5s', secretRef: { name: 's' } } },
      2,
      15_000 + ROUNDS,
    ],
    ['one vantage only', DIRECT, 2, undefined],
  ])('given %s, then it is as documented', (_name, signals, quorum, expected) => {
    expect(detectionWindow(settingsOf(withSignals(signals, quorum), INSTALLATION))).toBe(expected);
  });

  it('given a shorter metric period, when the installation has one, then the delay shrinks with it', () => {
    const settings = settingsOf(withSignals({ ...DIRECT, replication: CLOUDWATCH }), {
      ...INSTALLATION,
      metricPeriodMilliseconds: 1_000,
    });
    expect(detectionWindow(settings)).toBe(360_000 + 4_000 + ROUNDS);
  });
});

describe('failbacks and drills', () => {
  const drill = { mode: 'Switchover', schedule: '0 3 1 * *', timeZone: 'Europe/Paris', maximumAge: '48h' } as const;
  const windows = [{ schedule: '0 3 * * 0', duration: '2h', timeZone: 'UTC' }];

  it('given both, when read, then they are in the units of the brain', () => {
    const failback = { mode: 'Automatic', stabilization: '30m', windows } as const;
    const settings = settingsOf(aSpec({ failback, drill }), INSTALLATION);
    expect(settings.failback).toEqual({
      stabilizationMilliseconds: 1_800_000,
      windows: [{ schedule: '0 3 * * 0', timeZone: 'UTC', durationMilliseconds: 7_200_000 }],
    });
    expect(settings.drill).toEqual({
      mode: 'Switchover',
      schedule: { schedule: '0 3 1 * *', timeZone: 'Europe/Paris' },
      maximumAgeMilliseconds: 172_800_000,
    });
    expect(settings).not.toHaveProperty('scheduleProblems');
  });

  it('given a failback by hand and drills on request, when read, then nothing starts by itself', () => {
    const failback = { mode: 'Manual', stabilization: '30m', windows } as const;
    const settings = settingsOf(
      aSpec({ failback, drill: { mode: 'Simulate', timeZone: 'UTC', maximumAge: '1h' } }),
      INSTALLATION,
    );
    expect(settings).not.toHaveProperty('failback');
    expect(settings.drill).toEqual({ mode: 'Simulate', maximumAgeMilliseconds: 3_600_000 });
    expect(settingsOf(aSpec(), INSTALLATION)).not.toHaveProperty('drill');
  });

  it('given a failback without windows, when read, then any time will do', () => {
    const settings = settingsOf(aSpec({ failback: { mode: 'Automatic', stabilization: '30m' } }), INSTALLATION);
    expect(settings.failback).toEqual({ stabilizationMilliseconds: 1_800_000, windows: [] });
    expect(settings).not.toHaveProperty('scheduleProblems');
  });

  it('given schedules that got past the schema, when read, then each is named with its field', () => {
    const bad = [windows[0], { schedule: '0 0 30 2 *', duration: '1h', timeZone: 'UTC' }] as typeof windows;
    const failback = { mode: 'Automatic', stabilization: '30m', windows: bad } as const;
    const settings = settingsOf(aSpec({ failback, drill: { ...drill, timeZone: 'Mars/Phobos' } }), INSTALLATION);
    expect(settings.scheduleProblems).toEqual([
      expect.stringMatching(/^failback\.windows\[1\]: "0 0 30 2 \*" names a day that never comes/),
      expect.stringMatching(/^drill: "Mars\/Phobos" is no time zone/),
    ]);
  });
});
