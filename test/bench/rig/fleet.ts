import type { DisasterRecoveryPolicyStatus } from '../../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { clusterName } from './aws-commands.ts';
import type { KubeApi } from './kube-api.ts';
import { range, sideBySide } from './side-by-side.ts';

export const NAMESPACE = 'bench';
const COLLECTION = `/apis/aurora-dr.io/v1alpha1/namespaces/${NAMESPACE}/disasterrecoverypolicies`;
const CONCURRENCY = 64;
const PRIORITIES = 5;
const MERGE_PATCH = 'application/merge-patch+json';
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

/** A policy like any other: two regions, rounds every 10 s, all four signals, defaults for the rest. */
export function policyOf(number: number, witnessUrl: string): object {
  return {
    apiVersion: 'aurora-dr.io/v1alpha1',
    kind: 'DisasterRecoveryPolicy',
    metadata: { name: policyName(number), namespace: NAMESPACE },
    spec: {
      globalClusterIdentifier: clusterName(number),
      regions: [
        { name: 'us-east-1', clusterIdentifier: clusterName(number), promotion: 'Prefer' },
        { name: 'us-west-2', clusterIdentifier: clusterName(number), promotion: 'Allow' },
      ],
      detection: { signals: { controlPlane: {}, endpoint: {}, replication: {}, http: { url: witnessUrl } } },
      failover: { priority: priorityOf(number) },
      crossplane: { mode: 'Off' },
    },
  };
}

/** The policies of the benchmark on the API server: made once, and taken back to their beginning between contestants. */
export class Fleet {
  readonly #kube: KubeApi;
  readonly #witnessUrlOf: (number: number) => string;
  #size = 0;

  /** @param witnessUrlOf where the witness of a policy is; only who makes policies needs it */
  constructor(kube: KubeApi, witnessUrlOf: (number: number) => string = () => '') {
    this.#kube = kube;
    this.#witnessUrlOf = witnessUrlOf;
  }

  get size(): number {
    return this.#size;
  }

  async begin(): Promise<void> {
    await this.#kube.call('POST', '/api/v1/namespaces', {
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    });
  }

  /** Adds what is missing up to that many policies. */
  async grow(size: number): Promise<void> {
    await sideBySide(range(this.#size + 1, size), CONCURRENCY, async (number) => {
      await this.#kube.call('POST', COLLECTION, { body: policyOf(number, this.#witnessUrlOf(number)) });
    });
    this.#size = Math.max(this.#size, size);
  }

  /** As if no controller had ever seen them. */
  async reset(numbers: Iterable<number> = range(1, this.#size)): Promise<void> {
    await sideBySide(numbers, CONCURRENCY, async (number) => {
      const path = `${COLLECTION}/${policyName(number)}`;
      const body = { metadata: { annotations: null }, status: null };
      const write = { body, contentType: MERGE_PATCH };
      await this.#kube.call('PATCH', path, write);
      await this.#kube.call('PATCH', `${path}/status`, write);
    });
  }

  async annotate(number: number, annotations: Readonly<Record<string, string>>, onSend?: () => void): Promise<void> {
    await this.#kube.call('PATCH', `${COLLECTION}/${policyName(number)}`, {
      body: { metadata: { annotations } },
      contentType: MERGE_PATCH,
      ...(onSend === undefined ? {} : { onSend }),
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
}
