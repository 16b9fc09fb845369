import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Configuration } from '../../cdk8s/configuration/configuration.ts';
import { createConfiguration } from '../../cdk8s/configuration/configuration.ts';
import { createInfrastructure, manifestFiles } from '../../cdk8s/infrastructure.ts';
import type { TeardownFile, TeardownStage } from '../../cdk8s/operations/teardown.ts';
import { teardownOf } from '../../cdk8s/operations/teardown.ts';
import type { Answer } from '../aws/world/answer.ts';
import { answer } from '../aws/world/answer.ts';
import { ManualClock } from '../aws/world/clock.ts';
import { World } from '../aws/world/world.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { startControlPlane } from '../control-plane/control-plane.ts';
import type { Manifest } from './manifest.ts';
import { serveSchemas } from './serve-schemas.ts';

/** The first run builds the programs. */
const START_TIMEOUT_MS = 20 * 60_000;
const TIMEOUT_MS = 300_000;
const POLL_MS = 100;

const FINALIZER = 'finalizer.managedresource.crossplane.io';
const REGIONS = ['us-east-1', 'us-west-2'];
/** What data hangs on, and the policy: these have finalizers, as with their controllers. */
const HELD = ['GlobalCluster', 'Cluster', 'ClusterInstance', 'Zone', 'Key', 'DisasterRecoveryPolicy'];

interface Live extends Manifest {
  readonly metadata: Manifest['metadata'] & { readonly deletionTimestamp?: string; readonly finalizers?: string[] };
  readonly status?: { readonly phase?: string; readonly atProvider?: { readonly deletionProtection?: boolean } };
}

let plane: ControlPlane;
let folder: string;

beforeAll(async () => {
  plane = await startControlPlane();
  await serveSchemas(plane);
  await plane.kubectl(['create', 'namespace', 'aurora-dr']);
}, START_TIMEOUT_MS);

afterAll(() => plane.stop(), TIMEOUT_MS);

const resourceOf = ({ apiVersion, kind, metadata }: Manifest): string[] => [
  `${kind.toLowerCase()}.${apiVersion.split('/')[0] ?? ''}/${metadata.name}`,
  ...(metadata.namespace === undefined ? [] : ['-n', metadata.namespace]),
];

/** What a command is about, of those that have finalizers. */
function heldBy(command: readonly string[]): Manifest[] {
  const held = manifests.filter(({ kind }) => HELD.includes(kind));
  if (command[1] !== '-f') return held.filter((manifest) => resourceOf(manifest)[0] === command[1]);
  const file = files.find(({ name }) => command[2] === join(folder, name));
  return held.filter((manifest) => file?.manifests.includes(manifest));
}

/** Plays Crossplane, with the databases of the local AWS behind it, and the operator, as far as deleting goes. */
class Controllers {
  readonly refusals: string[] = [];
  /** Kinds of what was deleted in AWS, and not only as an object. */
  readonly deleted: string[] = [];
  readonly world = new World(new ManualClock(Date.parse('2030-01-01T00:00:00Z')), REGIONS);
  readonly #configuration: Configuration;

  constructor(configuration: Configuration) {
    this.#configuration = configuration;
  }

  /** Creates in AWS what the manifests want, the primary first, and says so in the objects. */
  async create(manifests: readonly Manifest[]): Promise<void> {
    const { names, primary } = this.#configuration;
    const globalCluster = { GlobalClusterIdentifier: names.globalCluster };
    this.#call(primary, 'CreateGlobalCluster', { ...globalCluster, Engine: 'aurora-mysql' });
    for (const region of [primary, ...REGIONS.filter((one) => one !== primary)]) {
      const cluster = { DBClusterIdentifier: names.of('aurora', region) };
      this.#call(region, 'CreateDBCluster', { ...cluster, ...globalCluster, Engine: 'aurora-mysql' });
      this.#call(region, 'ModifyDBCluster', { ...cluster, DeletionProtection: true });
      const instances = manifests.filter(
        ({ kind, spec }) => kind === 'ClusterInstance' && spec?.forProvider?.['region'] === region,
      );
      for (const { metadata } of instances) {
        this.#call(region, 'CreateDBInstance', { ...cluster, DBInstanceIdentifier: metadata.name });
      }
    }
    this.#call(primary, 'ModifyGlobalCluster', { ...globalCluster, DeletionProtection: true });
    for (const manifest of manifests.filter(({ kind }) => HELD.includes(kind))) {
      await this.#patch(manifest, { metadata: { finalizers: [FINALIZER] } });
    }
  }

