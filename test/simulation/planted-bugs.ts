import type { GlobalClusterMemberView, Round } from '../../operator/failover/observation.ts';
import type {
  DisasterRecoveryPolicy,
  DisasterRecoveryPolicyStatus,
} from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import { AwsCallError } from '../../operator/aws/errors.ts';
import type { KubeEvent } from '../../operator/runtime/event-recorder.ts';
import { configMapType } from '../../operator/publishing/writer-objects.ts';
import { KubeConnectionError } from '../../operator/runtime/kube-errors.ts';
import type { KubeClient } from '../../operator/runtime/kube-client.ts';
import type { Lease } from '../../operator/runtime/lease.ts';
import type { KubeObject } from '../../operator/runtime/resource.ts';
import type { ShardWork } from '../../operator/runtime/shard-elections.ts';
import type { AwsGateway } from '../../operator/aws/aws-gateway.ts';
import type { Dependencies } from '../../operator/controllers/dependencies.ts';
import { namesOf } from './policy-of.ts';
import type { Tampering } from './simulated-operator.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Invariant } from './violation.ts';

/** A mistake of the kind that the simulator is there to find. */
export interface PlantedBug {
  readonly name: string;
  /** What it violates; any of these counts as found. */
  readonly violates: readonly Invariant[];
  readonly tampering: Tampering;
  /** So many seeds are enough to find it. */
  readonly within: number;
  /** It is looked for where replicas share the policies. @default false */
  readonly isSharded?: boolean;
  /** The first of them, where all from 0 on would take a test too long: `planted.ts` takes the time. @default - 0 */
  readonly from?: number;
}

/** A client or gateway with some methods replaced; the others stay bound to the original. */
function replacing<T extends object>(original: T, replaced: Partial<T>): T {
  return new Proxy(original, {
    get: (target, name) => {
      const found: unknown = Reflect.get(name in replaced ? replaced : target, name);
      return typeof found === 'function' ? (found.bind(name in replaced ? replaced : target) as unknown) : found;
    },
  });
}

const delegating = (work: ShardWork): ShardWork => ({
  prepare: (shard) => work.prepare(shard),
  leave: (shard) => work.leave(shard),
  isPrepared: (shard) => work.isPrepared(shard),
  isAtRest: (shard) => work.isAtRest(shard),
  lead: (shard, leadership) => work.lead(shard, leadership),
});

const withKube = (replace: (kube: KubeClient) => Partial<KubeClient>): Tampering => ({
  kube: (kube) => replacing(kube, replace(kube)),
});
const withGateway = (replace: (gateway: AwsGateway) => Partial<AwsGateway>): Tampering => ({
  gateway: (gateway) => replacing(gateway, replace(gateway)),
});

/** No write of an automatic operation reaches the API server. */
const refusingAutomatic = (kube: KubeClient): Partial<KubeClient> => ({
  update: (type, object, options) => {
    const { status } = object as unknown as DisasterRecoveryPolicy;
    return status?.operation?.trigger === 'Automatic'
      ? Promise.reject(new KubeConnectionError('planted'))
      : kube.update(type, object, options);
  },
});

/** The policy as the reconciler's cache has it, changed. */
const withCached = (change: (policy: DisasterRecoveryPolicy) => DisasterRecoveryPolicy): Tampering => ({
  dependencies: (dependencies) => {
    const known = new WeakMap<DisasterRecoveryPolicy, DisasterRecoveryPolicy>();
    const cached: Dependencies['cached'] = (key) => {
      const policy = dependencies.cached(key);
      if (policy === undefined) return undefined;
      const changed = known.get(policy) ?? change(policy);
      known.set(policy, changed);
      return changed;
    };
    return { ...dependencies, cached };
  },
});

const withSpec = (change: (spec: DisasterRecoveryPolicy['spec']) => DisasterRecoveryPolicy['spec']): Tampering =>
  withCached((policy) => ({ ...policy, spec: change(policy.spec) }));

const withSettings = (settings: Partial<Dependencies['settings']>): Tampering => ({
  dependencies: (dependencies) => ({ ...dependencies, settings: { ...dependencies.settings, ...settings } }),
});

