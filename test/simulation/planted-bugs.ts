import type { Round } from '../../operator/failover/observation.ts';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { KubeClient } from '../../operator/runtime/kube-client.ts';
import type { KubeObject } from '../../operator/runtime/resource.ts';
import type { AwsGateway } from '../../operator/aws/aws-gateway.ts';
import type { Dependencies } from '../../operator/controllers/dependencies.ts';
import type { Tampering } from './simulated-operator.ts';
import type { Invariant } from './violation.ts';

/** A mistake of the kind that the simulator is there to find. */
export interface PlantedBug {
  readonly name: string;
  /** What it violates; any of these counts as found. */
  readonly violates: readonly Invariant[];
  readonly tampering: Tampering;
  /** The seed from which on it is looked for, where the first that finds it comes late. @default - 0 */
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

const withKube = (replace: (kube: KubeClient) => Partial<KubeClient>): Tampering => ({
  kube: (kube) => replacing(kube, replace(kube)),
});
const withGateway = (replace: (gateway: AwsGateway) => Partial<AwsGateway>): Tampering => ({
  gateway: (gateway) => replacing(gateway, replace(gateway)),
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

function mapRegions(round: Round, map: (region: Round['regions'][string]) => Round['regions'][string]): Round {
  return {
    ...round,
    regions: Object.fromEntries(Object.entries(round.regions).map(([name, region]) => [name, map(region)])),
  };
}

const silence = { kind: 'noAnswer', cause: 'timeout', message: 'planted' } as const;

/** At least one mistake for each invariant. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'the witness is not heard while the endpoint is silent',
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
    name: 'a region that answers with a status other than available counts as silent',
    from: 150,
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
    violates: ['confirmed-loss', 'serving-primary', 'in-region-recovery'],
    tampering: withSpec((spec) => ({ ...spec, detection: { ...spec.detection, failureThreshold: 1 } })),
  },
  {
    name: 'the call is made before anything is registered',
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
    name: 'annotations go before the answer is on record',
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
    name: 'a headless cluster counts as one with an instance',
    from: 180,
    violates: ['fit-target'],
    tampering: {
      round: (round) =>
        mapRegions(round, (region) =>
          region.cluster === undefined ? region : { ...region, cluster: { ...region.cluster, instanceCount: 1 } },
        ),
    },
  },
  {
    name: 'lag that nobody knows counts as zero',
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
    from: 250,
    violates: ['permitted-loss'],
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
    from: 100,
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
    name: 'suspend and Manual are overlooked',
    from: 20,
    violates: ['held-automation', 'permitted-loss'],
    tampering: withSpec((spec) => ({ ...spec, suspend: false, failover: { ...spec.failover, mode: 'Automatic' } })),
  },
  {
    name: 'the cooldown lasts a second, whatever the policy says',
    violates: ['held-automation', 'one-incident'],
    tampering: withSpec((spec) => ({ ...spec, failover: { ...spec.failover, cooldown: '1s' } })),
  },
  {
    name: 'twice the rounds that the policy asks for have to fail',
    from: 50,
    violates: ['liveness'],
    tampering: withSpec((spec) => ({
      ...spec,
      detection: { ...spec.detection, failureThreshold: spec.detection.failureThreshold * 2 + 2 },
    })),
  },
  {
    name: 'the new writer is published nowhere',
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
    name: 'history keeps only the newest operation',
    from: 40,
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