  /** Runs a command of the teardown as a person does, while the controllers do their part. */
  async run(command: readonly string[]): Promise<void> {
    const state = { isOver: false };
    const running = plane.kubectl(command).finally(() => {
      state.isOver = true;
    });
    // Rejections surface below; here they must not count as nobody's.
    running.catch(() => undefined);
    do {
      for (const manifest of heldBy(command)) {
        const output = await plane.kubectl(['get', ...resourceOf(manifest), '--ignore-not-found', '-o', 'json']);
        if (output !== '') await this.#reconcile(JSON.parse(output) as Live);
      }
      await delay(POLL_MS);
    } while (!state.isOver);
    await running;
  }

  async #reconcile(live: Live): Promise<void> {
    const isNews = live.status?.phase !== 'Suspended';
    if (live.kind === 'DisasterRecoveryPolicy' && live.spec?.['suspend'] === true && isNews) {
      const status = { phase: 'Suspended', primaryRegion: this.#writer() };
      await this.#patch(live, { status }, ['--subresource=status']);
    }
    if (['Cluster', 'GlobalCluster'].includes(live.kind)) await this.#update(live);
    const { deletionTimestamp, finalizers = [] } = live.metadata;
    if (deletionTimestamp === undefined || finalizers.length === 0) return;
    const isDeletable = live.spec?.managementPolicies?.includes('Delete') === true;
    const isDeleted = isDeletable && this.#delete(live);
    if (isDeleted) this.deleted.push(live.kind);
    if (!isDeletable || isDeleted) await this.#patch(live, { metadata: { finalizers: null } });
  }

  /** Carries a change of the protection out, if it may. */
  async #update(live: Live): Promise<void> {
    const { region, deletionProtection } = live.spec?.forProvider as { region: string; deletionProtection: boolean };
    if (live.spec?.managementPolicies?.includes('Update') !== true) return;
    if (live.status?.atProvider?.deletionProtection === deletionProtection) return;
    const [action, identifier] =
      live.kind === 'Cluster'
        ? ['ModifyDBCluster', 'DBClusterIdentifier']
        : ['ModifyGlobalCluster', 'GlobalClusterIdentifier'];
    this.#call(region, action, { [identifier]: live.metadata.name, DeletionProtection: deletionProtection });
    await this.#patch(live, { status: { atProvider: { deletionProtection } } }, ['--subresource=status']);
  }

  /** As Crossplane's provider: a member is taken out of its global cluster first. */
  #delete({ kind, metadata: { name }, spec }: Live): boolean {
    const parameters = spec?.forProvider as Record<string, string> & { skipFinalSnapshot?: boolean };
    const region = parameters['region'] ?? '';
    switch (kind) {
      case 'ClusterInstance':
        return this.#may(region, 'DeleteDBInstance', { DBInstanceIdentifier: name });
      case 'GlobalCluster':
        return this.#may(region, 'DeleteGlobalCluster', { GlobalClusterIdentifier: name });
      case 'Cluster': {
        const member = this.world.findCluster(region, name);
        const removed =
          member.globalClusterIdentifier === undefined ||
          this.#may(region, 'RemoveFromGlobalCluster', {
            GlobalClusterIdentifier: parameters['globalClusterIdentifier'],
            DbClusterIdentifier: member.arn,
          });
        const snapshot = parameters['finalSnapshotIdentifier'];
        const last =
          parameters.skipFinalSnapshot === true ? { SkipFinalSnapshot: true } : { FinalDBSnapshotIdentifier: snapshot };
        return removed && this.#may(region, 'DeleteDBCluster', { DBClusterIdentifier: name, ...last });
      }
      default:
        return true;
    }
  }

  #writer(): string | undefined {
    const [globalCluster] = this.world.globalClusters.values();
    return globalCluster === undefined ? undefined : this.world.writerOf(globalCluster)?.region;
  }

  #may(region: string, action: string, input: object): boolean {
    const result = answer(this.world, { region, service: 'rds', action, input: { ...input } });
    if (result.kind === 'error') this.refusals.push(`${action}: ${result.error.message}`);
    return result.kind === 'output';
  }

  #call(region: string, action: string, input: object): Answer {
    const result = answer(this.world, { region, service: 'rds', action, input: { ...input } });
    expect(result).toMatchObject({ kind: 'output' });
    return result;
  }

  async #patch(manifest: Manifest, change: object, options: readonly string[] = []): Promise<void> {
    await plane.kubectl(['patch', ...resourceOf(manifest), '--type=merge', '-p', JSON.stringify(change), ...options]);
  }
}

