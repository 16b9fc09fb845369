import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KubeConfig } from '@kubernetes/client-node';
import { findCondition, type ConditionType } from '../../operator/api/v1alpha1/conditions.ts';
import type {
  DisasterRecoveryPolicy,
  DisasterRecoveryPolicyStatus,
  HistoryEntry,
} from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import { HttpKubeClient } from '../../operator/runtime/http-kube-client.ts';
import type { KubeObject, ResourceType } from '../../operator/runtime/resource.ts';
import { startLocalAws, type LocalAws } from '../aws/local-aws.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { waitUntilServed } from '../control-plane/serve-crd.ts';
import { Watchdog } from '../control-plane/watchdog.ts';
import { OperatorProcess, warmUp } from '../e2e/harness/operator-process.ts';
import { ensurePrograms, type Programs } from './ensure-programs.ts';
import { makeTemplate } from './mariadb-server.ts';
import { Payments } from './payments.ts';
import { DatabaseRig, OPERATOR_PORT, waitUntil, type CalculationOnLoss } from './rig.ts';
import { LOGINS } from './schema.ts';
import type { Address, LinkQuality } from './toxiproxy.ts';
import { DatabaseWitness } from './witness.ts';

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const CONFIG_MAP: ResourceType = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};
const POLL_MILLISECONDS = 50;
const PATIENCE_MILLISECONDS = 90_000;
const LOG_TAIL = 20;
/** A promotion and a clone take as long as they take; the world waits for the servers. */
const NEVER = Number.MAX_SAFE_INTEGER / 4;

export const POLICY = 'transactions';
const PUBLISHED = 'transactions-writer';
export const REGIONS = ['us-east-1', 'us-west-2'] as const;

/** What the incidents of one run share: an API server, and a database to copy from. */
export class DatabaseStage implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly client: HttpKubeClient;
  readonly programs: Programs;
  readonly directory: string;
  readonly template: string;
  readonly watchdog: Watchdog;
  #scenes = 0;

  private constructor(props: Pick<DatabaseStage, 'plane' | 'programs' | 'directory' | 'template' | 'watchdog'>) {
    this.plane = props.plane;
    this.programs = props.programs;
    this.directory = props.directory;
    this.template = props.template;
    this.watchdog = props.watchdog;
    const config = new KubeConfig();
    config.loadFromFile(props.plane.kubeconfig);
    this.client = new HttpKubeClient({ config, userAgent: 'aurora-dr-database' });
  }

  static async start(): Promise<DatabaseStage> {
    const programs = await ensurePrograms();
    const directory = await mkdtemp(join(tmpdir(), 'aurora-dr-database-'));
    const watchdog = new Watchdog(directory);
    const [plane, template] = await Promise.all([
      startControlPlane(),
      makeTemplate(programs, directory, watchdog),
      warmUp(),
    ]);
    await plane.kubectl(['apply', '-f', file('../../crds/aurora-dr.io_disasterrecoverypolicies.yaml')]);
    await waitUntilServed(plane, 'drp');
    return new DatabaseStage({ plane, programs, directory, template, watchdog });
  }

  scene(options: SceneOptions = {}): Promise<DatabaseScene> {
    this.#scenes += 1;
    return DatabaseScene.start(this, `database-${this.#scenes}`, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.plane.stop();
    await this.watchdog.dismiss();
    await rm(this.directory, { recursive: true, force: true });
  }
}

export interface SceneOptions {
  /** Instead of these fields of the spec; undefined leaves one out. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Instead of these fields of `spec.failover`. */
  readonly failover?: Readonly<Record<string, unknown>>;
  /** @default 24 */
  readonly clients?: number;
  /** Between the regions. @default - 35 ms each way */
  readonly link?: LinkQuality;
  /** @default 'stops' */
  readonly calculationOnLoss?: CalculationOnLoss;
}

/** When something was first seen of the policy or of what it publishes. */
export interface Sighting {
  readonly at: number;
  readonly what: string;
}

