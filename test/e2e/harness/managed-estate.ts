import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ControlPlane } from '../../control-plane/control-plane.ts';
import { waitUntilServed } from '../../control-plane/serve-crd.ts';
import type { PolicyScene } from './policy-scene.ts';

const SCHEMAS = fileURLToPath(new URL('../../../cdk8s/schemas', import.meta.url));
const FILES = ['namespaced/rds.aws.m.upbound.io', 'cluster/rds.aws.upbound.io'].flatMap((group) =>
  ['clusters', 'clusterinstances', 'globalclusters'].map((plural) => `${group}_${plural}`),
);

/** Annotations that matter here. */
export const PAUSED = 'crossplane.io/paused';
export const PAUSED_BY = 'aurora-dr.io/paused-by';
export const PAUSED_FOR = 'aurora-dr.io/paused-for';

interface ManagedObject {
  readonly metadata: { readonly resourceVersion: string; readonly annotations?: Readonly<Record<string, string>> };
}

/** A managed resource as its author writes it. */
interface ManagedManifest {
  readonly kind: 'Cluster' | 'ClusterInstance' | 'GlobalCluster';
  readonly name: string;
  readonly isNamespaced: boolean;
  readonly externalName: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly forProvider: object;
}

/** Installs the RDS kinds of Crossplane's AWS provider, of both scopes; no provider runs. */
export async function installCrossplaneKinds(plane: ControlPlane): Promise<void> {
  await plane.kubectl(['apply', '--server-side', ...FILES.flatMap((file) => ['-f', `${SCHEMAS}/${file}.yaml`])]);
  for (const file of FILES) {
    const [group = '', plural = ''] = basename(file).split('_');
    await waitUntilServed(plane, `${plural}.${group}`);
  }
}

/** The managed resources of a scene's global cluster: `east` the primary, `west` its secondary. */
export class ManagedEstate {
  /** The resource that somebody else paused. */
  readonly foreign = 'clusterinstances.rds.aws.m.upbound.io/east-1';
  readonly #scene: PolicyScene;

  private constructor(scene: PolicyScene) {
    this.#scene = scene;
  }

  /**
   * Applies them, with the roles in `forProvider`: the layout that fights a failover. `west` is cluster-scoped, the others
   * are namespaced, and somebody has paused the instance.
   */
  static async apply(scene: PolicyScene): Promise<ManagedEstate> {
    const estate = new ManagedEstate(scene);
    const globalClusterIdentifier = scene.aws.globalCluster().identifier;
    const engine = 'aurora-mysql';
    const { identifier } = estate;
    const member = { engine, globalClusterIdentifier };
    await estate.#applyAll([
      {
        kind: 'Cluster',
        name: 'east',
        isNamespaced: true,
        externalName: identifier,
        forProvider: { region: 'us-east-1', ...member },
      },
      {
        kind: 'Cluster',
        name: estate.west,
        isNamespaced: false,
        externalName: identifier,
        forProvider: { region: 'us-west-2', ...member, replicationSourceIdentifier: estate.arn('us-east-1') },
      },
      {
        kind: 'GlobalCluster',
        name: 'world',
        isNamespaced: true,
        externalName: globalClusterIdentifier,
        forProvider: { region: 'us-east-1', engine },
      },
      {
        kind: 'ClusterInstance',
        name: 'east-1',
        isNamespaced: true,
        externalName: `${identifier}-1`,
        annotations: { [PAUSED]: 'true' },
        forProvider: { region: 'us-east-1', engine, instanceClass: 'db.r6g.large', clusterIdentifier: identifier },
      },
    ]);
    return estate;
  }

  /** As kubectl takes them. */
  get resources(): readonly string[] {
    return [
      'clusters.rds.aws.m.upbound.io/east',
      `clusters.rds.aws.upbound.io/${this.west}`,
      'globalclusters.rds.aws.m.upbound.io/world',
    ];
  }

  /** Cluster-scoped names are shared by all scenes. */
  get west(): string {
    return `${this.#scene.namespace}-west`;
  }

  get identifier(): string {
    const { members } = this.#scene.aws.globalCluster();
    return members[0]?.clusterArn.split(':')[6] ?? '';
  }

  arn(region: string): string {
    return this.#scene.aws.cluster(region, this.identifier).arn;
  }

  async read(resource: string): Promise<ManagedObject> {
    return JSON.parse(await this.#scene.kubectl(['get', resource, '--output=json'])) as ManagedObject;
  }

  /** The value of one annotation of each of `resources`. */
  async annotations(name: string): Promise<readonly (string | undefined)[]> {
    const objects = await Promise.all(this.resources.map((resource) => this.read(resource)));
    return objects.map(({ metadata }) => metadata.annotations?.[name]);
  }

  async versions(): Promise<readonly string[]> {
    const objects = await Promise.all([...this.resources, this.foreign].map((resource) => this.read(resource)));
    return objects.map(({ metadata }) => metadata.resourceVersion);
  }

  /** Waits until all of `resources` have this value of an annotation; undefined: have none. */
  until(name: string, value: string | undefined): Promise<void> {
    return this.untilEach(
      name,
      this.resources.map(() => value),
    );
  }

  /** Waits until each of `resources` has its value of an annotation. */
  untilEach(name: string, wanted: readonly (string | undefined)[]): Promise<void> {
    return this.#scene.untilTrue(`${name}=${JSON.stringify(wanted)}`, async () => {
      const values = await this.annotations(name);
      return values.every((value, index) => value === wanted[index]);
    });
  }

  /** Writes the roles that the clusters have by now into their specs. */
  async declareRoles(primary: 'us-east-1' | 'us-west-2'): Promise<void> {
    const [east = '', west = ''] = this.resources;
    const source = (region: string): object => ({
      spec: { forProvider: { replicationSourceIdentifier: region === primary ? null : this.arn(primary) } },
    });
    await this.#patch(east, source('us-east-1'));
    await this.#patch(west, source('us-west-2'));
  }

  async #patch(resource: string, patch: object): Promise<void> {
    await this.#scene.kubectl(['patch', resource, '--type=merge', '--patch', JSON.stringify(patch)]);
  }

  async #applyAll(manifests: readonly ManagedManifest[]): Promise<void> {
    const items = manifests.map(({ kind, name, isNamespaced, externalName, annotations, forProvider }) => ({
      apiVersion: isNamespaced ? 'rds.aws.m.upbound.io/v1beta1' : 'rds.aws.upbound.io/v1beta1',
      kind,
      metadata: {
        name,
        ...(isNamespaced ? { namespace: this.#scene.namespace } : {}),
        annotations: { 'crossplane.io/external-name': externalName, ...annotations },
      },
      spec: { forProvider },
    }));
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    await this.#scene.plane.kubectl(['apply', '-f', '-'], { input });
  }
}
