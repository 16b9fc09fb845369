import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ApplyOptions, CallOptions, KubeClient } from '../runtime/kube-client.ts';
import { ConflictError, KubeApiError, KubeTimeoutError } from '../runtime/kube-errors.ts';
import type { KubeObject, ObjectReference, ResourceType } from '../runtime/resource.ts';
import { PublishingError } from './publishing-error.ts';
import type { PublishTargets, Writer } from './writer.ts';
import { type ConfigMapObject, configMapType, type ServiceObject, serviceType } from './writer-objects.ts';
import { WriterPublisher } from './writer-publisher.ts';

/** The two calls that publishing makes, on objects in memory. */
class FakeKube implements Pick<KubeClient, 'get' | 'apply'> {
  readonly objects = new Map<string, KubeObject>();
  readonly applied: { readonly object: KubeObject; readonly options: ApplyOptions }[] = [];
  /** By plural: what every call fails with. */
  readonly failures = new Map<string, Error>();
  readonly callOptions: (CallOptions | undefined)[] = [];
  /** What happens between a read and the write that follows. */
  beforeApply: (type: ResourceType) => void = () => undefined;

  get<T extends KubeObject>(type: ResourceType, reference: ObjectReference, options?: CallOptions): Promise<T> {
    this.callOptions.push(options);
    const failure = this.failures.get(type.plural);
    if (failure !== undefined) return Promise.reject(failure);
    const object = this.objects.get(`${type.plural} ${reference.namespace ?? ''}/${reference.name}`);
    if (object !== undefined) return Promise.resolve(structuredClone(object) as T);
    return Promise.reject(new KubeApiError('cannot get: not found', { code: 404, reason: 'NotFound' }));
  }

  apply<T extends KubeObject>(type: ResourceType, object: T, options: ApplyOptions): Promise<T> {
    this.beforeApply(type);
    const existing = this.objects.get(`${type.plural} ${object.metadata.namespace ?? ''}/${object.metadata.name}`);
    const { resourceVersion } = object.metadata;
    if (resourceVersion !== undefined && resourceVersion !== existing?.metadata.resourceVersion) {
      return Promise.reject(new ConflictError('cannot apply: it was changed', { code: 409, reason: 'Conflict' }));
    }
    this.applied.push({ object, options });
    this.put(type, object);
    return Promise.resolve(object);
  }

  put(type: ResourceType, object: ServiceObject & ConfigMapObject): void {
    this.objects.set(
      `${type.plural} ${object.metadata.namespace ?? ''}/${object.metadata.name}`,
      structuredClone(object),
    );
  }

  service(): ServiceObject | undefined {
    return this.objects.get('services payments/db');
  }

  configMap(): ConfigMapObject | undefined {
    return this.objects.get('configmaps payments/db');
  }
}

const policy = { namespace: 'payments', name: 'transactions', uid: 'u-1' };
const targets: PublishTargets = { service: { name: 'db' }, configMap: { name: 'db' } };
const writer: Writer = {
  host: 'aurora-prod.cluster-x.us-west-2.rds.amazonaws.com',
  port: 3306,
  region: 'us-west-2',
  clusterIdentifier: 'aurora-prod',
  clusterArn: 'arn:aws:rds:us-west-2:123456789012:cluster:aurora-prod',
  globalClusterIdentifier: 'aurora-global-prod',
  operationId: 'op-1',
};
const metadata = { name: 'db', namespace: 'payments' };
const ours = { 'app.kubernetes.io/managed-by': 'aurora-dr-operator', 'aurora-dr.io/policy': 'transactions' };

