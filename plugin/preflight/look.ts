import { lookup } from 'node:dns/promises';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import { callerIdentity } from './caller-identity.ts';
import type { AwsAccount } from '../../operator/aws/account.ts';
import type { AwsEndpoints } from '../../operator/aws/endpoints.ts';
import { SdkAwsGateway } from '../../operator/aws/sdk-aws-gateway.ts';
import { StsCredentials } from '../../operator/aws/sts-credentials.ts';
import type { Round } from '../../operator/failover/observation.ts';
import type { Clock } from '../../operator/runtime/clock.ts';
import type { KubeClient } from '../../operator/runtime/kube-client.ts';
import { isForbidden } from '../../operator/runtime/kube-errors.ts';
import type { KubeObject, ResourceType } from '../../operator/runtime/resource.ts';
import {
  tried,
  type Findings,
  type NameFindings,
  type PublishedFindings,
  type RegionFindings,
  type Tried,
} from './findings.ts';
import { lookRound } from './look-round.ts';

export interface LookProps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly policy: DisasterRecoveryPolicy;
  readonly statusWrittenAt: string | undefined;
  readonly endpoints: AwsEndpoints;
  /** In which account, and as whom. */
  readonly account: AwsAccount;
  readonly metricPeriodMilliseconds: number;
  readonly signal: AbortSignal;
}

const TIMEOUT_MILLISECONDS = 5_000;
const EVENTS_MILLISECONDS = 60 * 60_000;

const core = (kind: string, plural: string): ResourceType => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced: true,
});
const SERVICES = core('Service', 'services');
const CONFIG_MAPS = core('ConfigMap', 'configmaps');
interface Published extends KubeObject {
  readonly spec?: { readonly externalName?: string };
  readonly data?: Readonly<Record<string, string>>;
}

/** Looks at everything that a failover of this policy would need, from here and with the user's own credentials. */
export async function look(props: LookProps): Promise<Findings> {
  const { clock, policy, endpoints, account } = props;
  const credentials = new StsCredentials({ clock, endpoints });
  const gateway = new SdkAwsGateway({ clock, endpoints, credentials });
  try {
    const identityOf = (region: string) =>
      tried(callerIdentity({ credentials, endpoints, account, region, timeoutMilliseconds: TIMEOUT_MILLISECONDS }));
    const [round, regions, mayAsk, published] = await Promise.all([
      lookRound({ ...props, gateway, spec: policy.spec }),
      Promise.all(
        policy.spec.regions.map(async ({ name, clusterIdentifier }): Promise<RegionFindings> => {
          const options = { timeoutMilliseconds: TIMEOUT_MILLISECONDS, signal: props.signal };
          const query = { clusterIdentifiers: [clusterIdentifier], since: clock.now() - EVENTS_MILLISECONDS };
          const [identity, events, snapshots] = await Promise.all([
            identityOf(name),
            tried(gateway.describeFailoverEvents(account, name, query, options).then(({ length }) => length)),
            tried(
              gateway.describeClusterSnapshots(account, name, clusterIdentifier, options).then(({ length }) => length),
            ),
          ]);
          return { region: name, identity, events, snapshots };
        }),
      ),
      mayPatch(props),
      publishedOf(props),
    ]);
    const names = await namesOf(round, published);
    const { statusWrittenAt, metricPeriodMilliseconds } = props;
    return {
      policy,
      statusWrittenAt,
      now: clock.now(),
      mayAsk,
      regions,
      round,
      names,
      published,
      metricPeriodMilliseconds,
    };
  } finally {
    gateway.close();
    credentials.close();
  }
}

/** Tries what a request does, without writing it. */
function mayPatch({ client, policy }: LookProps): Promise<Tried<boolean>> {
  const { namespace, name } = policy.metadata;
  const patch = client.mergePatch<KubeObject>(DISASTER_RECOVERY_POLICY, { namespace, name }, {}, { isDryRun: true });
  return tried(
    patch.then(
      () => true,
      (error: unknown) => {
        if (isForbidden(error)) return false;
        throw error;
      },
    ),
  );
}

async function publishedOf({ client, policy }: LookProps): Promise<readonly PublishedFindings[]> {
  const { namespace } = policy.metadata;
  const { service, configMap } = policy.spec.publish ?? {};
  const found = async (
    kind: PublishedFindings['kind'],
    type: ResourceType,
    name: string | undefined,
    read: (object: Published) => string | undefined,
  ): Promise<PublishedFindings[]> => {
    if (name === undefined) return [];
    const leadsTo = await tried(client.get<Published>(type, { namespace, name }).then((object) => read(object) ?? ''));
    return [{ kind, name, leadsTo }];
  };
  const both = await Promise.all([
    found('Service', SERVICES, service?.name, ({ spec }) => spec?.externalName),
    found('ConfigMap', CONFIG_MAPS, configMap?.name, ({ data }) => data?.['writerEndpoint']),
  ]);
  return both.flat();
}

/** Every name that clients or the operator resolve. */
function namesOf(round: Round, published: readonly PublishedFindings[]): Promise<readonly NameFindings[]> {
  const regions = Object.values(round.regions);
  const named = [
    ...regions.flatMap(({ region, cluster }) =>
      cluster?.endpoint === undefined ? [] : [[`cluster endpoint of ${region}`, cluster.endpoint] as const],
    ),
    ...regions
      .flatMap(({ globalCluster }) => globalCluster?.endpoint ?? [])
      .slice(0, 1)
      .map((name) => ['global writer endpoint', name] as const),
    ...published.flatMap(({ kind, name, leadsTo }) =>
      leadsTo.isDone && leadsTo.value !== '' ? [[`published by ${kind} ${name}`, leadsTo.value] as const] : [],
    ),
  ];
  return Promise.all(
    named.map(async ([what, name]) => {
      const addresses = await tried(lookup(name, { all: true }).then((all) => all.map(({ address }) => address)));
      return { what, name, addresses };
    }),
  );
}
