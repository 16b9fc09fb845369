import type { KubeClient } from '../runtime/kube-client.ts';
import { isConflict, isNotFound, isTransient } from '../runtime/kube-errors.ts';
import type { KubeObject, ResourceType } from '../runtime/resource.ts';
import { PublishingError } from './publishing-error.ts';
import type { PolicyRef, PublicationState, PublishedObject, PublishedState, PublishTargets, Writer } from './writer.ts';
import {
  type ConfigMapObject,
  configMapObstacle,
  configMapType,
  fieldManager,
  isUpToDate,
  publishedHost,
  type ServiceObject,
  serviceObstacle,
  serviceType,
  writerConfigMap,
  writerService,
} from './writer-objects.ts';

export interface PublishOptions {
  /** Bounds each call to the API server. @default - the client's own */
  readonly timeoutMilliseconds?: number;
  readonly signal?: AbortSignal;
}

/** One object to bring up to date. */
interface Publication {
  readonly kind: PublishedObject['kind'];
  readonly type: ResourceType;
  readonly desired: ServiceObject & ConfigMapObject;
  readonly obstacle: (existing: ServiceObject & ConfigMapObject) => string | undefined;
}

/**
 * Tells clients in Kubernetes where the writer is: an ExternalName Service and a ConfigMap in the policy's namespace,
 * either or both. Reads before it writes, and leaves alone what is right already. The two objects are independent: one
 * that cannot be written does not keep the other from being right; the call then fails after both were tried.
 */
export class WriterPublisher {
  readonly #kube: Pick<KubeClient, 'get' | 'apply'>;

  constructor(kube: Pick<KubeClient, 'get' | 'apply'>) {
    this.#kube = kube;
  }

  /**
   * Sends clients to this writer.
   * @throws PublishingError whose reason tells what is worth trying again
   */
  publishWriter(
    policy: PolicyRef,
    targets: PublishTargets,
    writer: Writer,
    options: PublishOptions = {},
  ): Promise<PublishedState> {
    return this.#publish('published', policy, targets, writer, options);
  }

  /**
   * Sends clients nowhere, so that none writes to a primary that is being replaced. The other facts stay those of the
   * last known writer.
   * @throws PublishingError whose reason tells what is worth trying again
   */
  publishFenced(
    policy: PolicyRef,
    targets: PublishTargets,
    lastWriter: Writer,
    options: PublishOptions = {},
  ): Promise<PublishedState> {
    return this.#publish('fenced', policy, targets, lastWriter, options);
  }

  async #publish(
    state: PublicationState,
    policy: PolicyRef,
    targets: PublishTargets,
    writer: Writer,
    options: PublishOptions,
  ): Promise<PublishedState> {
    const publications = publicationsOf(state, policy, targets, writer);
    const results = await Promise.allSettled(
      publications.map((publication) => this.#bringUpToDate(publication, options)),
    );
    const failures = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as PublishingError] : [],
    );
    if (failures.length > 0) throw combined(failures);
    return {
      state,
      host: publishedHost(state, writer),
      port: writer.port,
      objects: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    };
  }

  async #bringUpToDate(publication: Publication, options: PublishOptions): Promise<PublishedObject> {
    const { kind, type, desired, obstacle } = publication;
    const { name, namespace } = desired.metadata;
    const what = `publish the writer in ${kind} ${namespace ?? ''}/${name}`;
    try {
      const existing = await this.#read(type, desired, options);
      const reason = existing === undefined ? undefined : obstacle(existing);
      if (reason !== undefined) {
        const advice = 'choose another name in spec.publish, or delete the object if nothing needs it any more';
        throw new PublishingError('NameTaken', `cannot ${what}: ${reason}; ${advice}`);
      }
      if (existing !== undefined && isUpToDate(existing, desired)) return { kind, name, isChanged: false };
      await this.#kube.apply(type, onVersionOf(existing, desired), { fieldManager, force: true, ...options });
      return { kind, name, isChanged: true };
    } catch (error) {
      throw error instanceof PublishingError ? error : failedCall(what, error);
    }
  }

  async #read(
    type: ResourceType,
    desired: ServiceObject & ConfigMapObject,
    options: PublishOptions,
  ): Promise<(ServiceObject & ConfigMapObject) | undefined> {
    try {
      const { name, namespace } = desired.metadata;
      return await this.#kube.get<ServiceObject & ConfigMapObject>(type, { name, namespace }, options);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

function publicationsOf(
  state: PublicationState,
  policy: PolicyRef,
  targets: PublishTargets,
  writer: Writer,
): Publication[] {
  const publications: Publication[] = [];
  if (targets.service !== undefined) {
    publications.push({
      kind: 'Service',
      type: serviceType,
      desired: writerService(policy, targets.service.name, state, writer),
      obstacle: (existing) => serviceObstacle(existing, policy),
    });
  }
  if (targets.configMap !== undefined) {
    const desired = writerConfigMap(policy, targets.configMap.name, state, writer);
    publications.push({
      kind: 'ConfigMap',
      type: configMapType,
      desired,
      obstacle: (existing) => configMapObstacle(existing, policy, desired.data),
    });
  }
  return publications;
}

/**
 * A process that was held up between its read and its write may lead no more: it must not put the old writer in the place
 * of what its successor has published.
 */
function onVersionOf(existing: KubeObject | undefined, desired: KubeObject): KubeObject {
  const resourceVersion = existing?.metadata.resourceVersion;
  return resourceVersion === undefined ? desired : { ...desired, metadata: { ...desired.metadata, resourceVersion } };
}

function failedCall(what: string, error: unknown): PublishingError {
  const why = error instanceof Error ? error.message : String(error);
  return isTransient(error) || isConflict(error)
    ? new PublishingError('Unavailable', `cannot ${what}: ${why}; it is tried again`, { cause: error })
    : new PublishingError('Refused', `cannot ${what}: ${why}; correct what the API server objects to`, {
        cause: error,
      });
}

/** What needs a person comes first: it does not go away by itself. */
function combined(failures: readonly PublishingError[]): PublishingError {
  const [first, ...others] = failures.toSorted(
    (a, b) => Number(a.reason === 'Unavailable') - Number(b.reason === 'Unavailable'),
  );
  if (first === undefined || others.length === 0) return first ?? new PublishingError('Unavailable', 'cannot publish');
  const message = [first, ...others].map((failure) => failure.message).join(' / ');
  return new PublishingError(first.reason, message, { cause: new AggregateError(failures) });
}
