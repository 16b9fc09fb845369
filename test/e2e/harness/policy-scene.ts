import { setTimeout as delay } from 'node:timers/promises';
import { findCondition, type ConditionType } from '../../../operator/api/v1alpha1/conditions.ts';
import type {
  DisasterRecoveryPolicy,
  DisasterRecoveryPolicyStatus,
  LastRequest,
} from '../../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../../operator/api/v1alpha1/group-version.ts';
import type { HttpKubeClient } from '../../../operator/runtime/http-kube-client.ts';
import type { LocalAws, LocalAwsOptions } from '../../aws/local-aws.ts';
import type { RecordedCall } from '../../aws/world/call-log.ts';
import type { GlobalClusterOptions } from '../../aws/world/add-global-cluster.ts';
import type { ControlPlane, KubectlCall } from '../../control-plane/control-plane.ts';
import type { Watchdog } from '../../control-plane/watchdog.ts';
import { OperatorProcess, type OperatorProgram } from './operator-process.ts';

const POLL_MILLISECONDS = 60;
/** A bound for what never comes, not an expectation: a busy machine takes its time. */
const PATIENCE_MILLISECONDS = 90_000;
const CALL_TAIL = 10;
const LOG_TAIL = 25;
/** As the operators are told: `--unconfirmed-read-window`. */
const READ_WINDOW = '3s';
const LONGEST_LINE = 600;
const MUTATING_ACTIONS: readonly string[] = ['FailoverGlobalCluster', 'SwitchoverGlobalCluster'];

/** Name of the policy, in every scene. */
export const POLICY = 'tx';
/** Name of the Service and of the ConfigMap that it publishes. */
export const PUBLISHED = 'tx-writer';

export type Status = DisasterRecoveryPolicyStatus;

export interface SceneOptions {
  readonly aws?: LocalAwsOptions;
  readonly cluster?: GlobalClusterOptions;
  /** Instead of these fields of the spec that `manifest` gives; undefined leaves one out. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Further flags for every operator. */
  readonly flags?: readonly string[];
  /** The environment of every operator, and no `--aws-endpoint`: AWS is called by its own names. */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Another scene, on the same AWS: a second Kubernetes cluster, say. It has to outlive this one.
   * @default - an AWS of its own
   */
  readonly neighbour?: PolicyScene;
}

export interface SceneProps {
  readonly plane: ControlPlane;
  readonly client: HttpKubeClient;
  readonly aws: LocalAws;
  readonly namespace: string;
  readonly options: SceneOptions;
  readonly watchdog: Watchdog;
  readonly onEnd: () => void;
}

/** Where the writer's clients are sent. */
export interface Published {
  /** `spec.externalName` of the Service. */
  readonly name: string;
  /** Of the ConfigMap: `published` or `fenced`. */
  readonly state: string | undefined;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
}

/** A policy as a user writes it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Readonly<Record<string, unknown>> & { readonly regions: readonly Readonly<Record<string, unknown>>[] };
}

/** A notification as its receivers get it: the body, and the subject. */
export interface Notified {
  readonly subject: string;
  readonly kind: string;
  readonly message: string;
  readonly policy: { readonly namespace: string; readonly name: string };
  readonly operation?: Readonly<Record<string, unknown>>;
}

const shortened = (line: string): string => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line);

const isPassing = ({ signals = [] }: Status): boolean =>
  signals.length > 0 && signals.every(({ state, lastPassed }) => state === 'Passing' && lastPassed !== undefined);

