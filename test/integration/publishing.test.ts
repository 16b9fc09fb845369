import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PublishingError } from '../../operator/publishing/publishing-error.ts';
import type { PublishTargets, Writer } from '../../operator/publishing/writer.ts';
import {
  type ConfigMapObject,
  configMapType,
  type ServiceObject,
  serviceType,
} from '../../operator/publishing/writer-objects.ts';
import { WriterPublisher } from '../../operator/publishing/writer-publisher.ts';
import { HttpKubeClient } from '../../operator/runtime/http-kube-client.ts';
import type { KubeObject } from '../../operator/runtime/resource.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/control-plane.ts';

/** The first run builds the programs. */
const buildTimeoutMilliseconds = 20 * 60_000;

/** Unique, so that runs can share a cluster. */
const namespace = `publishing-${process.pid}-${Date.now().toString(36)}`;
const policy = { namespace, name: 'transactions' };
const writer: Writer = {
  host: 'aurora-prod.cluster-x.us-west-2.rds.amazonaws.com',
  port: 3306,
  region: 'us-west-2',
  clusterIdentifier: 'aurora-prod',
  clusterArn: 'arn:aws:rds:us-west-2:123456789012:cluster:aurora-prod',
  globalClusterIdentifier: 'aurora-global-prod',
  operationId: 'op-1',
};

/** Everything that publishing needs; the chart grants the same. */
const role = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: 'publisher', namespace },
  rules: [{ apiGroups: [''], resources: ['services', 'configmaps'], verbs: ['get', 'create', 'patch'] }],
};
const binding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: 'publisher', namespace },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'publisher' },
  subjects: [{ kind: 'ServiceAccount', name: 'publisher', namespace }],
};

