import type {
  DisasterRecoveryPolicy,
  DisasterRecoveryPolicyStatus,
} from '../../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { parseDuration } from '../../../operator/api/v1alpha1/duration.ts';
import { settingsOf } from '../../../operator/controllers/settings-of.ts';
import { accountOf, clusterName, roleOf } from './aws-commands.ts';
import type { KubeApi } from './kube-api.ts';
import { range, sideBySide } from './side-by-side.ts';

export const NAMESPACE = 'bench';
const COLLECTION = `/apis/aurora-dr.io/v1alpha1/namespaces/${NAMESPACE}/disasterrecoverypolicies`;
const CONCURRENCY = 64;
const PRIORITIES = 5;
const DEFAULT_INTERVAL = '10s';
const DEFAULT_TIMEOUT = '3s';
/** For shorter intervals than the default timeout; below the shortest that the benchmark uses. */
const SHORT_TIMEOUT = '1s';
const MERGE_PATCH = 'application/merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';
/** A printed row for each object instead of the object: what `kubectl get` asks for. */
const TABLE = 'application/json;as=Table;g=meta.k8s.io;v=v1';

/** The policy with that number, by name. */
export const policyName = (number: number): string => `policy-${String(number).padStart(6, '0')}`;
export const policyKey = (number: number): string => `${NAMESPACE}/${policyName(number)}`;
/** The number in a policy's or a global cluster's name. */
export const numberIn = (name: string): number => Number(/\d+$/.exec(name)?.[0]);
/** Five priorities, evenly spread over the fleet. */
export const priorityOf = (number: number): number => (number % PRIORITIES) * 10;

interface Table {
  readonly columnDefinitions: readonly { readonly name: string }[];
  readonly rows?: readonly { readonly cells: readonly (string | null)[] }[];
}

export interface PolicyOptions {
  readonly witnessUrl: string;
  /** Between two rounds, as a policy has it: `10s`. */
  readonly interval: string;
  /** Of a controller that looked after it. */
  readonly finalizers: readonly string[];
}

/** A policy like any other: two regions, all four signals, defaults for the rest. */
export function policyOf(number: number, { witnessUrl, interval, finalizers }: PolicyOptions): object {
  return {
    apiVersion: 'aurora-dr.io/v1alpha1',
    kind: 'DisasterRecoveryPolicy',
    metadata: { name: policyName(number), namespace: NAMESPACE, finalizers },
    spec: {
      globalClusterIdentifier: clusterName(number),
      regions: [
        { name: 'us-east-1', clusterIdentifier: clusterName(number), promotion: 'Prefer' },
        { name: 'us-west-2', clusterIdentifier: clusterName(number), promotion: 'Allow' },
      ],
      aws: { roleArn: roleOf(number) },
      detection: {
        interval,
        timeout: parseDuration(interval) < parseDuration(DEFAULT_INTERVAL) ? SHORT_TIMEOUT : DEFAULT_TIMEOUT,
        signals: { controlPlane: {}, endpoint: {}, replication: {}, http: { url: witnessUrl } },
      },
      failover: { priority: priorityOf(number) },
      crossplane: { mode: 'Off' },
    },
  };
}

/** What policies are made with; who only changes them needs none of it. */
export interface FleetProps {
  readonly witnessUrlOf: (number: number) => string;
  readonly interval: string;
}

type Policy = DisasterRecoveryPolicy;
type Status = DisasterRecoveryPolicyStatus;

/** What a policy is like when all is well. */
interface Calm {
  readonly number: number;
  readonly status: Status;
  readonly finalizers: readonly string[];
}

/** Has no part in how signals are configured. */
const installation = { unconfirmedReadWindowMilliseconds: 60_000, metricPeriodMilliseconds: 60_000 };

const noProps: FleetProps = { witnessUrlOf: () => '', interval: DEFAULT_INTERVAL };

/** The policies of the benchmark on the API server: made once, and taken back to their beginning between contestants. */
export class Fleet {
  readonly #kube: KubeApi;
  readonly #props: FleetProps;
  #calm: Calm | undefined;
  #size = 0;

  constructor(kube: KubeApi, props: FleetProps = noProps) {
    this.#kube = kube;
    this.#props = props;
  }

  /** Between two rounds of every policy. */
  get interval(): string {
    return this.#props.interval;
  }

  get size(): number {
    return this.#size;
  }

