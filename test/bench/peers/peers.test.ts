import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DisasterRecoveryPolicyStatus } from '../../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { startLocalAws, type LocalAws } from '../../aws/local-aws.ts';
import { startControlPlane, type ControlPlane } from '../../control-plane/control-plane.ts';
import { waitUntilServed } from '../../control-plane/serve-crd.ts';
import { Watchdog } from '../../control-plane/watchdog.ts';
import { goController } from './go-controller.ts';
import { informer } from './informer.ts';
import { operator } from './operator.ts';
import type { Peer, PeerOptions, RunningPeer } from './peer.ts';

const crd = fileURLToPath(new URL('../../../crds/aurora-dr.io_disasterrecoverypolicies.yaml', import.meta.url));
const POLICIES = ['alpha', 'beta', 'gamma'] as const;
const PATIENCE_MILLISECONDS = 60_000;
const POLL_MILLISECONDS = 50;
/** A test's time counts from the first use of its peer, which may have to be compiled. */
const TEST_TIMEOUT = 300_000;

let plane: ControlPlane;
let watchdog: Watchdog;
let scenes = 0;

beforeAll(async () => {
  watchdog = new Watchdog(undefined);
  plane = await startControlPlane();
  await plane.kubectl(['apply', '-f', crd]);
  await waitUntilServed(plane, 'drp');
}, TEST_TIMEOUT);

afterAll(async () => {
  await plane.stop();
  await watchdog.dismiss();
});

/** A namespace with three policies, each with a global cluster of its own on one local AWS. */
class Scene implements AsyncDisposable {
  readonly namespace: string;
  readonly aws: LocalAws;
  readonly #running: RunningPeer[] = [];

  private constructor(namespace: string, aws: LocalAws) {
    this.namespace = namespace;
    this.aws = aws;
  }

  static async build(): Promise<Scene> {
    scenes += 1;
    const namespace = `peers-${scenes}`;
    const aws = await startLocalAws({ settings: { metricPeriod: 1_000, metricDelay: 100 } });
    await plane.kubectl(['create', 'namespace', namespace]);
    const scene = new Scene(namespace, aws);
    for (const name of POLICIES) {
      await aws.addGlobalCluster({ identifier: name, clusterIdentifier: `${name}-cluster` });
    }
    const items = POLICIES.map((name) => manifest(name, aws.witnessUrl(name)));
    await scene.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    return scene;
  }

  kubectl(args: readonly string[], input?: string): Promise<string> {
    return plane.kubectl(['--namespace', this.namespace, ...args], input === undefined ? {} : { input });
  }

  async start(peer: Peer, options: Partial<PeerOptions> = {}): Promise<RunningPeer> {
    const running = await peer.start({
      kubeconfig: plane.kubeconfig,
      awsEndpoints: this.aws.endpoints,
      environment: this.aws.environment,
      namespace: this.namespace,
      metricPeriodMilliseconds: 1_000,
      watchdog,
      ...options,
    });
    this.#running.push(running);
    return running;
  }

  async status(name: string): Promise<DisasterRecoveryPolicyStatus> {
    const policy = JSON.parse(await this.kubectl(['get', 'drp', name, '--output=json'])) as {
      readonly status?: DisasterRecoveryPolicyStatus;
    };
    return policy.status ?? {};
  }

  async until(what: string, isReached: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + PATIENCE_MILLISECONDS;
    while (!(await isReached())) {
      if (performance.now() > deadline)
        throw new Error(`not in ${PATIENCE_MILLISECONDS} ms: ${what}\n${this.report()}`);
      await delay(POLL_MILLISECONDS);
    }
  }

  /** Waits until the policy is protected and its endpoint's and its primary's RDS's answers count. */
  untilProtected(name: string): Promise<void> {
    return this.until(`${name} Protected`, async () => {
      const { phase, primaryRegion, signals = [] } = await this.status(name);
      return (
        phase === 'Protected' &&
        primaryRegion === 'us-east-1' &&
        signals.every(({ state, lastPassed }) => state === 'Passing' && lastPassed !== undefined)
      );
    });
  }

  /** The global clusters that were failed over, in the order of the calls. */
  get failedOver(): readonly unknown[] {
    return this.aws.callsOf({ action: 'FailoverGlobalCluster' }).map(({ input }) => input['GlobalClusterIdentifier']);
  }

  /** Lets so many further rounds of a surviving region pass. */
  async letRoundsPass(count: number): Promise<void> {
    const after = this.aws.calls.at(-1)?.number ?? 0;
    const walks = (): number =>
      this.aws.callsOf({ action: 'DescribeGlobalClusters', region: 'us-west-2', after }).length;
    await this.until(`${count} rounds`, () => walks() >= count);
  }

  report(): string {
    return this.#running.map(({ pid, lines }) => `process ${pid}\n${lines.slice(-20).join('\n')}`).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((running) => running.stop('SIGKILL')));
    await this.aws.stop();
  }
}