describe('WriterPublisher on a real API server, with no more rights than it needs', () => {
  let plane: ControlPlane;
  let kube: HttpKubeClient;
  let publisher: WriterPublisher;

  beforeAll(async () => {
    plane = await startControlPlane();
    await plane.kubectl(['create', 'namespace', namespace]);
    for (const object of [role, binding]) await plane.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) });
    const config = new KubeConfig();
    config.loadFromFile(await plane.kubeconfigFor({ serviceAccount: 'publisher', namespace }));
    kube = new HttpKubeClient({ config, userAgent: 'publishing-test' });
    publisher = new WriterPublisher(kube);
  }, buildTimeoutMilliseconds);

  afterAll(async () => {
    await kube.close();
    await plane.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    await plane.stop();
  }, 60_000);

  function targets(name: string): PublishTargets {
    return { service: { name }, configMap: { name } };
  }

  function service(name: string): Promise<ServiceObject> {
    return kube.get<ServiceObject>(serviceType, { namespace, name });
  }

  function configMap(name: string): Promise<ConfigMapObject> {
    return kube.get<ConfigMapObject>(configMapType, { namespace, name });
  }

  async function create(object: KubeObject & Record<string, unknown>): Promise<void> {
    await plane.kubectl(['create', '-n', namespace, '-f', '-'], { input: JSON.stringify(object) });
  }

  async function refusal(name: string): Promise<PublishingError> {
    const error: unknown = await publisher
      .publishWriter(policy, targets(name), writer)
      .catch((reason: unknown) => reason);
    if (error instanceof PublishingError) return error;
    throw new Error('expected a PublishingError', { cause: error });
  }

  it('creates both, owned by nobody, and what kubectl shows is the writer', async () => {
    await publisher.publishWriter(policy, targets('created'), writer);
    expect((await service('created')).metadata.ownerReferences).toBeUndefined();
    expect((await configMap('created')).metadata.ownerReferences).toBeUndefined();
    expect((await configMap('created')).data).toMatchObject({ writerEndpoint: writer.host, state: 'published' });
    const shown = await plane.kubectl(['get', 'service', 'created', '-n', namespace, '-o', 'wide']);
    expect(shown).toMatch(new RegExp(`ExternalName\\s+<none>\\s+${writer.host.replaceAll('.', '\\.')}`));
  });

  it('given the same writer again, the objects stay untouched', async () => {
    await publisher.publishWriter(policy, targets('same'), writer);
    const before = [await service('same'), await configMap('same')];
    const state = await publisher.publishWriter(policy, targets('same'), writer);
    expect(state.objects.map(({ isChanged }) => isChanged)).toEqual([false, false]);
    expect([await service('same'), await configMap('same')]).toEqual(before);
  });

  it('given somebody published since it read, a late write changes nothing', async () => {
    const late = new WriterPublisher({
      get: (...call) => kube.get(...call),
      apply: async (...call) => {
        await publisher.publishWriter(policy, { service: { name: 'late' } }, { ...writer, host: 'newer.example' });
        return kube.apply(...call);
      },
    });
    await publisher.publishWriter(policy, { service: { name: 'late' } }, { ...writer, host: 'old.example' });
    const attempt = late.publishWriter(policy, { service: { name: 'late' } }, { ...writer, host: 'other.example' });
    await expect(attempt).rejects.toMatchObject({ reason: 'Unavailable' });
    expect((await service('late')).spec?.externalName).toBe('newer.example');
  });

  it('given a fence and a new writer, moves there and back', async () => {
    await publisher.publishWriter(policy, targets('moved'), writer);
    await publisher.publishFenced(policy, targets('moved'), writer);
    expect((await service('moved')).spec?.externalName).toBe('fenced.invalid');
    expect((await configMap('moved')).data).toMatchObject({ writerEndpoint: 'fenced.invalid', state: 'fenced' });
    const { operationId: _, ...unmoved } = { ...writer, host: 'new.example', region: 'eu-west-1' };
    await publisher.publishWriter(policy, targets('moved'), unmoved);
    expect((await service('moved')).spec?.externalName).toBe('new.example');
    expect((await configMap('moved')).data).toMatchObject({
      writerEndpoint: 'new.example',
      primaryRegion: 'eu-west-1',
      operationId: '',
      state: 'published',
    });
  });

  it('given that somebody else changed what is published, takes it back and keeps the rest', async () => {
    await publisher.publishWriter(policy, targets('drifted'), writer);
    const patch = JSON.stringify({ data: { writerEndpoint: 'elsewhere.example', extra: 'kept' } });
    await plane.kubectl(['patch', 'configmap', 'drifted', '-n', namespace, '--type=merge', '-p', patch]);
    await publisher.publishWriter(policy, targets('drifted'), writer);
    expect((await configMap('drifted')).data).toMatchObject({ writerEndpoint: writer.host, extra: 'kept' });
  });

  it('given that somebody turned our Service into a ClusterIP, turns it back', async () => {
    await publisher.publishWriter(policy, targets('turned'), writer);
    const patch = JSON.stringify({ spec: { type: 'ClusterIP', externalName: null, ports: [{ port: 3306 }] } });
    await plane.kubectl(['patch', 'service', 'turned', '-n', namespace, '--type=merge', '-p', patch]);
    await publisher.publishWriter(policy, targets('turned'), writer);
    expect((await service('turned')).spec).toMatchObject({ type: 'ExternalName', externalName: writer.host });
  });

  it('given an ExternalName Service that somebody prepared, takes it over', async () => {
    const spec = { type: 'ExternalName', externalName: 'before.example', ports: [{ port: 3306 }] };
    await create({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'prepared' }, spec });
    await publisher.publishWriter(policy, targets('prepared'), writer);
    expect((await service('prepared')).spec?.externalName).toBe(writer.host);
  });

  it("given somebody else's Service, leaves it alone", async () => {
    const spec = { selector: { app: 'x' }, ports: [{ port: 80 }] };
    await create({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'taken' }, spec });
    expect((await refusal('taken')).reason).toBe('NameTaken');
    expect((await service('taken')).spec).toMatchObject({ type: 'ClusterIP', ...spec, ports: [{ port: 80 }] });
  });

  it('given a host that is an IPv4 address, as local trials have it, the API server accepts it', async () => {
    await publisher.publishWriter(policy, targets('numeric'), { ...writer, host: '127.0.0.1' });
    expect((await service('numeric')).spec?.externalName).toBe('127.0.0.1');
  });

  it('given a host that is no DNS name, passes on what the API server objects to', async () => {
    const publishing = publisher.publishWriter(policy, targets('wrong'), { ...writer, host: 'not_a_name' });
    await expect(publishing).rejects.toMatchObject({
      reason: 'Refused',
      message: expect.stringContaining('spec.externalName'),
    });
    expect((await configMap('wrong')).data?.['writerEndpoint']).toBe('not_a_name');
  });

  it('given a policy name of 253 characters, makes labels that the API server accepts', async () => {
    const name = `${'n'.repeat(60)}.${'o'.repeat(192)}`;
    await publisher.publishWriter({ ...policy, name }, targets('long'), writer);
    await publisher.publishFenced({ ...policy, name }, targets('long'), writer);
    expect((await service('long')).spec?.externalName).toBe('fenced.invalid');
  });

  it('given a namespace without rights, says Refused', async () => {
    const publishing = publisher.publishWriter({ ...policy, namespace: 'default' }, targets('denied'), writer);
    await expect(publishing).rejects.toMatchObject({
      reason: 'Refused',
      message: expect.stringContaining('forbidden'),
    });
  });
});
