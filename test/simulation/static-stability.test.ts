import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { AwsGateway, CallOptions, NotificationInput } from '../../operator/aws/aws-gateway.ts';
import type { KubeClient } from '../../operator/runtime/kube-client.ts';
import type { KubeObject } from '../../operator/runtime/resource.ts';
import { RECOVERY_CALLS, recoveryCallsTable } from '../e2e/harness/recovery-calls.ts';
import { generateScenario, tailOf } from './generate-scenario.ts';
import type { Scenario, ScenarioEvent } from './scenario.ts';
import { simulate } from './simulate.ts';
import type { SimulatedProcess } from './simulated-process.ts';

Error.stackTraceLimit = 0;

const SECOND = 1_000;
const REGIONS = ['us-east-1', 'us-west-2'] as const;
const DOCUMENT = new URL('../../docs/concepts/static-stability.md', import.meta.url);

/** What each method of the gateway asks of AWS. */
const ACTIONS: Readonly<Record<Exclude<keyof AwsGateway, 'close'>, string>> = {
  describeGlobalClusters: 'rds DescribeGlobalClusters',
  describeGlobalCluster: 'rds DescribeGlobalClusters',
  describeClusters: 'rds DescribeDBClusters',
  failoverGlobalCluster: 'rds FailoverGlobalCluster',
  switchoverGlobalCluster: 'rds SwitchoverGlobalCluster',
  describeFailoverEvents: 'rds DescribeEvents',
  describeClusterSnapshots: 'rds DescribeDBClusterSnapshots',
  copyClusterSnapshot: 'rds CopyDBClusterSnapshot',
  listMetricSeries: 'monitoring ListMetrics',
  getMetricSamples: 'monitoring GetMetricData',
  putMetricData: 'monitoring PutMetricData',
  publishNotification: 'sns Publish',
};

interface Call {
  readonly call: string;
  readonly region: string;
  readonly isToLost: boolean;
  state: 'pending' | 'answered' | 'failed';
}

/**
 * Notes every call to AWS from a moment on, and lets those to one region never end: neither an answer nor an error comes
 * back, the caller's own timeout and its abort included.
 */
class NeverAnswering {
  readonly calls: Call[] = [];
  readonly delivered: string[] = [];
  status: DisasterRecoveryPolicy['status'];
  readonly #lost: string;
  readonly #from: number;

  constructor(lost: string, from: number) {
    this.#lost = lost;
    this.#from = from;
  }

  gateway = (inner: AwsGateway, process: SimulatedProcess): AwsGateway =>
    new Proxy(inner, {
      get: (target, name: keyof AwsGateway) => {
        const method = target[name].bind(target) as (...parameters: unknown[]) => Promise<unknown>;
        return name === 'close'
          ? method
          : (...parameters: unknown[]) => this.#call(name, method, parameters, process.scheduler.time);
      },
    });

  /** Keeps the newest status that was persisted. */
  kube = (inner: KubeClient): KubeClient =>
    new Proxy(inner, {
      get: (target, name: keyof KubeClient) => {
        const method = target[name].bind(target) as (...parameters: unknown[]) => unknown;
        if (name !== 'update') return method;
        return async (...parameters: unknown[]) => {
          const written = (await method(...parameters)) as KubeObject & Pick<DisasterRecoveryPolicy, 'status'>;
          if (written.kind === 'DisasterRecoveryPolicy') this.status = written.status;
          return written;
        };
      },
    });

  #call(
    name: Exclude<keyof AwsGateway, 'close'>,
    method: (...parameters: unknown[]) => Promise<unknown>,
    parameters: readonly unknown[],
    at: number,
  ): Promise<unknown> {
    if (at < this.#from) return method(...parameters);
    const region = String(parameters[1]);
    const call: Call = { call: ACTIONS[name], region, isToLost: region === this.#lost, state: 'pending' };
    this.calls.push(call);
    if (call.isToLost) return this.#never(parameters.find(isOptions));
    return method(...parameters).then(
      (answer) => {
        call.state = 'answered';
        if (name === 'publishNotification') this.#noteDelivery(parameters[2] as NotificationInput);
        return answer;
      },
      (error: unknown) => {
        call.state = 'failed';
        throw error;
      },
    );
  }

  async #never(options: CallOptions | undefined): Promise<never> {
    await options?.beforeRequest?.(options.signal ?? new AbortController().signal);
    for (const stage of ['slot', 'credentials', 'sent'] as const) options?.onStage?.(stage);
    return new Promise<never>(() => undefined);
  }

  #noteDelivery({ body }: NotificationInput): void {
    this.delivered.push((JSON.parse(body) as { readonly kind: string }).kind);
  }
}

const isOptions = (parameter: unknown): parameter is CallOptions =>
  typeof parameter === 'object' && parameter !== null && 'timeoutMilliseconds' in parameter;

interface Case {
  readonly lost: (typeof REGIONS)[number];
  readonly isCrashing: boolean;
  /** With `Required` the new writer is published once RDS in the surviving region tells of the fence. */
  readonly fencing: 'BestEffort' | 'Required';
}

const CASES: readonly Case[] = REGIONS.flatMap((lost) => [
  { lost, isCrashing: false, fencing: 'BestEffort' },
  { lost, isCrashing: true, fencing: 'BestEffort' },
  { lost, isCrashing: false, fencing: 'Required' },
]);