function mapRegions(round: Round, map: (region: Round['regions'][string]) => Round['regions'][string]): Round {
  return {
    ...round,
    regions: Object.fromEntries(Object.entries(round.regions).map(([name, region]) => [name, map(region)])),
  };
}

const silence = { kind: 'noAnswer', cause: 'timeout', message: 'planted' } as const;

const mapMembers = (round: Round, map: (member: GlobalClusterMemberView) => GlobalClusterMemberView): Round =>
  mapRegions(round, (region) =>
    region.globalCluster === undefined
      ? region
      : { ...region, globalCluster: { ...region.globalCluster, members: region.globalCluster.members.map(map) } },
  );

/** Status as it is written, changed. */
export const withStatus = (change: (status: DisasterRecoveryPolicyStatus) => DisasterRecoveryPolicyStatus): Tampering =>
  withKube((kube) => ({
    update: (type, object, options) => {
      const { status } = object as unknown as DisasterRecoveryPolicy;
      const isStatus = options?.subresource === 'status' && status !== undefined;
      return kube.update(type, isStatus ? { ...object, status: change(status) } : object, options);
    },
  }));

/** From here on a process of the planted kind has seen everything pass, and has its votes, milliseconds. */
const AFTER_WARM_UP = 100_000;

/** Processes whose last look at an endpoint met silence. */
const silenced = new WeakSet<SimulatedProcess>();
const isSilent = (process: SimulatedProcess): boolean => silenced.has(process);
function noteSilence(process: SimulatedProcess, isNow: boolean): void {
  if (isNow) silenced.add(process);
  else silenced.delete(process);
}

/** From a time on nobody asks the primary's endpoint, its region's RDS or the witness, and what is told is silence. */
const UNASKED: Tampering = {
  prober: (prober, { scheduler }) => ({
    probe: (...props) => (scheduler.time > AFTER_WARM_UP ? Promise.resolve(silence) : prober.probe(...props)),
  }),
  fetchWitness:
    (fetchWitness, { scheduler }) =>
    (...props) =>
      scheduler.time > AFTER_WARM_UP
        ? Promise.resolve({ attempt: { kind: 'answered' }, statusCode: 503 })
        : fetchWitness(...props),
  gateway: (gateway, { scheduler }) => {
    const hush = async <T>(region: string, action: string, ask: () => Promise<T>): Promise<T> => {
      if (scheduler.time < AFTER_WARM_UP || region !== 'us-east-1') return ask();
      await Promise.resolve();
      const why = { classification: silence, isEffectPossible: false, advice: 'planted' };
      throw new AwsCallError({ action, region, ...why });
    };
    return replacing(gateway, {
      describeClusters: (account, region, ...rest) =>
        hush(region, 'DescribeDBClusters', () => gateway.describeClusters(account, region, ...rest)),
      describeGlobalClusters: (account, region, ...rest) =>
        hush(region, 'DescribeGlobalClusters', () => gateway.describeGlobalClusters(account, region, ...rest)),
    });
  },
};

const isLeaseOfShard = ({ kind, metadata }: KubeObject): boolean => kind === 'Lease' && metadata.name.includes('-of-');

/** So often it is looked whether a shard was observed for long enough, in some minutes: longer than the rounds of most policies take. */
const MANY_LOOKS = 150;

