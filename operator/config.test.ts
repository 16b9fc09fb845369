import { describe, expect, it } from '@jest/globals';
import { type Config, ConfigError, loadConfig, operatorVersion } from './config.ts';

const defaults = { identity: () => 'host_1' };

function run(argv: string[], env: Record<string, string> = {}): Config {
  const result = loadConfig(argv, env, defaults);
  if (result.kind !== 'run') throw new Error(`expected a configuration, got the text ${result.text}`);
  return result.config;
}

function problems(argv: string[], env: Record<string, string> = {}): string[] {
  try {
    run(argv, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ source, message }) => `${source}: ${message}`);
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('given nothing, uses the defaults', () => {
    expect(run([])).toEqual({
      awsEndpoints: {},
      metricsPort: 8080,
      healthPort: 8081,
      leaderElection: {
        isEnabled: false,
        leaseDurationMilliseconds: 15_000,
        renewDeadlineMilliseconds: 10_000,
        retryPeriodMilliseconds: 2_000,
      },
      shards: 1,
      identity: 'host_1',
      logLevel: 'info',
      workers: 32,
      readsPerSecond: 20,
      roleChanges: { perSecond: 5, burst: 100 },
      metricPeriodMilliseconds: 60_000,
      unconfirmedReadWindowMilliseconds: 60_000,
      followIntervalMilliseconds: 1_000,
      decisionLog: { maximumBytes: 16_000_000 },
    });
  });

  it('given no identity, makes one that differs each time', () => {
    const identities = [1, 2]
      .map(() => loadConfig([], {}))
      .map((result) => result.kind === 'run' && result.config.identity);
    expect(identities[0]).not.toBe(identities[1]);
  });

  it('given every flag, takes all of them', () => {
    const argv = [
      ...['--aws-endpoint', 'us-east-1=http://127.0.0.1:1', '--aws-endpoint=us-west-2=https://aws.test/rds/'],
      ...['--region', 'us-west-2', '--namespace', 'payments', '--kubeconfig', '/tmp/k', '--bind-address', '127.0.0.1'],
      ...['--metrics-port', '0', '--health-port=off', '--leader-elect', '--leader-election-namespace', 'ops'],
      ...['--lease-duration', '3s', '--renew-deadline', '2s', '--retry-period', '500ms', '--identity', 'me'],
      ...['--shards', '8'],
      ...['--log-level', 'debug', '--workers', '3', '--reads-per-second', '7', '--metric-period', '1s'],
      ...['--role-changes-per-second', '2', '--role-changes-burst', '9'],
      ...['--unconfirmed-read-window', '1s', '--follow-interval', '100ms'],
      ...['--decision-log-directory', '/tmp/d', '--decision-log-megabytes', '2'],
    ];
    expect(run(argv)).toEqual({
      awsEndpoints: { 'us-east-1': 'http://127.0.0.1:1', 'us-west-2': 'https://aws.test/rds' },
      region: 'us-west-2',
      namespace: 'payments',
      kubeconfig: '/tmp/k',
      bindAddress: '127.0.0.1',
      metricsPort: 0,
      healthPort: 'off',
      leaderElection: {
        isEnabled: true,
        namespace: 'ops',
        leaseDurationMilliseconds: 3_000,
        renewDeadlineMilliseconds: 2_000,
        retryPeriodMilliseconds: 500,
      },
      shards: 8,
      identity: 'me',
      logLevel: 'debug',
      workers: 3,
      readsPerSecond: 7,
      roleChanges: { perSecond: 2, burst: 9 },
      metricPeriodMilliseconds: 1_000,
      unconfirmedReadWindowMilliseconds: 1_000,
      followIntervalMilliseconds: 100,
      decisionLog: { directory: '/tmp/d', maximumBytes: 2_000_000 },
    });
  });

  it('given a flag and its variable, the flag wins; given an empty variable, it does not count', () => {
    const env = { AURORA_DR_WORKERS: '5', AURORA_DR_LOG_LEVEL: 'warn', AURORA_DR_REGION: '' };
    const config = run(['--workers', '6'], env);
    expect(config).toMatchObject({ workers: 6, logLevel: 'warn' });
    expect(config.region).toBeUndefined();
  });

  it('given a wrong variable that a flag overrides, does not mind', () => {
    expect(run(['--workers', '6'], { AURORA_DR_WORKERS: 'many' }).workers).toBe(6);
  });

  it('given endpoints in flags and in the variable, the flags win region by region', () => {
    const env = { AURORA_DR_AWS_ENDPOINTS: 'us-east-1=http://a:1, us-west-2=http://b:2' };
    expect(run(['--aws-endpoint', 'us-east-1=http://c:3'], env).awsEndpoints).toEqual({
      'us-east-1': 'http://c:3',
      'us-west-2': 'http://b:2',
    });
  });

  it.each([
    [['--leader-elect=true'], {}, true],
    [['--leader-elect=false'], { AURORA_DR_LEADER_ELECT: 'true' }, false],
    [[], { AURORA_DR_LEADER_ELECT: 'true' }, true],
  ])('given %j and %j, leader election is %s', (argv, env, expected) => {
    expect(run(argv, env as Record<string, string>).leaderElection.isEnabled).toBe(expected);
  });

  it('freezes the configuration all the way down', () => {
    const config = run(['--aws-endpoint', 'us-east-1=http://a:1']);
    expect([config, config.awsEndpoints, config.leaderElection].every((part) => Object.isFrozen(part))).toBe(true);
  });

  it('given several things that are wrong, names every one, its value and what is allowed', () => {
    const argv = ['--metrics-port', '65536', '--log-level', 'loud', '--wrkers', 'x', '--worker', '1', 'stray', '-v'];
    expect(problems(argv, { AURORA_DR_FOLLOW_INTERVAL: '10' })).toEqual([
      '--wrkers: is not a flag of this program',
      'x: is not a flag; flags start with --',
      '--worker: is not a flag of this program; did you mean --workers?',
      '1: is not a flag; flags start with --',
      'stray: is not a flag; flags start with --',
      '-v: is not a flag of this program',
      '--metrics-port: "65536" must be a port from 0 to 65535, or off',
      '--log-level: "loud" must be one of trace, debug, info, warn, error, fatal, silent',
      'AURORA_DR_FOLLOW_INTERVAL: "10" must be a duration from 100ms to 1m',
    ]);
  });

  it('the error lists its problems line by line', () => {
    expect(() => run(['--workers', '0'])).toThrow(/--help\n {2}--workers: "0" must be a whole number from 1 to 256$/);
  });

  it.each([
    ['no region', 'http://a:1'],
    ['no URL', 'us-east-1='],
    ['another scheme', 'us-east-1=ftp://a'],
    ['a bare host', 'us-east-1=localhost:4566'],
    ['credentials', 'us-east-1=http://me:pw@a:1'],
    ['a query', 'us-east-1=http://a:1?x=y'],
    ['no such region name', 'US_EAST=http://a:1'],
    ['a prototype name', '__proto__=http://a:1'],
  ])('given an endpoint with %s, refuses it', (_, endpoint) => {
    expect(problems([`--aws-endpoint=${endpoint}`])).toEqual([
      `--aws-endpoint: ${JSON.stringify(endpoint)} must be REGION=URL, such as us-east-1=http://127.0.0.1:4566: ` +
        'http or https, no credentials, no query',
    ]);
  });

  it('given a region twice, refuses it', () => {
    const twice = 'us-east-1=http://a:1,us-east-1=http://b:2';
    const expected = 'names us-east-1 more than once; name it once';
    expect(problems(['--aws-endpoint', twice])).toEqual([`--aws-endpoint: ${expected}`]);
    expect(problems([], { AURORA_DR_AWS_ENDPOINTS: twice })).toEqual([`AURORA_DR_AWS_ENDPOINTS: ${expected}`]);
  });

  it.each(['us-east-1', 'us-gov-west-1', 'us-isob-east-1', 'ap-southeast-7', 'eusc-de-east-1'])(
    'given region %s, accepts it',
    (region) => {
      expect(run(['--region', region]).region).toBe(region);
    },
  );

  it.each([
    ['--region', 'us-east'],
    ['--namespace', 'Payments'],
    ['--namespace', '-payments'],
    ['--bind-address', 'localhost'],
    ['--metrics-port', '-1'],
    ['--metrics-port', '08x'],
    ['--leader-elect', 'false'],
    ['--metric-period', '90s'],
    ['--metric-period', '2s'],
    ['--identity', ' me'],
    ['--workers', '1e2'],
  ])('given %s %s, refuses it', (flag, value) => {
    expect(problems([flag, value])).toHaveLength(1);
  });

  it('given a flag without its value, says so instead of taking the next flag for it', () => {
    expect(problems(['--region', '--leader-elect'])[0]).toMatch(/^--region: has no value/);
    expect(problems(['--region'])[0]).toMatch(/^--region: has no value/);
  });

  it('given a flag twice, refuses it', () => {
    expect(problems(['--workers', '1', '--workers', '2'])).toEqual(['--workers: given more than once; give it once']);
  });

  it.each([
    [['--lease-duration', '10s'], '--lease-duration: must be longer than --renew-deadline'],
    [['--shards', '2'], '--shards: needs --leader-elect: each shard belongs to whoever holds its lease'],
    [['--renew-deadline', '2400ms'], '--renew-deadline: must be longer than 1.2 times --retry-period'],
    [['--health-port', '8080'], '--health-port: must not be the port of --metrics-port, 8080'],
  ])('given %j, which contradicts a default, refuses it', (argv, expected) => {
    expect(problems(argv)).toEqual([expected]);
  });

  it('given two free ports, does not take them for the same', () => {
    expect(problems(['--health-port', '0', '--metrics-port', '0'])).toEqual([]);
  });

  it("given a Kubernetes Service's variable, says how to get rid of it", () => {
    const [problem] = problems([], { AURORA_DR_METRICS_PORT: 'tcp://10.0.0.1:8080' });
    expect(problem).toMatch(/enableServiceLinks: false/);
  });

  it('given --help, prints every flag with its default and its variable, whatever else is wrong', () => {
    const result = loadConfig(['--help', '--nonsense'], {}, defaults);
    const text = result.kind === 'print' ? result.text : '';
    const flags = text.match(/^ {2}--[a-z-]+/gm) ?? [];
    expect(flags).toHaveLength(26);
    for (const flag of flags.slice(1, -2)) {
      expect(text).toContain(`AURORA_DR_${flag.trim().slice(2).toUpperCase().replaceAll('-', '_')}`);
    }
    expect(text).toContain('(default: 15s)');
    expect(text).toContain('AURORA_DR_AWS_ENDPOINTS');
  });

  it('given --version, prints the version', () => {
    expect(loadConfig(['--version'], {}, defaults)).toEqual({ kind: 'print', text: operatorVersion });
    expect(operatorVersion).toMatch(/^\d+\.\d+\.\d+/);
  });
});