/** An ordinary policy; its primary is lost, and the operator's process with it or not. */
function scenarioOf({ lost, isCrashing, fencing }: Case): Scenario {
  const survivor = lost === 'us-east-1' ? 'us-west-2' : 'us-east-1';
  const base = generateScenario(1);
  // A drill in the middle of the loss would be another story.
  const { plans: _plans, ...policy } = base.policy;
  const loss: ScenarioEvent = { at: 0, action: { kind: 'loseRegion', region: lost, how: 'blackhole' } };
  const crash: ScenarioEvent = { at: 1, until: 2 * SECOND, action: { kind: 'crash', replica: 0 } };
  const scenario: Scenario = {
    ...base,
    policy: {
      ...policy,
      regions: [
        { name: lost, promotion: 'Prefer' },
        { name: survivor, promotion: 'Allow' },
      ],
      recoveryPoint: SECOND,
      interval: 10 * SECOND,
      timeout: 3 * SECOND,
      failureThreshold: 3,
      successThreshold: 2,
      quorum: 2,
      signals: ['controlPlane', 'endpoint', 'replication', 'http'],
      maximumAge: 6 * 60 * SECOND,
      mode: 'Automatic',
      dataLoss: 'Allow',
      maximumLagAge: 6 * 60 * SECOND,
      operationTimeout: 15 * 60 * SECOND,
      inRegionRecoveryLimit: undefined,
      fencing,
      isPublishing: true,
      isNotifying: true,
    },
    otherPolicies: [],
    world: {
      ...base.world,
      metricPeriod: 60 * SECOND,
      metricDelay: 60 * SECOND,
      lag: 100,
      fence: 'succeeded',
      durations: { ...base.world.durations, pending: 20 * SECOND },
    },
    installation: {
      ...base.installation,
      replicas: 1,
      sites: [{ replicas: 1 }],
      wallOffsets: [0],
      isElecting: true,
      metricPeriodMilliseconds: 60 * SECOND,
    },
    warmUp: 5 * 60 * SECOND,
    events: isCrashing ? [loss, crash] : [loss],
    tail: 0,
  };
  return { ...scenario, tail: tailOf(scenario) };
}

describe('a recovery from the loss of a region', () => {
  it.each(CASES)(
    'Given calls to $lost never end, not even by a timeout (process lost too: $isCrashing, fencing $fencing), then everything completes while they still hang',
    async (lostCase) => {
      const { lost } = lostCase;
      const scenario = scenarioOf(lostCase);
      const survivor = scenario.policy.regions[1]?.name;
      const never = new NeverAnswering(lost, scenario.warmUp);
      const tampering = { gateway: never.gateway, kube: never.kube };

      const { violation } = await simulate(scenario, { tampering, isTailWhole: true });

      // Detection and failover within status.detectionWindow, publication and history telling the truth: the invariants.
      expect(violation).toBeUndefined();
      expect(never.status).toMatchObject({
        primaryRegion: survivor,
        published: { primaryRegion: survivor },
        history: [{ type: 'Failover', trigger: 'Automatic', outcome: 'Succeeded', from: lost, to: survivor }],
      });
      expect(never.status).not.toHaveProperty('operation');
      expect(never.delivered).toEqual(
        expect.arrayContaining(['PrimaryUnhealthy', 'FailoverStarted', 'FailoverCompleted', 'SplitBrainRisk']),
      );
      expect(never.calls).toContainEqual({
        call: 'monitoring PutMetricData',
        region: survivor,
        isToLost: false,
        state: 'answered',
      });

      const toLost = never.calls.filter(({ isToLost }) => isToLost);
      expect(toLost.every(({ state }) => state === 'pending')).toBe(true);
      const hanging = new Set(toLost.map(({ call }) => call));
      for (const call of [
        'rds DescribeGlobalClusters',
        'rds DescribeDBClusters',
        'rds DescribeEvents',
        'sns Publish',
      ]) {
        expect(hanging).toContain(call);
      }
    },
    60_000,
  );

  it.each(CASES)(
    'Given $lost is lost (process lost too: $isCrashing, fencing $fencing), then no call is made that nobody has decided about',
    async (lostCase) => {
      const scenario = scenarioOf(lostCase);
      const never = new NeverAnswering(lostCase.lost, scenario.warmUp);

      await simulate(scenario, { tampering: { gateway: never.gateway, kube: never.kube }, isTailWhole: true });

      const reaches = new Map(RECOVERY_CALLS.map(({ call, reach }) => [call, reach]));
      const made = new Set(never.calls.map(({ call, isToLost }) => `${call}${isToLost ? ' to the lost region' : ''}`));
      const undecided = [...made].filter((call) => {
        const reach = reaches.get(call.replace(' to the lost region', ''));
        return reach === undefined || (call.endsWith(' to the lost region') && reach !== 'every region');
      });
      expect(undecided).toEqual([]);
    },
    60_000,
  );

  it('Given somebody waits for the lost region, then the simulation tells', async () => {
    const scenario = scenarioOf({ lost: 'us-east-1', isCrashing: false, fencing: 'BestEffort' });
    const never = new NeverAnswering('us-east-1', scenario.warmUp);
    const { violation } = await simulate(scenario, {
      isTailWhole: true,
      tampering: {
        kube: never.kube,
        gateway: (inner, process) => {
          const gateway = never.gateway(inner, process);
          return new Proxy(gateway, {
            get: (target, name: keyof AwsGateway) => {
              if (name !== 'failoverGlobalCluster') return target[name].bind(target) as unknown;
              // The mistake: to look at the old primary before the call.
              return async (...[account, region, input, options]: Parameters<AwsGateway['failoverGlobalCluster']>) => {
                await target.describeClusters(account, 'us-east-1', options);
                await target.failoverGlobalCluster(account, region, input, options);
              };
            },
          });
        },
      },
    });
    expect(violation?.invariant).toBe('liveness');
  }, 60_000);

  it('Given the table of calls, then the page about static stability shows it', () => {
    const squeezed = (text: string): string => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');
    expect(squeezed(readFileSync(DOCUMENT, 'utf8'))).toContain(squeezed(recoveryCallsTable()));
  });
});