/** One incident's world: databases, an AWS, a namespace with a policy, an operator, and a payments service under load. */
export class DatabaseScene implements AsyncDisposable {
  readonly stage: DatabaseStage;
  readonly namespace: string;
  readonly aws: LocalAws;
  readonly rig: DatabaseRig;
  readonly payments: Payments;
  /** Clients in the primary's region that never hear of another address. */
  readonly stranded: Payments[] = [];
  readonly sightings: Sighting[] = [];
  readonly operators: OperatorProcess[] = [];
  /** When the ConfigMap first named a region's writer since the last role change. */
  readonly publishedAt = new Map<string, number>();
  policy: DisasterRecoveryPolicy | undefined;
  readonly #kubeconfig: string;
  readonly #witness: DatabaseWitness;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[];
  #published: Address | undefined;
  #publishedState = '';

  private constructor(
    stage: DatabaseStage,
    namespace: string,
    parts: { aws: LocalAws; rig: DatabaseRig; witness: DatabaseWitness; kubeconfig: string },
    clients: number,
  ) {
    this.stage = stage;
    this.namespace = namespace;
    this.aws = parts.aws;
    this.rig = parts.rig;
    this.#witness = parts.witness;
    this.#kubeconfig = parts.kubeconfig;
    this.payments = new Payments({ clients, address: () => this.#published });
    this.#loops = [this.#watch(() => this.#lookAtPolicy()), this.#watch(() => this.#lookAtPublished())];
  }

  static async start(stage: DatabaseStage, namespace: string, options: SceneOptions): Promise<DatabaseScene> {
    const { plane, programs, template, watchdog } = stage;
    const aws = await startLocalAws({
      regions: REGIONS,
      settings: {
        metricPeriod: 1000,
        metricDelay: 200,
        operation: {
          outcome: 'stuck',
          stuckIn: 'promoting',
          fence: 'auto',
          durations: {
            pending: 100,
            promoting: 0,
            cancelling: 100,
            recreating: NEVER,
            resynchronizing: NEVER,
            snapshotting: 200,
          },
        },
      },
    });
    const directory = join(stage.directory, namespace);
    const calculationOnLoss = options.calculationOnLoss ?? 'stops';
    const rig = await DatabaseRig.start({ aws, programs, directory, template, watchdog, calculationOnLoss });
    await rig.slowReplication(options.link ?? { latency: 35 });
    const witness = await DatabaseWitness.start(rig);
    await plane.kubectl(['create', 'namespace', namespace]);
    const rights = await Promise.all(
      ['../demo/operator-rights.yaml', 'operator-secrets.yaml'].map((name) => readFile(file(name), 'utf8')),
    );
    const input = rights.join('\n---\n').replaceAll('namespace: aurora-dr-demo', `namespace: ${namespace}`);
    await plane.kubectl(['apply', '--namespace', namespace, '-f', '-'], { input });
    const kubeconfig = await plane.kubeconfigFor({ serviceAccount: 'aurora-dr-operator', namespace });
    const scene = new DatabaseScene(stage, namespace, { aws, rig, witness, kubeconfig }, options.clients ?? 24);
    await scene.kubectl(['apply', '-f', '-'], secrets(rig));
    scene.startOperator();
    const topicArns = REGIONS.map((region) => aws.addTopic(region, 'aurora-dr'));
    await scene.kubectl(['apply', '-f', '-'], manifest(witness.url, topicArns, options));
    return scene;
  }

  get status(): DisasterRecoveryPolicyStatus {
    return this.policy?.status ?? {};
  }

  get lastEntry(): HistoryEntry | undefined {
    return this.status.history?.[0];
  }

  condition(type: ConditionType): string {
    const condition = findCondition(this.status.conditions, type);
    return condition === undefined ? 'absent' : `${condition.status} ${condition.reason}`;
  }

  startOperator(): OperatorProcess {
    const flags = [
      ...['--kubeconfig', this.#kubeconfig, '--namespace', this.namespace],
      ...['--bind-address', '127.0.0.1', '--metrics-port', '0', '--health-port', '0'],
      ...['--metric-period', '1s', '--follow-interval', '200ms', '--unconfirmed-read-window', '3s'],
      ...this.aws.endpointFlags,
    ];
    const { watchdog } = this.stage;
    const operator = new OperatorProcess({ flags, environment: this.aws.environment, watchdog });
    this.operators.push(operator);
    return operator;
  }

  get operator(): OperatorProcess {
    const operator = this.operators.at(-1);
    if (operator === undefined) throw new Error('no operator was started');
    return operator;
  }

  kubectl(args: readonly string[], input?: object): Promise<string> {
    const call = input === undefined ? {} : { input: JSON.stringify(input) };
    return this.stage.plane.kubectl(['--namespace', this.namespace, ...args], call);
  }

  annotate(values: Readonly<Record<string, string>>): Promise<string> {
    const pairs = Object.entries(values).map(([name, value]) => `aurora-dr.io/${name}=${value}`);
    return this.kubectl(['annotate', 'drp', POLICY, '--overwrite', ...pairs]);
  }

  /** Writes the Secret that the operator logs in with. */
  putLogin(password: string): Promise<string> {
    return this.kubectl(['apply', '-f', '-'], secret('aurora-probe', { username: LOGINS.probe.user, password }));
  }

  /** Waits until the policy's status is as wanted; fails with what it is instead. */
  async until(
    what: string,
    isFulfilled: (status: DisasterRecoveryPolicyStatus) => boolean,
    timeoutMilliseconds = PATIENCE_MILLISECONDS,
  ): Promise<void> {
    try {
      await waitUntil(
        () => {
          this.rig.check();
          return isFulfilled(this.status);
        },
        what,
        timeoutMilliseconds,
      );
    } catch (error) {
      throw new Error(`cannot see ${what}\n${this.report()}`, { cause: error });
    }
  }

  /** Every signal holds a vote, the secondary is fit, clients are served. */
  async settled(): Promise<void> {
    await this.until(
      'the policy Protected with all votes',
      ({ phase, signals = [] }) => phase === 'Protected' && signals.every(({ lastPassed }) => lastPassed !== undefined),
    );
    const from = this.payments.acknowledged.length;
    await waitUntil(() => this.payments.acknowledged.length > from + 50, '50 payments');
  }

  /** Clients in the primary's region, which go on paying there whatever is published. */
  strandClients(count: number): void {
    const { server } = this.rig.primary;
    const { address, port } = server.props;
    this.stranded.push(new Payments({ clients: count, address: () => ({ address, port }) }));
  }

  async stopPayments(): Promise<void> {
    await Promise.all([this.payments, ...this.stranded].map((payments) => payments.stop()));
  }

  /** Everything a person would ask for when an expectation is not met. */
  report(): string {
    const { phase, history, signals, conditions, operation } = this.status;
    return [
      `phase ${phase ?? 'none'}, payments ${this.payments.acknowledged.length}`,
      ...(signals ?? []).map(({ name, state, reason, message }) => `signal ${name} ${state} ${reason}: ${message}`),
      ...(conditions ?? []).map(
        ({ type, status, reason, message }) => `condition ${type} ${status} ${reason}: ${message}`,
      ),
      `operation ${JSON.stringify(operation)}`,
      `history ${JSON.stringify(history?.slice(0, 2))}`,
      ...this.rig.acts.map(({ at, what }) => `${new Date(at).toISOString()} ${what}`),
      ...(this.operators
        .at(-1)
        ?.lines.slice(-LOG_TAIL)
        .map((line) => `operator: ${line.slice(0, 400)}`) ?? []),
    ].join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopPayments();
    await Promise.all(this.operators.map((operator) => operator.kill()));
    this.#stopping.abort();
    await Promise.all(this.#loops);
    await this.#witness.stop();
    await this.rig[Symbol.asyncDispose]();
    await this.aws.stop();
  }

  async #watch(look: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await look().catch(() => undefined);
      await delay(POLL_MILLISECONDS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #lookAtPolicy(): Promise<void> {
    const { client } = this.stage;
    const reference = { namespace: this.namespace, name: POLICY };
    const policy = await client.get<DisasterRecoveryPolicy>(DISASTER_RECOVERY_POLICY, reference);
    if (policy.metadata.resourceVersion === this.policy?.metadata.resourceVersion) return;
    const before = this.policy?.status;
    this.policy = policy;
    const { phase, signals = [], operation } = policy.status ?? {};
    if (phase !== before?.phase) this.#note(`phase ${before?.phase ?? 'none'} → ${phase ?? 'none'}`);
    if (operation?.step !== undefined && operation.step !== before?.operation?.step) {
      this.#note(`operation ${operation.type} to ${operation.to}: ${operation.step}`);
    }
    for (const { name, state, reason } of signals) {
      const was = before?.signals?.find((signal) => signal.name === name)?.state;
      if (was !== state) this.#note(`signal ${name}: ${was ?? 'none'} → ${state} (${reason})`);
    }
  }

  async #lookAtPublished(): Promise<void> {
    const { client } = this.stage;
    const reference = { namespace: this.namespace, name: PUBLISHED };
    const { data } = await client.get<KubeObject & { data?: Record<string, string> }>(CONFIG_MAP, reference);
    const { state = '', writerEndpoint: endpoint = '', port = '', primaryRegion: region = '' } = data ?? {};
    const is = `${state} ${endpoint}:${port}`;
    if (is === this.#publishedState) return;
    this.#publishedState = is;
    const at = this.#note(`published: ${state} ${state === 'published' ? region : endpoint}`);
    if (state === 'published') this.publishedAt.set(region, at);
    this.#published = state === 'published' ? { address: endpoint, port: Number(port) } : undefined;
  }

  #note(what: string): number {
    const at = Date.now();
    this.sightings.push({ at, what });
    return at;
  }
}

const secret = (name: string, stringData: Readonly<Record<string, string>>): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
});

function secrets(rig: DatabaseRig): object {
  const { user, password } = LOGINS.probe;
  const items = [
    secret('aurora-probe', { username: user, password }),
    secret('aurora-ca', { 'ca.crt': rig.authority.certificate }),
  ];
  return { apiVersion: 'v1', kind: 'List', items };
}

/** As a user would write it, but for rounds of a second. */
function manifest(witnessUrl: string, topicArns: readonly string[], { spec, failover }: SceneOptions): object {
  const login = { secretRef: { name: 'aurora-probe' }, tls: { caSecretRef: { name: 'aurora-ca' } } };
  return {
    apiVersion: 'aurora-dr.io/v1alpha1',
    kind: 'DisasterRecoveryPolicy',
    metadata: { name: POLICY },
    spec: {
      globalClusterIdentifier: 'aurora-global-prod',
      regions: REGIONS.map((name, index) => ({
        name,
        clusterIdentifier: 'aurora-prod',
        promotion: index === 0 ? 'Prefer' : 'Allow',
      })),
      objectives: { recoveryTime: '1m', recoveryPoint: '2s' },
      detection: {
        interval: '1s',
        timeout: '900ms',
        failureThreshold: 3,
        successThreshold: 2,
        quorum: 2,
        signals: {
          controlPlane: {},
          endpoint: {
            type: 'MySQL',
            port: OPERATOR_PORT,
            writeProbe: { database: 'aurora_dr', table: 'heartbeat' },
            ...login,
          },
          replication: { source: 'SQL', maximumAge: '3s', ...login },
          http: { url: witnessUrl },
        },
      },
      failover: { maximumLagAge: '30s', cooldown: '1s', timeout: '60s', ...failover },
      notifications: { snsTopicArns: topicArns },
      publish: { service: { name: PUBLISHED }, configMap: { name: PUBLISHED } },
      ...spec,
    },
  };
}