function manifest(name: string, witnessUrl: string): object {
  return {
    apiVersion: 'aurora-dr.io/v1alpha1',
    kind: 'DisasterRecoveryPolicy',
    metadata: { name },
    spec: {
      globalClusterIdentifier: name,
      regions: ['us-east-1', 'us-west-2'].map((region) => ({ name: region, clusterIdentifier: `${name}-cluster` })),
      detection: {
        interval: '1s',
        timeout: '800ms',
        signals: { controlPlane: {}, endpoint: {}, replication: { maximumAge: '3s' }, http: { url: witnessUrl } },
      },
      failover: { dataLoss: 'Allow' },
    },
  };
}

describe.each([operator, goController])('$name', (peer) => {
  beforeAll(() => peer.prepare(), TEST_TIMEOUT);

  test(
    'given three policies, when the primary region is lost, fails each over exactly once',
    async () => {
      await using scene = await Scene.build();
      const running = await scene.start(peer);
      await running.untilLeading();
      for (const name of POLICIES) await scene.untilProtected(name);
      expect(scene.failedOver).toEqual([]);

      await scene.aws.loseRegion('us-east-1');

      await scene.until('every policy in us-west-2', async () => {
        const all = await Promise.all(POLICIES.map((name) => scene.status(name)));
        return all.every(({ primaryRegion, operation }) => primaryRegion === 'us-west-2' && operation === undefined);
      });
      await scene.letRoundsPass(4);
      expect([...scene.failedOver].sort()).toEqual([...POLICIES]);
      expect(scene.aws.callsOf({ action: 'FailoverGlobalCluster', region: 'us-west-2' })).toHaveLength(3);
    },
    TEST_TIMEOUT,
  );

  test(
    'given a healthy policy, when a failover is forced by annotation, makes that call once and records the answer',
    async () => {
      await using scene = await Scene.build();
      const running = await scene.start(peer);
      await running.untilSynced();
      for (const name of POLICIES) await scene.untilProtected(name);

      const request = ['force-failover=us-west-2', 'force-type=Failover', 'accept-data-loss=true'];
      await scene.kubectl(['annotate', 'drp', 'beta', ...request.map((pair) => `aurora-dr.io/${pair}`)]);

      await scene.until('beta in us-west-2', async () => (await scene.status('beta')).primaryRegion === 'us-west-2');
      await scene.letRoundsPass(4);
      expect(scene.failedOver).toEqual(['beta']);
      expect((await scene.status('beta')).lastRequest).toMatchObject({
        action: 'force-failover',
        value: 'us-west-2',
        result: 'Accepted',
      });
      const annotations = await scene.kubectl(['get', 'drp', 'beta', '--output=jsonpath={.metadata.annotations}']);
      expect(annotations).not.toContain('force-failover');
      expect(await running.metric('workqueue_adds_total')).toBeGreaterThan(0);
    },
    TEST_TIMEOUT,
  );

  test(
    'given a standby, when the leader is told to end, releases the lease and the standby fails over',
    async () => {
      await using scene = await Scene.build();
      // So long a lease that only its release lets the standby lead within this test's patience.
      const lease = { namespace: scene.namespace, leaseDurationMilliseconds: 600_000 };
      const leader = await scene.start(peer, { lease });
      await leader.untilLeading();
      for (const name of POLICIES) await scene.untilProtected(name);
      const standby = await scene.start(peer, { lease });
      await standby.untilSynced();

      expect(await leader.stop()).toBe(0);
      await standby.untilLeading(PATIENCE_MILLISECONDS);

      await scene.aws.loseRegion('us-east-1');
      await scene.until('three failovers', () => scene.failedOver.length >= 3);
      expect([...scene.failedOver].sort()).toEqual([...POLICIES]);
    },
    TEST_TIMEOUT,
  );
});

describe('informer', () => {
  test(
    'given three policies, when one is annotated for a failover, sends that request once and nothing else',
    async () => {
      await using scene = await Scene.build();
      const running = await scene.start(informer);
      await running.untilLeading();
      expect(await running.metric('informer_policies')).toBe(POLICIES.length);
      expect(await running.metric('process_resident_memory_bytes')).toBeGreaterThan(0);

      const annotate = (...pairs: string[]): Promise<string> => scene.kubectl(['annotate', 'drp', 'beta', ...pairs]);
      await annotate('aurora-dr.io/force-failover=us-west-2');
      await scene.until('the request', () => scene.failedOver.length > 0);
      await annotate('example.com/other=1');
      await annotate('aurora-dr.io/force-failover-', 'example.com/other-');
      await scene.until('the new writer', () => scene.aws.primaryRegion('beta') === 'us-west-2');

      expect(scene.aws.calls.map(({ action }) => action)).toEqual(['FailoverGlobalCluster']);
      expect(await scene.status('beta')).toEqual({});
      expect(await running.stop()).toBe(0);
    },
    TEST_TIMEOUT,
  );
});
