import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import type { OutgoingCall } from './harness/outgoing-calls.ts';
import { PUBLISHED, type PolicyScene } from './harness/policy-scene.ts';
import { RECOVERY_CALLS } from './harness/recovery-calls.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';

const REGIONS = ['us-east-1', 'us-west-2'] as const;
const SERVICES = ['rds', 'monitoring', 'sns', 'sts'] as const;
const PRELOAD = pathToFileURL(join(import.meta.dirname, 'harness', 'outgoing-calls.ts')).href;
const ROLE = 'arn:aws:iam::123456789012:role/aurora-dr';

/** How a lost region behaves towards those who call it. */
type Loss = 'blackhole' | 'refuse' | '5xx';

interface Case {
  readonly lost: (typeof REGIONS)[number];
  readonly loss: Loss;
  /** The operator's process dies with the region, and a new one has to begin from nothing. */
  readonly isRestarted: boolean;
}

const CASES: readonly Case[] = REGIONS.flatMap((lost) => [
  { lost, loss: 'blackhole', isRestarted: true } as const,
  { lost, loss: 'refuse', isRestarted: false } as const,
  { lost, loss: '5xx', isRestarted: false } as const,
]);

/** What an operator in a Pod of the lost region's twin is given: its own AWS region is the lost one, of all regions. */
class Surroundings implements Disposable {
  readonly environment: Readonly<Record<string, string>>;
  readonly #directory = mkdtempSync(join(tmpdir(), 'aurora-dr-static-'));
  readonly #callsFile = join(this.#directory, 'calls.jsonl');
  readonly #routesFile = join(this.#directory, 'routes.json');

