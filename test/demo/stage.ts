import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { startLocalAws, type LocalAws } from '../aws/local-aws.ts';
import { startControlServer } from '../aws/server/control-server.ts';
import type { LagPoint } from '../aws/world/lag-curve.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import {
  ensureControlPlaneBinaries,
  ensureKubectl,
  resolveControlPlaneSource,
} from '../control-plane/ensure-binaries.ts';
import { Watchdog } from '../control-plane/watchdog.ts';
import { AwsApi } from './aws-api.ts';
import { KubectlWatch } from './kubectl-watch.ts';
import type { Narrator } from './narrator.ts';
import { OperatorProcess } from './operator-process.ts';
import { names, type PolicyProps } from './policy.ts';
import { waitUntilServed } from '../control-plane/serve-crd.ts';

/** The part of a ConfigMap that matters here. */
export interface ConfigMapView {
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

/** Everything that the demo plays on. */
export interface Stage {
  readonly plane: ControlPlane;
  readonly aws: LocalAws;
  readonly awsApi: AwsApi;
  readonly operator: OperatorProcess;
  readonly policyWatch: KubectlWatch<DisasterRecoveryPolicy>;
  readonly configMapWatch: KubectlWatch<ConfigMapView>;
  readonly policyProps: PolicyProps;
  /** URL of the local AWS's control API. */
  readonly controlUrl: string;
  /** The kubectl that is used. */
  readonly kubectlPath: string;
  /** kubectl in the demo's namespace. */
  kubectl(args: readonly string[], input?: object): Promise<string>;
}

const regions = [names.primary, names.secondary];
const crdFile = 'crds/aurora-dr.io_disasterrecoverypolicies.yaml';
const crdName = 'disasterrecoverypolicies.aurora-dr.io';

/** What the local AWS does instead of AWS: samples each second instead of each minute, and hardly late. */
export const metricPeriodMilliseconds = 1_000;
const metricDelayMilliseconds = 300;
const leastLagMilliseconds = 60;
const greatestLagMilliseconds = 420;
const lagPeriodMilliseconds = 7_000;
/** After this long (only --keep gets there) the lag stays where it is. */
const lagMilliseconds = 30 * 60_000;

/** Flags that make up for the demo's haste; everything else is the operator's default. */
const hasteFlags = ['--metric-period', '1s', '--follow-interval', '200ms'];

/** A lag that goes up and down, so that an estimate can be wrong. */
function seeSaw(): readonly LagPoint[] {
  const count = (2 * lagMilliseconds) / lagPeriodMilliseconds;
  return Array.from({ length: count }, (_, index) => ({
    after: (index * lagPeriodMilliseconds) / 2,
    milliseconds: index % 2 === 0 ? leastLagMilliseconds : greatestLagMilliseconds,
  }));
}

async function startAws(narrator: Narrator, cleanUp: AsyncDisposableStack): Promise<LocalAws> {
  const settings = { metricPeriod: metricPeriodMilliseconds, metricDelay: metricDelayMilliseconds };
  const aws = cleanUp.use(await startLocalAws({ regions, settings }));
  await aws.addGlobalCluster({
    identifier: names.globalCluster,
    clusterIdentifier: names.cluster,
    regions,
    lag: { kind: 'points', points: seeSaw() },
  });
  narrator.fact('local AWS', `RDS, CloudWatch, SNS and STS in ${regions.join(' and ')}, one listener each`);
  narrator.fact(
    'global cluster',
    `${names.globalCluster}: writer in ${names.primary}, secondary in ${names.secondary}, ` +
      `lag ${leastLagMilliseconds} to ${greatestLagMilliseconds} ms`,
  );
  return aws;
}

async function startPlane(narrator: Narrator, cleanUp: AsyncDisposableStack): Promise<ControlPlane> {
  if (resolveControlPlaneSource(process.env).kind !== 'cluster') {
    // Apart from the start, because the first time it takes minutes and tells its progress itself.
    await ensureControlPlaneBinaries({ progress: (line) => narrator.line(`  ${line}`) });
  }
  const startedAt = performance.now();
  const plane = cleanUp.use(await narrator.during('starting etcd and kube-apiserver', startControlPlane()));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const version = JSON.parse(await plane.kubectl(['get', '--raw', '/version'])) as { gitVersion: string };
  const whose = plane.supportsRestart ? `started in ${seconds} s` : 'the cluster of AURORA_DR_TEST_KUBECONFIG';
  narrator.fact('API server', `Kubernetes ${version.gitVersion} with RBAC, ${whose}`);
  return plane;
}

/** The CRD, a namespace, and a service account with just the rights that the operator needs. */
async function prepare(plane: ControlPlane, narrator: Narrator, cleanUp: AsyncDisposableStack): Promise<string> {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  narrator.command(`kubectl apply -f ${crdFile}`);
  await plane.kubectl(['apply', '-f', join(root, crdFile)]);
  await waitUntilServed(plane, crdName);
  narrator.command(`kubectl create namespace ${names.namespace}`);
  await plane.kubectl(['create', 'namespace', names.namespace]);
  if (!plane.supportsRestart) {
    cleanUp.defer(async () => {
      await plane.kubectl(['delete', 'namespace', names.namespace, '--wait=false']);
    });
  }
  const rights = await readFile(new URL('operator-rights.yaml', import.meta.url), 'utf8');
  narrator.command('kubectl apply -f test/demo/operator-rights.yaml');
  await plane.kubectl(['apply', '--namespace', names.namespace, '-f', '-'], { input: rights });
  return plane.kubeconfigFor({ serviceAccount: 'aurora-dr-operator', namespace: names.namespace });
}

/** Starts everything; what was started is stopped by `cleanUp`, in reverse order. */
export async function setStage(narrator: Narrator, cleanUp: AsyncDisposableStack): Promise<Stage> {
  const program = await ensureKubectl({ progress: (line) => narrator.line(`  ${line}`) });
  const plane = await startPlane(narrator, cleanUp);
  const aws = await startAws(narrator, cleanUp);
  const awsApi = new AwsApi(aws.endpoints);
  cleanUp.defer(() => awsApi.close());
  const control = await startControlServer(aws);
  cleanUp.defer(() => control.stop());
  const kubeconfig = await prepare(plane, narrator, cleanUp);

  const watchdog = new Watchdog(undefined);
  cleanUp.defer(() => watchdog.dismiss());
  const operator = new OperatorProcess({
    flags: [
      ...['--kubeconfig', kubeconfig, '--namespace', names.namespace],
      ...['--bind-address', '127.0.0.1', '--metrics-port', '0', '--health-port', '0'],
      ...hasteFlags,
      ...aws.endpointFlags,
    ],
    environment: aws.environment,
    watchdog,
  });
  cleanUp.defer(async () => {
    await operator.stop();
  });
  if (!plane.supportsRestart) {
    // Its finalizer would hold the namespace for ever once the operator is gone.
    cleanUp.defer(async () => {
      await plane.kubectl(['delete', 'drp', '--all', '--namespace', names.namespace, '--timeout=30s']);
    });
  }
  const endpoints = regions.map((region) => `--aws-endpoint ${region}=…`).join(' ');
  narrator.fact('operator', `a process of its own: npm start -- ${hasteFlags.join(' ')} ${endpoints}`);

  const own = ['--kubeconfig', plane.kubeconfig, '--cache-dir', join(plane.directory, 'kubectl-cache')];
  const watch = <T>(resource: string, name: string): KubectlWatch<T> => {
    const selector = ['--field-selector', `metadata.name=${name}`];
    const args = [resource, ...own, '--namespace', names.namespace, ...selector];
    const started = new KubectlWatch<T>({ program, args, watchdog });
    cleanUp.defer(() => started.stop());
    return started;
  };
  return {
    plane,
    aws,
    awsApi,
    operator,
    policyWatch: watch<DisasterRecoveryPolicy>('drp', names.policy),
    configMapWatch: watch<ConfigMapView>('configmaps', names.published),
    policyProps: {
      witnessUrl: aws.witnessUrl(names.globalCluster),
      topicArns: regions.map((region) => aws.addTopic(region, names.topic)),
    },
    controlUrl: control.url,
    kubectlPath: program,
    kubectl: (args, input) =>
      plane.kubectl(
        ['--namespace', names.namespace, ...args],
        input === undefined ? {} : { input: JSON.stringify(input) },
      ),
  };
}
