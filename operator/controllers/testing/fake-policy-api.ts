import { isDeepStrictEqual } from 'node:util';
import type { DisasterRecoveryPolicy } from '../../api/v1alpha1/disaster-recovery-policy.ts';
import { problemsOf } from '../../api/v1alpha1/guards.ts';
import type { KubeClient, SubresourceOptions } from '../../runtime/kube-client.ts';
import { apiErrorFrom } from '../../runtime/kube-errors.ts';
import { keyOf, type KubeObject, type ObjectReference, type ResourceType } from '../../runtime/resource.ts';

export interface PolicyWrite {
  readonly kind: 'status' | 'annotations' | 'finalizers';
  /** The step that the write leaves the operation at; `none` without an operation. */
  readonly step: string;
}

/** Go encodes maps with their keys in order: what comes back never has the order that was sent. */
function asGoEncodes(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(asGoEncodes);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, property]) => [key, asGoEncodes(property)]),
      )
    : value;
}

const copy = (policy: DisasterRecoveryPolicy): DisasterRecoveryPolicy =>
  asGoEncodes(JSON.parse(JSON.stringify(policy))) as DisasterRecoveryPolicy;

const refusal = (code: number, reason: string, message: string): Error =>
  apiErrorFrom('write the policy', code, { kind: 'Status', reason, message });

/** Policies on an API server in memory: status as a subresource, preconditions, the schema, deletion with finalizers. */
export class FakePolicyApi {
  readonly objects = new Map<string, DisasterRecoveryPolicy>();
  readonly writes: PolicyWrite[] = [];
  /** Told of each change, as a watch is. */
  onChange: (key: string) => void = () => undefined;
  /** Runs before and after each write takes effect; may throw. */
  before: (write: PolicyWrite) => void = () => undefined;
  after: (write: PolicyWrite) => void = () => undefined;
  #revision = 10;

  /** Stores an object as its user does: with a new version, and told to watchers. */
  put(policy: DisasterRecoveryPolicy): void {
    this.#revision += 1;
    const stored = copy(policy);
    stored.metadata.resourceVersion = String(this.#revision);
    this.objects.set(keyOf(stored), stored);
    this.onChange(keyOf(stored));
  }

  /** Changes an object as its user does. */
  edit(key: string, change: (policy: DisasterRecoveryPolicy) => void): void {
    const policy = copy(this.read(key));
    change(policy);
    this.put(policy);
  }

  read(key: string): DisasterRecoveryPolicy {
    const policy = this.objects.get(key);
    if (policy === undefined) {
      throw refusal(404, 'NotFound', `${key} does not exist`);
    }
    return policy;
  }

  /** `kubectl delete`: gone at once, or as soon as the last finalizer is. */
  delete(key: string, now: number): void {
    const { finalizers = [] } = this.read(key).metadata;
    if (finalizers.length === 0) {
      this.objects.delete(key);
      this.onChange(key);
      return;
    }
    this.edit(key, ({ metadata }) => (metadata.deletionTimestamp = new Date(now).toISOString()));
  }

  /** The part of a client that a reconciler uses. */
  get client(): KubeClient {
    const unused = (): never => {
      throw new Error('cannot do this here: the reconciler was not known to need it');
    };
    return {
      get: (_type: ResourceType, reference: ObjectReference) => this.#get(reference),
      update: (_type: ResourceType, object: KubeObject, options?: SubresourceOptions) => this.#update(object, options),
      mergePatch: (_type: ResourceType, reference: ObjectReference, patch: object) => this.#patch(reference, patch),
      list: unused,
      watch: unused,
      create: unused,
      jsonPatch: unused,
      apply: unused,
      delete: unused,
    } as unknown as KubeClient;
  }

  async #get(reference: ObjectReference): Promise<DisasterRecoveryPolicy> {
    await Promise.resolve();
    return copy(this.read(keyOf({ metadata: reference })));
  }

  async #update(object: KubeObject, options: SubresourceOptions | undefined): Promise<DisasterRecoveryPolicy> {
    const { status } = object as DisasterRecoveryPolicy;
    if (options?.subresource !== 'status') {
      throw new Error('cannot update the policy: only its status belongs to the operator');
    }
    return this.#write('status', object.metadata, (stored) => {
      if (status !== undefined) {
        stored.status = status;
      }
    });
  }

  async #patch(reference: ObjectReference, patch: object): Promise<DisasterRecoveryPolicy> {
    const { metadata } = patch as {
      metadata: { resourceVersion?: string; finalizers?: string[]; annotations?: Record<string, null> };
    };
    const { finalizers, annotations, resourceVersion } = metadata;
    const kind = finalizers === undefined ? 'annotations' : 'finalizers';
    const precondition = { ...reference, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    return this.#write(kind, precondition, (stored) => {
      if (finalizers !== undefined) {
        stored.metadata.finalizers = finalizers;
      }
      for (const key of Object.keys(annotations ?? {})) {
        Reflect.deleteProperty(stored.metadata.annotations ?? {}, key);
      }
    });
  }

  async #write(
    kind: PolicyWrite['kind'],
    reference: ObjectReference & { readonly resourceVersion?: string },
    change: (stored: DisasterRecoveryPolicy) => void,
  ): Promise<DisasterRecoveryPolicy> {
    await Promise.resolve();
    const key = keyOf({ metadata: reference });
    const wanted = copy(this.read(key));
    change(wanted);
    const write = { kind, step: wanted.status?.operation?.step ?? 'none' };
    this.before(write);
    if (reference.resourceVersion !== this.read(key).metadata.resourceVersion) {
      throw refusal(409, 'Conflict', 'the object has been modified');
    }
    const problems = problemsOf(copy(wanted));
    if (kind === 'status' && problems.length > 0) {
      throw refusal(422, 'Invalid', problems.join('; '));
    }
    this.writes.push(write);
    // A write that changes nothing makes no new version, and no watch hears of it.
    if (!isDeepStrictEqual(wanted, this.read(key))) {
      this.#store(key, wanted);
    }
    this.after(write);
    return copy(this.objects.get(key) ?? wanted);
  }

  #store(key: string, wanted: DisasterRecoveryPolicy): void {
    const { deletionTimestamp, finalizers = [] } = wanted.metadata;
    if (deletionTimestamp !== undefined && finalizers.length === 0) {
      this.objects.delete(key);
      this.onChange(key);
      return;
    }
    this.put(wanted);
  }
}