  async begin(): Promise<void> {
    await this.#kube.call('POST', '/api/v1/namespaces', {
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    });
  }

  /** Adds what is missing up to that many policies; once it knows a calm policy's status, with such a status. */
  async grow(size: number): Promise<void> {
    await sideBySide(range(this.#size + 1, size), CONCURRENCY, async (number) => {
      const finalizers = this.#calm?.finalizers ?? [];
      await this.#kube.call('POST', COLLECTION, { body: this.#policy(number, finalizers) });
      if (this.#calm !== undefined) await this.#calmDown(number);
    });
    this.#size = Math.max(this.#size, size);
  }

  /** Takes the status of this policy for what others have when all is well. */
  async learnCalm(number: number): Promise<void> {
    const policy = JSON.parse(await this.#kube.call('GET', `${COLLECTION}/${policyName(number)}`)) as Policy;
    const { status, metadata } = policy;
    if (status?.phase !== 'Protected') {
      throw new Error(`cannot learn from ${policyName(number)}: it is ${status?.phase ?? 'without a status'}`);
    }
    this.#calm = { number, status, finalizers: metadata.finalizers ?? [] };
  }

  /** As if nothing had ever happened to these. */
  async reset(numbers: Iterable<number>): Promise<void> {
    await sideBySide(numbers, CONCURRENCY, (number) => this.#calmDown(number));
  }

  /** One policy beyond the fleet; false where one of that name is still there. */
  async tryAdd(number: number): Promise<boolean> {
    const { status, body } = await this.#kube.attempt('POST', COLLECTION, {
      body: this.#policy(number),
    });
    if (status > 299 && status !== 409) throw new Error(`cannot POST ${policyName(number)}: ${status}: ${body}`);
    return status !== 409;
  }

  /** Resolves when it is told to go: its finalizer may still hold it. One that is gone is fine. */
  async remove(number: number): Promise<void> {
    const path = `${COLLECTION}/${policyName(number)}`;
    const { status, body } = await this.#kube.attempt('DELETE', path);
    if (status > 299 && status !== 404) throw new Error(`cannot DELETE ${path}: ${status}: ${body.slice(0, 500)}`);
  }

  /** A change of the spec that means a round more or less often. */
  async edit(number: number, interval: string): Promise<void> {
    await this.#kube.call('PATCH', `${COLLECTION}/${policyName(number)}`, {
      body: { spec: { detection: { interval } } },
      contentType: MERGE_PATCH,
    });
  }

  async annotate(number: number, annotations: Readonly<Record<string, string>>, onSend?: () => void): Promise<void> {
    await this.#kube.call('PATCH', `${COLLECTION}/${policyName(number)}`, {
      body: { metadata: { annotations } },
      contentType: MERGE_PATCH,
      ...(onSend === undefined ? {} : { onSend }),
    });
  }

  /** Takes annotations away that nobody has answered. */
  async unannotate(numbers: Iterable<number>, names: readonly string[]): Promise<void> {
    const annotations = Object.fromEntries(names.map((name) => [name, null]));
    await sideBySide(numbers, CONCURRENCY, async (number) => {
      const path = `${COLLECTION}/${policyName(number)}`;
      await this.#kube.call('PATCH', path, { body: { metadata: { annotations } }, contentType: MERGE_PATCH });
    });
  }

  /** A harmless change of a status, by somebody else. */
  async touchStatus(number: number, lag: string): Promise<void> {
    await this.#kube.call('PATCH', `${COLLECTION}/${policyName(number)}/status`, {
      body: { status: { lag } },
      contentType: MERGE_PATCH,
    });
  }

  /** For a person who wonders why nothing happened. */
  async whatIsUpWith(number: number): Promise<string> {
    const text = await this.#kube.call('GET', `${COLLECTION}/${policyName(number)}`);
    const { status } = JSON.parse(text) as { readonly status?: DisasterRecoveryPolicyStatus };
    const said = status?.conditions?.map(({ type, message }) => `${type}: ${message}`) ?? [];
    return [status?.phase ?? 'no status', status?.incident?.message ?? 'no incident', ...said].join('; ');
  }

  /** How many policies are in each phase; none has the empty name. */
  async phases(): Promise<ReadonlyMap<string, number>> {
    const phases = new Map<string, number>();
    // Version 0: from the API server's cache, all at once.
    const path = `${COLLECTION}?includeObject=None&resourceVersion=0`;
    const table = JSON.parse(await this.#kube.call('GET', path, { accept: TABLE })) as Table;
    const column = table.columnDefinitions.findIndex(({ name }) => name === 'Phase');
    for (const { cells } of table.rows ?? []) {
      const phase = cells[column] ?? '';
      phases.set(phase, (phases.get(phase) ?? 0) + 1);
    }
    return phases;
  }

  #policy(number: number, finalizers: readonly string[] = []): object {
    const { witnessUrlOf, interval } = this.#props;
    return policyOf(number, { witnessUrl: witnessUrlOf(number), interval, finalizers });
  }

  /** Gives a policy the status that a controller would have written in the end. */
  async #calmDown(number: number): Promise<void> {
    if (this.#calm === undefined)
      throw new Error('cannot make a policy calm: no calm one is known; report this as a bug');
    const path = `${COLLECTION}/${policyName(number)}`;
    const { spec } = JSON.parse(await this.#kube.call('GET', path)) as Policy;
    const signals = new Map(settingsOf(spec, installation).signals.map((signal) => [signal.name, signal]));
    const text = JSON.stringify(this.#calm.status);
    const named = text.replaceAll(clusterName(this.#calm.number), clusterName(number));
    const status = JSON.parse(named.replaceAll(accountOf(this.#calm.number), accountOf(number))) as Status;
    const own = status.signals?.map((signal) => {
      return { ...signal, configuration: signals.get(signal.name)?.configuration ?? signal.configuration };
    });
    await this.#kube.call('PATCH', `${path}/status`, {
      body: [{ op: 'add', path: '/status', value: { ...status, signals: own } }],
      contentType: JSON_PATCH,
    });
  }
}