/** One case: a namespace with at most one policy, an AWS of its own, and the operators that it starts. */
export class PolicyScene implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly aws: LocalAws;
  readonly namespace: string;
  /** Every operator that was started, those that ended too. */
  readonly operators: OperatorProcess[] = [];
  readonly #client: HttpKubeClient;
  readonly #options: SceneOptions;
  readonly #watchdog: Watchdog;
  readonly #onEnd: () => void;

  constructor({ plane, client, aws, namespace, options, watchdog, onEnd }: SceneProps) {
    this.plane = plane;
    this.aws = aws;
    this.namespace = namespace;
    this.#client = client;
    this.#options = options;
    this.#watchdog = watchdog;
    this.#onEnd = onEnd;
  }

  /** Starts an operator for this namespace. Flags of the scene, and those given here, replace the usual ones. */
  startOperator(flags: readonly string[] = [], program?: OperatorProgram): OperatorProcess {
    const own = [...(this.#options.flags ?? []), ...flags];
    const common = [
      ...(program?.hasOwnKubeconfig === true ? [] : [['--kubeconfig', this.plane.kubeconfig]]),
      ['--namespace', this.namespace],
      ['--bind-address', '127.0.0.1'],
      ['--metrics-port', '0'],
      ['--health-port', '0'],
      ['--metric-period', '1s'],
      ['--follow-interval', '200ms'],
      ['--unconfirmed-read-window', READ_WINDOW],
    ]
      .filter(([name = '']) => !own.includes(name))
      .flat();
    const { environment } = this.#options;
    return this.startProcess(
      [...common, ...(environment === undefined ? this.aws.endpointFlags : []), ...own],
      program,
    );
  }

  /** Starts an operator with exactly these flags. */
  startProcess(flags: readonly string[], program?: OperatorProgram): OperatorProcess {
    const environment = this.#options.environment ?? this.aws.environment;
    const operator = new OperatorProcess({ program, flags, environment, watchdog: this.#watchdog });
    this.operators.push(operator);
    return operator;
  }

  /** What a user types, in this scene's namespace. */
  kubectl(args: readonly string[], call: KubectlCall = {}): Promise<string> {
    return this.plane.kubectl(['--namespace', this.namespace, ...args], call);
  }

  /** The policy of this scene: rounds of 1 s, all four signals, published to a Service and a ConfigMap. */
  manifest(spec: Readonly<Record<string, unknown>> = {}): Manifest {
    const [first, ...others] = this.aws.globalCluster().members.map(({ clusterArn }) => {
      const [, , , name, , , clusterIdentifier] = clusterArn.split(':');
      return { name, clusterIdentifier };
    });
    return {
      apiVersion: 'aurora-dr.io/v1alpha1',
      kind: 'DisasterRecoveryPolicy',
      metadata: { name: POLICY, namespace: this.namespace },
      spec: {
        globalClusterIdentifier: this.aws.globalCluster().identifier,
        regions: [{ ...first, promotion: 'Prefer' }, ...others],
        detection: this.detection(),
        publish: { service: { name: PUBLISHED }, configMap: { name: PUBLISHED } },
        ...this.#options.spec,
        ...spec,
      },
    };
  }

  /** `spec.detection` with some of its fields changed. */
  detection(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const http = { url: this.aws.witnessUrl() };
    const signals = { controlPlane: {}, endpoint: {}, replication: { maximumAge: '3s' }, http };
    return { interval: '1s', timeout: '800ms', signals, ...changes };
  }

  /** `kubectl apply` of the manifest. */
  async applyPolicy(spec: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.kubectl(['apply', '-f', '-'], { input: JSON.stringify(this.manifest(spec)) });
  }

  /** Starts an operator, applies the policy and waits until it is Protected and, at once, every signal proven. */
  async protect(spec: Readonly<Record<string, unknown>> = {}): Promise<Status> {
    this.startOperator();
    await this.applyPolicy(spec);
    return this.until('Protected, every signal Passing', (status) => status.phase === 'Protected' && isPassing(status));
  }

  /** `kubectl patch` of fields of the spec. */
  async patchSpec(spec: Readonly<Record<string, unknown>>): Promise<void> {
    await this.kubectl(['patch', 'drp', POLICY, '--type=merge', '--patch', JSON.stringify({ spec })]);
  }

  /** `kubectl annotate`: names without the group. */
  async annotate(values: Readonly<Record<string, string>>): Promise<void> {
    const pairs = Object.entries(values).map(([name, value]) => `aurora-dr.io/${name}=${value}`);
    await this.kubectl(['annotate', 'drp', POLICY, ...pairs, '--overwrite']);
  }

  /** Annotates, and waits for the answer in `status.lastRequest`. */
  async ask(values: Readonly<Record<string, string>>): Promise<LastRequest> {
    const before = (await this.status()).lastRequest?.observedAt;
    await this.annotate(values);
    const { lastRequest } = await this.until(
      `an answer to ${JSON.stringify(values)}`,
      (status) => status.lastRequest !== undefined && status.lastRequest.observedAt !== before,
    );
    if (lastRequest === undefined) {
      throw new Error('cannot find the answer that was just there');
    }
    return lastRequest;
  }

  policy(): Promise<DisasterRecoveryPolicy> {
    return this.#client.get(DISASTER_RECOVERY_POLICY, { namespace: this.namespace, name: POLICY });
  }

  /** Empty while there is none. */
  async status(): Promise<Status> {
    return (await this.policy()).status ?? {};
  }

  /** Annotations of this project, names without the group. */
  async annotations(): Promise<Record<string, string>> {
    const { annotations = {} } = (await this.policy()).metadata;
    const own = Object.entries(annotations).filter(([name]) => name.startsWith('aurora-dr.io/'));
    return Object.fromEntries(own.map(([name, value]) => [name.slice('aurora-dr.io/'.length), value]));
  }

  /** Waits for a policy as wanted; otherwise fails with what it is, its events and the operators' logs. */
  async waitForPolicy(
    what: string,
    isWanted: (policy: DisasterRecoveryPolicy) => boolean,
    timeoutMilliseconds = PATIENCE_MILLISECONDS,
  ): Promise<DisasterRecoveryPolicy> {
    const deadline = performance.now() + timeoutMilliseconds;
    for (;;) {
      // An API server that a test took away says nothing for a while.
      const policy = await this.policy().catch(() => undefined);
      if (policy !== undefined && isWanted(policy)) {
        return policy;
      }
      if (performance.now() > deadline) {
        throw new Error(`not in ${timeoutMilliseconds} ms: ${what}\n${await this.report()}`);
      }
      await delay(POLL_MILLISECONDS);
    }
  }

  /** Waits for a status as wanted. */
  async until(what: string, isWanted: (status: Status) => boolean, timeoutMilliseconds?: number): Promise<Status> {
    const isStatusWanted = ({ status }: DisasterRecoveryPolicy): boolean => status !== undefined && isWanted(status);
    const { status } = await this.waitForPolicy(what, isStatusWanted, timeoutMilliseconds);
    return status ?? {};
  }

  /** Waits until a condition has this reason (and this status, when one is given). */
  untilCondition(type: ConditionType, reason: string, status?: 'True' | 'False' | 'Unknown'): Promise<Status> {
    return this.until(`${type} ${reason}`, ({ conditions }) => {
      const condition = findCondition(conditions, type);
      return condition?.reason === reason && (status === undefined || condition.status === status);
    });
  }

  untilRegion(name: string, isWanted: (region: NonNullable<Status['regions']>[number]) => boolean): Promise<Status> {
    return this.until(`region ${name}`, ({ regions = [] }) =>
      regions.some((region) => region.name === name && isWanted(region)),
    );
  }

  /** Waits until the signals are, all in one round, in these states. */
  untilSignals(states: Readonly<Record<string, string>>): Promise<Status> {
    return this.until(`signals ${JSON.stringify(states)}`, ({ signals = [] }) =>
      Object.entries(states).every(([wanted, state]) =>
        signals.some((signal) => signal.name === wanted && signal.state === state),
      ),
    );
  }

  untilSignal(name: string, state: string): Promise<Status> {
    return this.until(`signal ${name} ${state}`, ({ signals = [] }) =>
      signals.some((signal) => signal.name === name && signal.state === state),
    );
  }

  /** Waits until these signals pass and have their votes. */
  untilVoting(...names: readonly string[]): Promise<Status> {
    return this.until(`votes of ${names.join(', ')}`, ({ signals = [] }) =>
      names.every((wanted) =>
        signals.some(
          ({ name, state, lastPassed }) => name === wanted && state === 'Passing' && lastPassed !== undefined,
        ),
      ),
    );
  }

  /** Waits until every signal passes and has its vote. */
  untilPassing(): Promise<Status> {
    return this.until('every signal Passing', isPassing);
  }

  /** Waits until so many operations have ended: `status.history`. */
  untilHistory(length: number): Promise<Status> {
    return this.until(
      `${length} operations in history`,
      ({ operation, history = [] }) => operation === undefined && history.length === length,
    );
  }

  /** Lets the operators complete so many more rounds, seen by AWS as walks of a region that answers or throttles. */
  async letRoundsPass(count: number, region = 'us-west-2', timeoutMilliseconds = PATIENCE_MILLISECONDS): Promise<void> {
    const last = this.aws.calls.at(-1)?.number ?? 0;
    const walks = (): number => this.aws.callsOf({ region, action: 'DescribeGlobalClusters', after: last }).length;
    const deadline = performance.now() + timeoutMilliseconds;
    while (walks() < count) {
      if (performance.now() > deadline) {
        throw new Error(`cannot see ${count} rounds in ${region}: ${walks()}\n${await this.report()}`);
      }
      await delay(POLL_MILLISECONDS);
    }
  }

  /** The first call to AWS that matches, already made or still to come. */
  untilCall(filter: Parameters<LocalAws['waitForCall']>[0]): Promise<RecordedCall> {
    return this.aws.waitForCall(filter, PATIENCE_MILLISECONDS);
  }

  /** Every call that changes roles, oldest first. */
  get mutatingCalls(): readonly RecordedCall[] {
    return this.aws.calls.filter(({ action }) => MUTATING_ACTIONS.includes(action));
  }

  /** Where clients are sent, as `kubectl get` shows it. */
  async published(): Promise<Published> {
    const [name, configMap] = await Promise.all([
      this.publishedName(),
      this.kubectl(['get', 'configmap', PUBLISHED, '--output=json']),
    ]);
    const { data = {} } = JSON.parse(configMap) as { readonly data?: Readonly<Record<string, string>> };
    return { name, state: data['state'], region: data['primaryRegion'], endpoint: data['writerEndpoint'] };
  }

  /** Waits until clients are sent where wanted. */
  async untilPublished(what: string, isWanted: (published: Published) => boolean): Promise<Published> {
    return this.#poll(what, async () => {
      const published = await this.published();
      return isWanted(published) ? published : undefined;
    });
  }

  publishedName(): Promise<string> {
    return this.kubectl(['get', 'service', PUBLISHED, '--output=jsonpath={.spec.externalName}']);
  }

  /** The reasons of the events in this namespace. */
  async eventReasons(): Promise<readonly string[]> {
    const out = await this.kubectl(['get', 'events.events.k8s.io', '--output=jsonpath={.items[*].reason}']);
    return out.split(' ').filter((reason) => reason !== '');
  }

  /** Waits for something else that comes in the background. */
  async untilTrue(what: string, isReached: () => boolean | Promise<boolean>): Promise<void> {
    await this.#poll(what, async () => ((await isReached()) ? true : undefined));
  }

  /** Waits until there are events with all of these reasons; they are written in the background. */
  async untilEvents(...reasons: readonly string[]): Promise<void> {
    await this.#poll(`events ${reasons.join(', ')}`, async () => {
      const seen = await this.eventReasons();
      return reasons.every((reason) => seen.includes(reason)) || undefined;
    });
  }

  /** An SNS topic in each region, for `notifications`. */
  addTopics(): { readonly snsTopicArns: readonly string[] } {
    return { snsTopicArns: Object.keys(this.aws.endpoints).map((region) => this.aws.addTopic(region, 'alerts')) };
  }

  /** What arrived in a region's SNS topics, oldest first. */
  notifications(region = 'us-west-2'): readonly Notified[] {
    return this.aws.messages
      .filter((message) => message.region === region)
      .map(({ subject = '', message }) => ({ ...(JSON.parse(message) as Omit<Notified, 'subject'>), subject }));
  }

  /** Waits for the first notification of this kind; they are sent in the background. */
  untilNotified(kind: string, region = 'us-west-2'): Promise<Notified> {
    return this.#poll(`notification ${kind} in ${region}`, () =>
      Promise.resolve(this.notifications(region).find((notification) => notification.kind === kind)),
    );
  }

  /** Everything that helps to understand a failure. */
  async report(): Promise<string> {
    const ask = (args: readonly string[]): Promise<string> =>
      this.kubectl(args).catch((error: unknown) => String(error));
    const status = await this.status().catch((error: unknown) => String(error));
    const shown = ({ at, region, action, result }: RecordedCall): string =>
      `${new Date(at).toISOString()} ${region} ${action} ${result}`;
    const logs = this.operators.map(
      (operator) =>
        `-- operator ${operator.pid}, ${operator.end ?? 'running'}\n${operator.lines.slice(-LOG_TAIL).map(shortened).join('\n')}`,
    );
    return [
      `== ${this.namespace}: status`,
      JSON.stringify(status, null, 1),
      '== events',
      await ask(['get', 'events']),
      `== mutating calls, and the last of ${this.aws.calls.length}, at ${new Date().toISOString()}`,
      ...this.mutatingCalls.map(shown),
      ...this.aws.calls.slice(-CALL_TAIL).map(shown),
      '== logs',
      ...logs,
    ].join('\n');
  }

  /** Asks again and again for something that comes in the background. */
  async #poll<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + PATIENCE_MILLISECONDS;
    for (;;) {
      const found = await ask();
      if (found !== undefined) {
        return found;
      }
      if (performance.now() > deadline) {
        throw new Error(`not in ${PATIENCE_MILLISECONDS} ms: ${what}\n${await this.report()}`);
      }
      await delay(POLL_MILLISECONDS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.operators.map((operator) => operator.kill()));
    if (this.#options.neighbour === undefined) {
      await this.aws.stop();
    }
    this.#onEnd();
  }
}