const configuration = createConfiguration({ suffix: 'test', accountId: '123456789012' });
const files = manifestFiles(createInfrastructure(configuration)) as unknown as (TeardownFile & {
  manifests: Manifest[];
})[];
const manifests = files.flatMap((file) => file.manifests);

describe('Given the default set-up on an API server, with the databases in the local AWS', () => {
  let controllers: Controllers;
  let stages: TeardownStage[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'teardown-'));
    for (const { name, manifests: items } of files) {
      writeFileSync(join(folder, name), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    }
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests });
    await plane.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: list });
    controllers = new Controllers(configuration);
    await controllers.create(manifests);
    stages = teardownOf({ configuration, files, folder });
  }, TIMEOUT_MS);

  it(
    'when a member or the global cluster is deleted at once, then policies and protection keep it in AWS',
    async () => {
      const clusters = manifests.filter(({ kind }) => ['Cluster', 'GlobalCluster'].includes(kind));
      for (const cluster of clusters) await controllers.run(['delete', ...resourceOf(cluster)]);
      expect([controllers.world.clusters.size, controllers.world.globalClusters.size]).toEqual([2, 1]);
    },
    TIMEOUT_MS,
  );

  it(
    'when stages are run in another order, then AWS refuses, and what refuses stays',
    async () => {
      const lift = stages.find(({ title }) => title.startsWith('Lift'));
      for (const command of lift?.commands ?? []) await controllers.run(command);
      const globalCluster =
        stages.find(({ title }) => title.startsWith('Delete the global cluster'))?.commands[0] ?? [];
      const hurried = globalCluster.map((word) => (word.startsWith('--timeout') ? '--timeout=1s' : word));
      await expect(controllers.run(hurried)).rejects.toThrow(/timed out/);
      expect(controllers.refusals.join()).toMatch(/is not empty/);
      expect(controllers.world.globalClusters.size).toBe(1);
      // What is terminating can only go on: the order is made up for.
      const deletions = stages.flatMap(({ commands }) => commands).filter(([verb]) => verb === 'delete');
      for (const command of deletions.filter(([, option]) => option !== '-f')) {
        await controllers.run(command);
      }
      expect(controllers.world.globalClusters.size).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    'when all stages are run in order, then nothing is refused, snapshots and keys are left, and no object of the rest',
    async () => {
      for (const command of stages.flatMap(({ commands }) => commands)) await controllers.run(command);
      expect(controllers.refusals).toEqual([]);
      expect(controllers.deleted).toContain('Zone');
      expect(controllers.deleted).not.toContain('Key');
      expect([controllers.world.clusters.size, controllers.world.globalClusters.size]).toEqual([0, 0]);
      expect(controllers.world.snapshots.map(({ identifier }) => identifier).toSorted()).toEqual([
        'final-snapshot-us-east-1-test',
        'final-snapshot-us-west-2-test',
      ]);
      const left = await plane.kubectl([
        'get',
        ...files.flatMap(({ name }) => ['-f', join(folder, name)]),
        '--ignore-not-found',
        '-o',
        'name',
      ]);
      expect(left.trim().split('\n')).toEqual(['namespace/aurora-dr']);
    },
    TIMEOUT_MS,
  );

  afterAll(() => rmSync(folder, { recursive: true, force: true }));
});