  constructor(lost: string) {
    const tokenFile = join(this.#directory, 'token');
    writeFileSync(tokenFile, 'a.service.account.token');
    writeFileSync(this.#callsFile, '');
    this.environment = {
      NODE_OPTIONS: `--import ${PRELOAD}`,
      AURORA_DR_TEST_CALLS: this.#callsFile,
      AURORA_DR_TEST_ROUTES: this.#routesFile,
      AWS_REGION: lost,
      AWS_DEFAULT_REGION: lost,
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/operator',
      AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_PROFILE: '',
      // What older SDKs take for a wish to call the global STS, in us-east-1.
      AWS_STS_REGIONAL_ENDPOINTS: 'legacy',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    };
  }

  /** Which URL answers for each region's services; names that are not here, the global ones too, answer nobody. */
  route(endpoints: Readonly<Record<string, string>>): void {
    const routes = REGIONS.flatMap((region) =>
      SERVICES.map((service) => [`${service}.${region}.amazonaws.com`, endpoints[region]] as const),
    );
    writeFileSync(this.#routesFile, JSON.stringify(Object.fromEntries(routes)));
  }

  calls(since: number): readonly OutgoingCall[] {
    const lines = readFileSync(this.#callsFile, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as OutgoingCall).filter(({ at }) => at >= since);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true });
  }
}

let stage: Stage;
let broken: Server;
beforeAll(async () => {
  stage = await Stage.start();
  broken = createServer((_request, response) => response.writeHead(503).end('<html>service unavailable</html>'));
  await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
}, SCENE_TIMEOUT);
afterAll(async () => {
  broken.closeAllConnections();
  broken.close();
  await stage[Symbol.asyncDispose]();
});

/** What leads out of the process by TCP, by what is there. */
function placesOf({ aws, plane }: PolicyScene): ReadonlyMap<string, string> {
  const url = (text: string): string => new URL(text).host;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(plane.kubeconfig);
  return new Map([
    ...Object.values(aws.endpoints).map((endpoint) => [url(endpoint), 'AWS'] as const),
    [`127.0.0.1:${(broken.address() as AddressInfo).port}`, 'AWS'],
    [url(aws.witnessUrl()), 'HTTP witness'],
    [url(kubeConfig.getCurrentCluster()?.server ?? ''), 'HTTPS Kubernetes API'],
    ...REGIONS.map((region) => {
      const { address, port } = aws.cluster(region, 'aurora-prod');
      return [`${address}:${port}`, 'TCP writer endpoint'] as const;
    }),
  ]);
}

const AWS_HOST = /^(?<service>[a-z]+)\.(?<region>[a-z]{2}-[a-z]+-\d)\.amazonaws\.com$/;

/** A call as the table names it, and whether it went to the lost region; what is unknown is named as it is. */
function named(
  call: OutgoingCall,
  places: ReadonlyMap<string, string>,
  lost: string,
): [call: string, isToLost: boolean] {
  switch (call.kind) {
    case 'aws': {
      const { service = call.host, region } = AWS_HOST.exec(call.host)?.groups ?? {};
      return [`${service} ${call.action}`, region === lost];
    }
    case 'tcp':
      return [places.get(`${call.host}:${call.port}`) ?? `TCP ${call.host}:${call.port}`, false];
    default:
      return [`${call.kind} ${call.what}`, false];
  }
}

/** Fails on a call that nobody has decided about, and gives the names of those that were made. */
function judge(calls: readonly OutgoingCall[], places: ReadonlyMap<string, string>, lost: string): Set<string> {
  const reaches = new Map(RECOVERY_CALLS.map(({ call, reach }) => [call, reach]));
  const all = calls.map((call) => named(call, places, lost)).filter(([call]) => call !== 'AWS');
  const undecided = all.filter(([call]) => !reaches.has(call)).map(([call]) => call);
  expect([...new Set(undecided)]).toEqual([]);
  const forbidden = all.filter(([call, isToLost]) => isToLost && reaches.get(call) !== 'every region');
  expect(forbidden).toEqual([]);
  return new Set(all.map(([call]) => call));
}

describe('the loss of a region with everything that lives there', () => {
  test.concurrent.each(CASES)(
    'given $lost is the primary and answers like this: $loss, then detection, failover, publication, notification and history complete without it',
    async ({ lost, loss, isRestarted }) => {
      using surroundings = new Surroundings(lost);
      const survivor = lost === 'us-east-1' ? 'us-west-2' : 'us-east-1';
      const publish = {
        service: { name: PUBLISHED },
        configMap: { name: PUBLISHED },
        routing: { namespace: 'AuroraDR', metric: 'WriterRegion' },
      };
      const options = {
        cluster: { regions: [lost, survivor] },
        environment: surroundings.environment,
        spec: { aws: { roleArn: ROLE }, publish },
      };
      await stage.play(options, async (scene) => {
        const { aws } = scene;
        aws.addRole({ arn: ROLE });
        surroundings.route(aws.endpoints);
        await scene.protect({ notifications: scene.addTopics() });

        const lostAt = Date.now();
        await aws.loseRegion(lost, { mode: loss === 'blackhole' ? 'blackhole' : 'refuse' });
        if (loss === '5xx') {
          const { port } = broken.address() as AddressInfo;
          surroundings.route({ ...aws.endpoints, [lost]: `http://127.0.0.1:${port}` });
        }
        if (isRestarted) {
          await scene.operators[0]?.kill();
          scene.startOperator();
        }

        const { history = [], primaryRegion } = await scene.untilHistory(1);
        expect(history[0]).toMatchObject({
          type: 'Failover',
          trigger: 'Automatic',
          outcome: 'Succeeded',
          to: survivor,
        });
        expect(primaryRegion).toBe(survivor);
        expect(await scene.published()).toMatchObject({ state: 'published', region: survivor });
        await scene.untilNotified('FailoverStarted', survivor);
        await scene.untilNotified('FailoverCompleted', survivor);
        await scene.untilEvents('FailoverStarted', 'FailoverCompleted', 'SplitBrainRisk');
        await scene.untilCall(
          ({ action, region, at }) =>
            action === 'PutMetricData' && region === survivor && at > (aws.operations[0]?.promotedAt ?? Infinity),
        );
        expect(scene.mutatingCalls.map(({ action, region }) => [action, region])).toEqual([
          ['FailoverGlobalCluster', survivor],
        ]);

        // A process that lives on has its sessions, its listing of metrics, and perhaps a connection to the API server.
        const isKept = (call: string): boolean => /^sts |ListMetrics$|Kubernetes API$/.test(call);
        const expected = RECOVERY_CALLS.map(({ call }) => call).filter((call) => isRestarted || !isKept(call));
        const isMade = (): boolean => {
          const made = judge(surroundings.calls(lostAt), placesOf(scene), lost);
          return expected.every((call) => made.has(call));
        };
        // Some are made in the background.
        await scene.untilTrue(`each of ${expected.join(', ')}`, isMade);
      });
    },
    SCENE_TIMEOUT,
  );

  test('given what is taken down of a whole run, then a call to a global endpoint, a name, a process or the metadata service would not go unseen', () => {
    const at = 0;
    const calls: OutgoingCall[] = [
      { kind: 'aws', host: 'sts.amazonaws.com', action: 'AssumeRole', at },
      { kind: 'aws', host: 'rds.us-east-1.amazonaws.com', action: 'FailoverGlobalCluster', at },
      { kind: 'tcp', host: '169.254.169.254', port: 80, at },
      { kind: 'lookup', what: 'route53.amazonaws.com', at },
      { kind: 'process', what: 'aws', at },
    ];
    const undecided = calls.filter((call) => {
      try {
        judge([call], new Map(), 'us-east-1');
        return true;
      } catch {
        return false;
      }
    });
    expect(undecided).toEqual([]);
  });
});