/** At least one mistake for each invariant. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'the witness is not heard while the endpoint is silent',
    within: 60,
    violates: ['serving-primary'],
    tampering: {
      round: (round) => {
        const isSilent = Object.values(round.endpoints).some(({ attempt }) => attempt.kind === 'noAnswer');
        return isSilent && round.witness?.statusCode === 200
          ? { ...round, witness: { ...round.witness, statusCode: 503 } }
          : round;
      },
    },
  },
  {
    name: 'what a reader tells is not heard while the endpoint is silent',
    within: 20,
    from: 880,
    violates: ['serving-primary'],
    tampering: {
      round: (round) => {
        const isSilent = Object.values(round.endpoints).some(({ attempt }) => attempt.kind === 'noAnswer');
        const lag = Object.entries(round.lag).map(
          ([region, observation]) => [region, { ...observation, attempt: silence }] as const,
        );
        return isSilent ? { ...round, lag: Object.fromEntries(lag) } : round;
      },
    },
  },
  {
    name: 'a reader is not asked any more while the endpoint is silent',
    within: 20,
    from: 2460,
    violates: ['serving-primary'],
    tampering: {
      prober: (prober, process) => ({
        probe: async (...props) => {
          const attempt = await prober.probe(...props);
          noteSilence(process, attempt.kind === 'noAnswer');
          return attempt;
        },
      }),
      database: (database, process) => ({
        probe: (...props) => database.probe(...props),
        readLag: (...props) => (isSilent(process) ? Promise.resolve({ attempt: silence }) : database.readLag(...props)),
      }),
    },
  },
  {
    name: 'nobody is asked about the primary, and that is taken for silence',
    within: 20,
    from: 7,
    violates: ['serving-primary', 'in-region-recovery'],
    tampering: UNASKED,
  },
  {
    name: 'nobody is asked about the primary, and no signal is said ever to have passed',
    within: 5,
    from: 44,
    violates: ['serving-primary'],
    tampering: {
      ...UNASKED,
      ...withStatus(({ signals = [], ...status }) => ({
        ...status,
        signals: signals.map(({ lastPassed: _, ...signal }) => signal),
      })),
    },
  },
  {
    name: 'a region that answers with a status other than available counts as silent',
    within: 10,
    violates: ['in-region-recovery'],
    tampering: {
      round: (round) =>
        mapRegions(round, (region) => {
          if (region.cluster === undefined || region.cluster.status === 'available') return region;
          const { cluster: _cluster, globalCluster: _globalCluster, ...rest } = region;
          return { ...rest, clusters: silence, globalClusters: silence };
        }),
    },
  },
  {
    name: 'one failing round is enough',
    within: 10,
    violates: ['confirmed-loss', 'serving-primary', 'in-region-recovery'],
    tampering: withSpec((spec) => ({ ...spec, detection: { ...spec.detection, failureThreshold: 1 } })),
  },
  {
    name: 'the call is made before anything is registered',
    within: 80,
    violates: ['one-effect', 'switchover-stays'],
    tampering: withGateway((gateway) => ({
      describeGlobalCluster: async (account, region, identifier, options) => {
        const view = await gateway.describeGlobalCluster(account, region, identifier, options);
        const target = view?.members.find(
          ({ clusterArn, isWriter }) => !isWriter && clusterArn.split(':')[3] === region,
        );
        if (view !== undefined && target !== undefined) {
          const input = { globalClusterIdentifier: identifier, targetClusterArn: target.clusterArn };
          await gateway.failoverGlobalCluster(account, region, input, options).catch(() => undefined);
        }
        return view;
      },
    })),
  },
  {
    name: 'every replica leads, and no write has a precondition',
    within: 30,
    violates: ['one-effect', 'one-incident', 'record', 'forced-request', 'held-automation', 'old-primary', 'truth'],
    tampering: {
      isElectionIgnored: true,
      kube: (kube) =>
        replacing(kube, {
          update: (type, object, options) => kube.update(type, withoutVersion(object), options),
          mergePatch: (type, reference, patch, options) =>
            kube.mergePatch(type, reference, withoutVersion(patch as KubeObject), options),
        }),
    },
  },
  {
    name: 'renewals of a lease of a shard are taken for answered, and never leave',
    within: 5,
    isSharded: true,
    violates: ['one-owner'],
    tampering: withKube((kube) => ({
      update: (type, object, options) => {
        const { spec } = object as Lease;
        const isRenewal = spec?.holderIdentity !== '' && spec?.renewTime !== spec?.acquireTime;
        return isLeaseOfShard(object) && isRenewal ? Promise.resolve(object) : kube.update(type, object, options);
      },
    })),
  },
  {
    name: 'a process that only observes a shard says at once that it has seen enough',
    within: 5,
    isSharded: true,
    violates: ['handover'],
    tampering: { shardWork: (work) => ({ ...delegating(work), isPrepared: () => true }) },
  },
  {
    name: 'a process that only observes a shard says after some minutes that it has seen enough, whatever it sees',
    within: 40,
    isSharded: true,
    violates: ['handover'],
    tampering: {
      shardWork: (work) => {
        const asked = new Map<number, number>();
        const count = (shard: number): number => {
          asked.set(shard, (asked.get(shard) ?? 0) + 1);
          return asked.get(shard) ?? 0;
        };
        return {
          ...delegating(work),
          isPrepared: (shard) => work.isPrepared(shard) || count(shard) > MANY_LOOKS,
          leave: (shard) => {
            asked.delete(shard);
            work.leave(shard);
          },
        };
      },
    },
  },
  {
    name: 'a shard is handed over whatever is under way in it',
    within: 20,
    isSharded: true,
    violates: ['handover'],
    tampering: { shardWork: (work) => ({ ...delegating(work), isAtRest: () => true }) },
  },
  {
    name: 'nobody gets a lease of a shard that was let go of',
    within: 5,
    isSharded: true,
    violates: ['handover'],
    tampering: withKube((kube) => ({
      update: (type, object, options) => {
        const { spec } = object as Lease;
        const isAcquired = spec?.holderIdentity !== '' && spec?.renewTime === spec?.acquireTime;
        return isLeaseOfShard(object) && isAcquired
          ? Promise.reject(new KubeConnectionError('planted'))
          : kube.update(type, object, options);
      },
    })),
  },
  {
    name: 'a policy is written to ten seconds after its status, whoever owns its shard by then',
    within: 10,
    isSharded: true,
    violates: ['one-owner'],
    tampering: {
      kube: (kube, process) =>
        replacing(kube, {
          update: async (type, object, options) => {
            const written = await kube.update(type, object, options);
            if (type.kind === 'DisasterRecoveryPolicy') {
              const patch = { metadata: { annotations: { 'example.com/planted': String(process.scheduler.time) } } };
              process.deliver(10_000, () => {
                kube.mergePatch(type, object.metadata, patch).catch(() => undefined);
              });
            }
            return written;
          },
        }),
    },
  },
  {
    name: 'who is ready for a shard publishes a writer, whoever owns its policy',
    within: 10,
    isSharded: true,
    violates: ['one-owner'],
    tampering: withKube((kube) => ({
      mergePatch: (type, reference, patch, options) => {
        const { annotations } = (patch as Partial<KubeObject>).metadata ?? {};
        const prepared = annotations?.['aurora-dr.io/lease-prepared'] ?? '';
        if (type.kind === 'Lease' && prepared !== '') {
          const touch = { metadata: { annotations: { 'example.com/planted': prepared } } };
          kube.mergePatch(configMapType, namesOf(0).writer, touch).catch(() => undefined);
        }
        return kube.mergePatch(type, reference, patch, options);
      },
    })),
  },
  {
    name: 'annotations go before the answer is on record',
    within: 15,
    violates: ['forced-request'],
    tampering: withKube((kube) => ({
      update: async (type, object, options) => {
        const { annotations, finalizers } = object.metadata;
        if (type.kind === 'DisasterRecoveryPolicy' && Object.keys(annotations ?? {}).length > 0) {
          const none = Object.fromEntries(Object.keys(annotations ?? {}).map((key) => [key, null]));
          await kube.mergePatch(type, object.metadata, { metadata: { annotations: none, finalizers } });
        }
        return kube.update(type, object, options);
      },
    })),
  },
  {
    name: 'annotations are never removed, and said to be',
    within: 15,
    violates: ['forced-request'],
    tampering: withKube((kube) => ({
      mergePatch: async (type, reference, patch, options) => {
        const { annotations } = (patch as Partial<KubeObject>).metadata ?? {};
        return annotations === undefined
          ? kube.mergePatch(type, reference, patch, options)
          : kube.get(type, reference, options);
      },
    })),
  },
  {
    name: 'a request is refused without a reason',
    within: 15,
    violates: ['forced-request', 'record'],
    tampering: withStatus((status) => {
      const { lastRequest } = status;
      if (lastRequest?.result !== 'Refused') return status;
      const { reason: _, ...rest } = lastRequest;
      return { ...status, lastRequest: rest };
    }),
  },
  {
    name: 'a call leaves a minute after it was given up',
    within: 20,
    violates: ['one-effect', 'one-incident'],
    tampering: {
      gateway: (gateway, process) =>
        replacing(gateway, {
          failoverGlobalCluster: async (account, region, input, options) => {
            process.setTimeout(() => {
              gateway.failoverGlobalCluster(account, region, input, options).catch(() => undefined);
            }, 60_000);
            await process.sleep(options.timeoutMilliseconds);
            const why = { classification: silence, isEffectPossible: true, advice: 'planted' };
            throw new AwsCallError({ action: 'FailoverGlobalCluster', region, ...why });
          },
        }),
    },
  },
  {
    name: 'a headless cluster counts as one with an instance',
    within: 40,
    from: 65,
    violates: ['fit-target'],
    tampering: {
      round: (round) =>
        mapRegions(round, (region) =>
          region.cluster === undefined ? region : { ...region, cluster: { ...region.cluster, instanceCount: 1 } },
        ),
    },
  },
  {
    name: 'a secondary that is not synchronised counts as connected',
    within: 40,
    from: 105,
    violates: ['fit-target'],
    tampering: {
      round: (round) => mapMembers(round, (member) => ({ ...member, synchronizationStatus: 'connected' })),
    },
  },
  {
    name: 'every cluster counts as one of the primary’s patch level',
    within: 30,
    violates: ['fit-target'],
    tampering: {
      round: (round) =>
        mapRegions(round, (region) =>
          region.cluster === undefined
            ? region
            : { ...region, cluster: { ...region.cluster, engineVersion: '8.0.mysql_aurora.3.08.0' } },
        ),
    },
  },
  {
    name: 'promotion: Never is read as Allow',
    within: 40,
    from: 355,
    violates: ['fit-target'],
    tampering: withSpec((spec) => ({
      ...spec,
      regions: spec.regions.map((region) => ({ ...region, promotion: 'Allow' })),
    })),
  },
  {
    name: 'a loss beyond the recovery point is permitted',
    within: 30,
    from: 30,
    violates: ['known-loss'],
    tampering: withSpec((spec) => ({ ...spec, failover: { ...spec.failover, dataLoss: 'Allow' } })),
  },
  {
    name: 'lag that nobody knows counts as zero',
    within: 10,
    from: 48,
    violates: ['known-loss'],
    tampering: {
      round: (round) => ({
        ...round,
        lag: Object.fromEntries(
          Object.entries(round.lag).map(([region, lag]) => {
            const [start, end] = [round.startedAt - 20_000, round.startedAt - 10_000];
            const zero = { periodStart: start, periodEnd: end, lagMilliseconds: 0 };
            const { endedAt } = { endedAt: lag.samples.at(-1)?.periodEnd ?? 0 };
            return [region, endedAt > start ? lag : { ...lag, samples: [...lag.samples, zero] }];
          }),
        ),
      }),
    },
  },
  {
    name: 'data loss counts as accepted when nobody accepted it',
    within: 60,
    from: 370,
    // Where the request is refused all the same, its answer is to words that nobody wrote.
    violates: ['permitted-loss', 'forced-request'],
    tampering: withCached((policy) =>
      policy.metadata.annotations?.['aurora-dr.io/force-failover'] === undefined
        ? policy
        : {
            ...policy,
            metadata: {
              ...policy.metadata,
              annotations: { ...policy.metadata.annotations, 'aurora-dr.io/accept-data-loss': 'true' },
            },
          },
    ),
  },
  {
    name: 'a switchover that AWS does not take becomes a failover',
    within: 50,
    from: 165,
    violates: ['switchover-stays'],
    tampering: withGateway((gateway) => ({
      switchoverGlobalCluster: async (account, region, input, options) => {
        try {
          await gateway.switchoverGlobalCluster(account, region, input, options);
        } catch {
          await gateway.failoverGlobalCluster(account, input.targetClusterArn.split(':')[3] ?? '', input, options);
        }
      },
    })),
  },
  {
    name: 'a registered switchover is made a failover, in the record and at AWS',
    within: 40,
    violates: ['switchover-stays'],
    tampering: {
      ...withKube((kube) => ({
        update: async (type, object, options) => {
          const written = await kube.update(type, object, options);
          const { status } = written as unknown as DisasterRecoveryPolicy;
          const isTaken = status?.operation?.trigger === 'External';
          if (status?.operation?.type !== 'Switchover' || status.operation.step !== 'Accepted' || isTaken)
            return written;
          const operation = { ...status.operation, type: 'Failover' as const, dataLossAllowed: true };
          return kube.update(type, { ...written, status: { ...status, operation } }, options);
        },
      })),
      ...withGateway((gateway) => ({
        switchoverGlobalCluster: (account, _region, input, options) =>
          gateway.failoverGlobalCluster(account, input.targetClusterArn.split(':')[3] ?? '', input, options),
      })),
    },
  },
  {
    name: 'what failed or was cancelled is told as a success in history',
    within: 40,
    violates: ['truth'],
    tampering: withStatus((status) =>
      status.history === undefined
        ? status
        : {
            ...status,
            history: status.history.map((entry) =>
              entry.outcome === 'Failed' || entry.outcome === 'Cancelled'
                ? { ...entry, outcome: 'Succeeded' as const }
                : entry,
            ),
          },
    ),
  },
  {
    name: 'events tell every success as a failure',
    within: 20,
    violates: ['truth'],
    tampering: withKube((kube) => ({
      create: (type, object, options) => {
        const { note } = object as Partial<KubeEvent>;
        const isEvent = type.kind === 'Event' && note !== undefined;
        return kube.create(type, isEvent ? { ...object, note: note.replace('Succeeded', 'Failed') } : object, options);
      },
    })),
  },
  {
    name: 'who asks for the same failover again is not answered again',
    within: 10,
    from: 210,
    violates: ['forced-request'],
    tampering: {
      dependencies: (dependencies) => ({
        ...dependencies,
        cached: (key) => {
          const policy = dependencies.cached(key);
          const { lastRequest: last, operation } = policy?.status ?? {};
          const value = policy?.metadata.annotations?.['aurora-dr.io/force-failover']?.trim();
          const isOver = last?.annotationsRemoved === true || operation?.id !== last?.operationId;
          if (policy === undefined || value === undefined || last?.value !== value || !isOver) return policy;
          const { annotations = {}, ...metadata } = policy.metadata;
          const none = Object.fromEntries(Object.keys(annotations).map((name) => [name, null]));
          const patch = { metadata: { annotations: none } };
          dependencies.kube.mergePatch(DISASTER_RECOVERY_POLICY, metadata, patch).catch(() => undefined);
          return { ...policy, metadata };
        },
      }),
    },
  },
  {
    name: 'switchovers are accepted and never sent',
    within: 60,
    violates: ['forced-request'],
    tampering: withGateway(() => ({
      switchoverGlobalCluster: (_account, region) => {
        const why = { classification: silence, isEffectPossible: false, advice: 'planted' };
        return Promise.reject(new AwsCallError({ action: 'SwitchoverGlobalCluster', region, ...why }));
      },
    })),
  },
  {
    name: 'no cooldown follows what people asked for',
    within: 20,
    violates: ['held-automation'],
    tampering: withStatus((status) => {
      const newest = status.history?.find(({ type }) => type !== 'Simulation');
      if (newest === undefined || newest.trigger === 'Automatic') return status;
      const { cooldownUntil: _, ...rest } = status;
      return rest;
    }),
  },
  {
    name: 'no cooldown follows what did not succeed',
    within: 40,
    violates: ['held-automation'],
    tampering: withStatus((status) => {
      const newest = status.history?.find(({ type }) => type !== 'Simulation');
      if (newest === undefined || newest.outcome === 'Succeeded') return status;
      const { cooldownUntil: _, ...rest } = status;
      return rest;
    }),
  },
  {
    name: 'the cooldown lasts ten hours, whatever the policy says',
    within: 20,
    violates: ['held-automation'],
    tampering: withSpec((spec) => ({ ...spec, failover: { ...spec.failover, cooldown: '10h' } })),
  },
  {
    name: 'every loss is estimated at nothing',
    within: 20,
    violates: ['known-loss'],
    tampering: withStatus((status) => {
      const { operation } = status;
      if (operation?.estimatedDataLossMilliseconds === undefined) return status;
      return { ...status, operation: { ...operation, estimatedDataLossMilliseconds: 0 } };
    }),
  },
  {
    name: 'a loss is told to be two minutes older than it is, and to cost no more than the lag before',
    within: 40,
    violates: ['known-loss'],
    tampering: withStatus((status) => {
      const { operation } = status;
      if (operation?.detectedAt === undefined || operation.estimatedDataLossMilliseconds === undefined) return status;
      const detectedAt = new Date(Date.parse(operation.startedAt) - 120_000).toISOString();
      const worstCaseDataLossMilliseconds = operation.estimatedDataLossMilliseconds;
      return { ...status, operation: { ...operation, detectedAt, worstCaseDataLossMilliseconds } };
    }),
  },
  {
    name: 'spec.suspend is overlooked',
    within: 40,
    from: 55,
    violates: ['held-automation'],
    tampering: withSpec((spec) => ({ ...spec, suspend: false })),
  },
  {
    name: 'mode Manual is overlooked',
    within: 60,
    violates: ['held-automation', 'permitted-loss'],
    tampering: withSpec((spec) => ({ ...spec, failover: { ...spec.failover, mode: 'Automatic' } })),
  },
  {
    name: 'no operator knows where it lives',
    within: 20,
    violates: ['right-operator'],
    tampering: {
      dependencies: ({ settings: { operatorRegion: _, ...settings }, ...dependencies }) => ({
        ...dependencies,
        settings,
      }),
    },
  },
  {
    name: 'the cooldown lasts a second, whatever the policy says',
    within: 40,
    from: 35,
    violates: ['held-automation', 'one-incident'],
    tampering: withSpec((spec) => ({ ...spec, failover: { ...spec.failover, cooldown: '1s' } })),
  },
  {
    name: 'twice the rounds that the policy asks for have to fail',
    within: 40,
    violates: ['liveness'],
    tampering: withSpec((spec) => ({
      ...spec,
      detection: { ...spec.detection, failureThreshold: spec.detection.failureThreshold * 2 + 2 },
    })),
  },
  {
    name: 'a process whose clock has jumped by some seconds never registers an automatic failover',
    within: 15,
    from: 1410,
    violates: ['liveness'],
    tampering: {
      kube: (kube, process) => {
        const refusing = replacing(kube, refusingAutomatic(kube));
        return replacing(kube, {
          update: (...props) => (Math.abs(process.wallOffset) > 4_000 ? refusing : kube).update(...props),
        });
      },
    },
  },
  {
    name: 'no automatic failover is ever registered',
    within: 20,
    violates: ['liveness'],
    tampering: withKube(refusingAutomatic),
  },
  {
    name: 'a process that follows on another one never registers an automatic failover',
    within: 30,
    from: 250,
    violates: ['liveness'],
    tampering: {
      kube: (kube, { scheduler }) => (scheduler.time === 0 ? kube : replacing(kube, refusingAutomatic(kube))),
    },
  },
  {
    name: 'what a reader computed long ago counts as new',
    within: 40,
    from: 480,
    violates: ['liveness', 'known-loss'],
    tampering: {
      database: (database) =>
        replacing(database, {
          readLag: async (...question) => {
            const { reading, ...answer } = await database.readLag(...question);
            return reading === undefined ? answer : { ...answer, reading: { ...reading, ageMilliseconds: 0 } };
          },
        }),
    },
  },
  {
    name: 'the new writer is published nowhere',
    within: 20,
    violates: ['truth'],
    tampering: {
      dependencies: (dependencies) => ({
        ...dependencies,
        publisher: {
          publishFenced: (...props) => dependencies.publisher.publishFenced(...props),
          publishWriter: (policy, targets, writer, options) =>
            writer.region === 'us-east-1'
              ? dependencies.publisher.publishWriter(policy, targets, writer, options)
              : Promise.resolve({ state: 'published', host: writer.host, port: writer.port, objects: [] }),
        },
      }),
    },
  },
  {
    name: 'the first writer is published for ever',
    within: 20,
    violates: ['old-primary', 'truth'],
    tampering: {
      dependencies: (dependencies) => ({
        ...dependencies,
        publisher: {
          publishFenced: (...props) => dependencies.publisher.publishFenced(...props),
          publishWriter: (policy, targets, writer, options) => {
            const host = writer.host.replace(writer.region, 'us-east-1');
            return dependencies.publisher.publishWriter(policy, targets, { ...writer, host }, options);
          },
        },
      }),
    },
  },
  {
    name: 'the routing metric names the first writer’s region for ever',
    within: 20,
    violates: ['old-primary', 'truth'],
    tampering: withGateway((gateway) => ({
      putMetricData: (account, region, { namespace, metrics }, options) => {
        const told = metrics.map((metric) => {
          const about = metric.dimensions.find(({ name }) => name === 'Region')?.value;
          return about === undefined ? metric : { ...metric, value: Number(about === 'us-east-1') };
        });
        return gateway.putMetricData(account, region, { namespace, metrics: told }, options);
      },
    })),
  },
  {
    name: 'the routing metric is put nowhere',
    within: 120,
    violates: ['truth'],
    tampering: withGateway(() => ({ putMetricData: () => Promise.resolve() })),
  },
  {
    name: 'a process writes the ConfigMap once, and never again',
    within: 20,
    violates: ['truth'],
    tampering: {
      kube: (kube) => {
        let isWritten = false;
        return replacing(kube, {
          apply: (type, object, options) => {
            if (type.kind !== 'ConfigMap') return kube.apply(type, object, options);
            if (isWritten) return Promise.resolve(object);
            isWritten = true;
            return kube.apply(type, object, options);
          },
        });
      },
    },
  },
  {
    name: 'no event is written',
    within: 20,
    violates: ['truth'],
    tampering: withKube((kube) => ({
      create: (type, object, options) =>
        type.kind === 'Event' ? Promise.resolve(object) : kube.create(type, object, options),
    })),
  },
  {
    name: 'every fiftieth decision is not written down',
    within: 30,
    violates: ['decision-log'],
    tampering: {
      decisions: (sink) => {
        let count = 0;
        return {
          append: (...record) => {
            count += 1;
            if (count % 50 !== 0) sink.append(...record);
          },
        };
      },
    },
  },
  {
    name: 'a record that begins a file does not stand alone',
    within: 40,
    violates: ['decision-log'],
    tampering: {
      decisions: (sink) => ({
        append: (policy, compose, isTurningPoint) => sink.append(policy, () => compose(false), isTurningPoint),
      }),
    },
  },
  {
    name: 'the windows of failback are not looked at',
    within: 20,
    from: 490,
    violates: ['planned'],
    tampering: withSpec((spec) => ({ ...spec, failback: { ...spec.failback, windows: [] } })),
  },
  {
    name: 'a drill is not persisted with its operation',
    within: 20,
    violates: ['planned'],
    tampering: withKube((kube) => ({
      update: (type, object, options) => {
        const policy = object as unknown as DisasterRecoveryPolicy;
        if (policy.status?.operation?.trigger !== 'Drill') return kube.update(type, object, options);
        const { drill: _, ...status } = policy.status;
        return kube.update(type, { ...object, status }, options);
      },
    })),
  },
  {
    name: 'the priority of policies is not looked at',
    from: 168,
    within: 5,
    violates: ['turns'],
    tampering: withSpec((spec) => ({ ...spec, failover: { ...spec.failover, priority: 0 } })),
  },
  {
    name: 'of policies of the same priority the one whose name comes first has its turn first',
    from: 1832,
    within: 5,
    violates: ['turns'],
    tampering: withCached((policy) => {
      const { failover } = policy.spec;
      // Higher ones stay higher, and no higher than is valid.
      const magnitude = Math.ceil(Math.log10(failover.priority + 1));
      const priority = 100 * magnitude + 128 - (policy.metadata.name.codePointAt(0) ?? 0);
      return { ...policy, spec: { ...policy.spec, failover: { ...failover, priority } } };
    }),
  },
  {
    name: 'the rate of role changes is not kept',
    from: 42,
    within: 5,
    violates: ['turns'],
    tampering: withSettings({ roleChanges: { perSecond: 1_000, burst: 1_000 } }),
  },
  {
    name: 'history keeps only the newest operation',
    within: 20,
    violates: ['record'],
    tampering: withKube((kube) => ({
      update: (type, object, options) => {
        const policy = object as unknown as DisasterRecoveryPolicy;
        if (policy.status?.history === undefined) return kube.update(type, object, options);
        const status = { ...policy.status, history: policy.status.history.slice(0, 1) };
        return kube.update(type, { ...object, status }, options);
      },
    })),
  },
];

function withoutVersion<T extends Partial<KubeObject>>(object: T): T {
  if (object.metadata === undefined) return object;
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