describe('WriterPublisher', () => {
  let kube: FakeKube;
  let publisher: WriterPublisher;

  beforeEach(() => {
    kube = new FakeKube();
    publisher = new WriterPublisher(kube);
  });

  async function failure(of: PublishTargets = targets): Promise<PublishingError> {
    const error: unknown = await publisher.publishWriter(policy, of, writer).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error instanceof PublishingError) return error;
    throw new Error('expected a PublishingError', { cause: error });
  }

  it('given nothing there, creates both by server-side apply, labelled and without an owner', async () => {
    const state = await publisher.publishWriter(policy, targets, writer);
    expect(state).toEqual({
      state: 'published',
      host: writer.host,
      port: 3306,
      objects: [
        { kind: 'Service', name: 'db', isChanged: true },
        { kind: 'ConfigMap', name: 'db', isChanged: true },
      ],
    });
    expect(kube.applied.map(({ options }) => options)).toEqual(
      Array(2).fill({ fieldManager: 'aurora-dr-operator', force: true }),
    );
    expect(kube.service()).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, labels: ours },
      spec: { type: 'ExternalName', externalName: writer.host },
    });
    expect(kube.configMap()).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata, labels: ours },
      data: {
        writerEndpoint: writer.host,
        port: '3306',
        primaryRegion: 'us-west-2',
        clusterIdentifier: 'aurora-prod',
        clusterArn: writer.clusterArn,
        globalClusterIdentifier: 'aurora-global-prod',
        state: 'published',
        operationId: 'op-1',
      },
    });
  });

  it('given the same writer again, writes nothing', async () => {
    await publisher.publishWriter(policy, targets, writer);
    const state = await publisher.publishWriter(policy, targets, writer);
    expect(kube.applied).toHaveLength(2);
    expect(state.objects.map(({ isChanged }) => isChanged)).toEqual([false, false]);
  });

  it('given another writer, writes both again', async () => {
    await publisher.publishWriter(policy, targets, writer);
    await publisher.publishWriter(policy, targets, { ...writer, host: 'other.example' });
    expect(kube.applied).toHaveLength(4);
    expect(kube.service()?.spec?.externalName).toBe('other.example');
  });

  it('given only the operation changed, writes the ConfigMap alone', async () => {
    await publisher.publishWriter(policy, targets, writer);
    await publisher.publishWriter(policy, targets, { ...writer, operationId: 'op-2' });
    expect(kube.applied.slice(2).map(({ object }) => object.kind)).toEqual(['ConfigMap']);
  });

  it('given no operation, says so with an empty value and stays up to date', async () => {
    const { operationId: _, ...unmoved } = writer;
    await publisher.publishWriter(policy, targets, unmoved);
    await publisher.publishWriter(policy, targets, unmoved);
    expect(kube.configMap()?.data?.['operationId']).toBe('');
    expect(kube.applied).toHaveLength(2);
  });

  it('given a fence, sends clients nowhere in both and keeps the last known facts', async () => {
    const state = await publisher.publishFenced(policy, targets, writer);
    expect(state).toMatchObject({ state: 'fenced', host: 'fenced.invalid', port: 3306 });
    expect(kube.service()?.spec?.externalName).toBe('fenced.invalid');
    expect(kube.configMap()?.data).toMatchObject({
      writerEndpoint: 'fenced.invalid',
      state: 'fenced',
      primaryRegion: 'us-west-2',
      operationId: 'op-1',
    });
  });

  it('given one target, touches the other not at all; given none, nothing', async () => {
    await publisher.publishWriter(policy, { configMap: { name: 'db' } }, writer);
    expect(kube.service()).toBeUndefined();
    expect((await publisher.publishWriter(policy, {}, writer)).objects).toEqual([]);
    expect(kube.applied).toHaveLength(1);
  });

  it('given an ExternalName Service that somebody prepared, keeps it up to date', async () => {
    kube.put(serviceType, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { type: 'ExternalName' },
    });
    await publisher.publishWriter(policy, targets, writer);
    expect(kube.service()?.spec?.externalName).toBe(writer.host);
  });

  it.each(['ClusterIP', 'LoadBalancer', undefined])(
    "given somebody else's Service of type %s, leaves it alone, says what to do, and publishes the ConfigMap",
    async (type) => {
      const spec = type === undefined ? {} : { type };
      kube.put(serviceType, { apiVersion: 'v1', kind: 'Service', metadata, spec });
      const error = await failure();
      expect(error.reason).toBe('NameTaken');
      expect(error.message).toMatch(/^cannot publish the writer in Service payments\/db: .*; choose another name/);
      expect(kube.service()?.spec).toEqual(spec);
      expect(kube.configMap()?.data?.['writerEndpoint']).toBe(writer.host);
    },
  );

  it.each([
    ['data', { data: { url: 'mysql://', state: 'x' } }],
    ['binaryData', { binaryData: { url: 'AAAA' } }],
  ])("given somebody else's ConfigMap with other %s, leaves it alone and names what it holds", async (_, content) => {
    kube.put(configMapType, { apiVersion: 'v1', kind: 'ConfigMap', metadata, ...content });
    const error = await failure();
    expect(error.reason).toBe('NameTaken');
    expect(error.message).toContain('holds other data (url)');
    expect(kube.configMap()).toMatchObject(content);
  });

  it('given an empty ConfigMap that somebody prepared, fills it', async () => {
    kube.put(configMapType, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
    await publisher.publishWriter(policy, targets, writer);
    expect(kube.configMap()?.data?.['state']).toBe('published');
  });

  it('given our ConfigMap to which somebody added keys, still writes it', async () => {
    await publisher.publishWriter(policy, targets, writer);
    const existing = kube.configMap()!;
    kube.put(configMapType, { ...existing, data: { extra: '1', state: 'fenced' } });
    await publisher.publishWriter(policy, targets, writer);
    expect(kube.configMap()?.data?.['state']).toBe('published');
  });

  it('given the name of another policy, refuses to send its clients elsewhere', async () => {
    await publisher.publishWriter({ ...policy, name: 'orders' }, targets, { ...writer, host: 'orders.example' });
    const error = await failure();
    expect(error.reason).toBe('NameTaken');
    expect(error.message).toContain('policy orders');
    expect(kube.service()?.spec?.externalName).toBe('orders.example');
    expect(kube.configMap()?.data?.['writerEndpoint']).toBe('orders.example');
  });

  it('given our label without a policy, takes the object over', async () => {
    const labels = { 'app.kubernetes.io/managed-by': 'aurora-dr-operator' };
    kube.put(serviceType, { apiVersion: 'v1', kind: 'Service', metadata: { ...metadata, labels } });
    await publisher.publishWriter(policy, targets, writer);
    expect(kube.service()?.metadata.labels).toEqual(ours);
  });

  it('given a policy name longer than a label value, makes a label that is valid and its own', async () => {
    const names = ['a', 'b'].map((end) => `${'n'.repeat(200)}${end}`);
    const labels: (string | undefined)[] = [];
    for (const name of names) {
      const fresh = new FakeKube();
      await new WriterPublisher(fresh).publishWriter({ ...policy, name }, targets, writer);
      labels.push(fresh.service()?.metadata.labels?.['aurora-dr.io/policy']);
    }
    expect(new Set(labels).size).toBe(2);
    for (const label of labels) expect(label).toMatch(/^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/);
  });

  it.each<[Error, string]>([
    [new KubeTimeoutError('cannot get: no answer in 10 s'), 'Unavailable'],
    [new KubeApiError('cannot get: busy', { code: 503, reason: 'ServiceUnavailable' }), 'Unavailable'],
    [new KubeApiError('cannot get: no right', { code: 403, reason: 'Forbidden' }), 'Refused'],
  ])('given %s, fails with reason %s after the other object was written', async (cause, reason) => {
    kube.failures.set('services', cause);
    const error = await failure();
    expect(error).toMatchObject({ reason, cause });
    expect(kube.configMap()?.data?.['writerEndpoint']).toBe(writer.host);
  });

  it('given two failures, puts the one that needs a person first and keeps both', async () => {
    kube.failures.set('services', new KubeTimeoutError('cannot get services: no answer'));
    kube.failures.set('configmaps', new KubeApiError('cannot get configmaps: no', { code: 403, reason: 'Forbidden' }));
    const error = await failure();
    expect(error.reason).toBe('Refused');
    expect(error.message).toMatch(/cannot get configmaps.* \/ .*cannot get services/);
  });

  it('hands the timeout and the signal to every call', async () => {
    const options = { timeoutMilliseconds: 700, signal: new AbortController().signal };
    await publisher.publishWriter(policy, targets, writer, options);
    expect(kube.callOptions).toEqual([options, options]);
    expect(kube.applied[0]?.options).toMatchObject(options);
  });

  it('given somebody published in between, when a late write comes, then it changes nothing', async () => {
    const theirs = { ...writer, host: 'aurora-prod.cluster-y.us-east-1.rds.amazonaws.com', region: 'us-east-1' };
    await publisher.publishWriter(policy, targets, writer);
    const held = { ...kube.service()!, metadata: { ...kube.service()!.metadata, resourceVersion: '1' } };
    kube.put(serviceType, held);
    kube.beforeApply = () => kube.put(serviceType, { ...held, metadata: { ...held.metadata, resourceVersion: '2' } });
    const late = publisher.publishWriter(policy, { service: { name: 'db' } }, theirs);
    await expect(late).rejects.toMatchObject({ reason: 'Unavailable' });
    expect(kube.service()?.spec?.externalName).toBe(writer.host);
  });
});
