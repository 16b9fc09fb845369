import { WAVES } from '../charts/waves.ts';
import type { Configuration } from '../configuration/configuration.ts';

/** What of an object a teardown needs to know. */
export interface TeardownObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: { readonly forProvider?: { readonly region?: string } };
}

/** A file of manifests, as `npm run synth` writes it. */
export interface TeardownFile {
  readonly name: string;
  readonly manifests: readonly TeardownObject[];
}

/** What is done together; the next stage waits for it. */
export interface TeardownStage {
  readonly title: string;
  /** For the person who runs it. */
  readonly notes: readonly string[];
  /** Arguments of kubectl. */
  readonly commands: readonly (readonly string[])[];
}

export interface TeardownProps {
  readonly configuration: Configuration;
  /** Everything that `npm run synth` writes, Argo CD's objects included. */
  readonly files: readonly TeardownFile[];
  /** Where it was written to. */
  readonly folder: string;
}

/** Aurora takes the last snapshot within that, and Lambda gives its network interfaces back. */
const PATIENCE = '--timeout=60m';
const PAUSES = [
  'crossplane.io/paused-',
  'aurora-dr.io/paused-by-',
  'aurora-dr.io/paused-for-',
  'aurora-dr.io/paused-from-',
];
const DATABASE_KINDS = ['GlobalCluster', 'Cluster', 'ClusterInstance'];
const ALL_POLICIES = ['Observe', 'Create', 'Update', 'Delete'];
/** What a policy's deletion waits for at most, an operation in flight, is 15 minutes by default. */
const POLICY_PATIENCE = '--timeout=30m';

const groupOf = ({ apiVersion }: TeardownObject): string => apiVersion.split('/')[0] ?? '';

/** `cluster.rds.aws.m.upbound.io/NAME`, and its namespace. */
function argumentsOf(object: TeardownObject): string[] {
  const { name, namespace } = object.metadata;
  return [
    `${object.kind.toLowerCase()}.${groupOf(object)}/${name}`,
    ...(namespace === undefined ? [] : ['-n', namespace]),
  ];
}

function patch(object: TeardownObject, change: object): string[] {
  return ['patch', ...argumentsOf(object), '--type=merge', '-p', JSON.stringify(change)];
}

function remove(object: TeardownObject, patience = PATIENCE): string[] {
  return ['delete', ...argumentsOf(object), '--ignore-not-found', patience];
}

function waitFor(object: TeardownObject, path: string, value: string): string[] {
  return ['wait', ...argumentsOf(object), `--for=jsonpath={.${path}}=${value}`, '--timeout=15m'];
}

/** The set-up, as the stages look at it. */
class Estate {
  readonly configuration: Configuration;
  readonly #files: readonly TeardownFile[];
  readonly #folder: string;

  constructor({ configuration, files, folder }: TeardownProps) {
    this.configuration = configuration;
    this.#files = files;
    this.#folder = folder;
  }

  all(...kinds: readonly string[]): TeardownObject[] {
    return this.#files.flatMap(({ manifests }) => manifests).filter(({ kind }) => kinds.includes(kind));
  }

  /** Kinds of Argo CD, the root first: it would restore the others. */
  get applications(): TeardownObject[] {
    const root = this.#files.find(({ name }) => name.endsWith('/root.yaml'))?.manifests ?? [];
    const others = this.all('Application').filter((one) => !root.includes(one));
    return [...root, ...others];
  }

  get databases(): TeardownObject[] {
    return this.all(...DATABASE_KINDS).filter((object) => groupOf(object).startsWith('rds.'));
  }

  /** Databases of a kind in a region; the first instance, which may be the writer, comes last. */
  inRegion(kind: string, region: string): TeardownObject[] {
    return this.databases
      .filter((object) => object.kind === kind && object.spec?.forProvider?.region === region)
      .toReversed();
  }

  /** Deletes what is left of areas, the last one first. */
  removeAreas(...areas: readonly (keyof typeof WAVES)[]): string[][] {
    return areas
      .toSorted((one, other) => WAVES[other] - WAVES[one])
      .map((area) => this.#files.find(({ name }) => name.endsWith(`-${area}.yaml`))?.name)
      .filter((name) => name !== undefined)
      .map((name) => ['delete', '-f', `${this.#folder}/${name}`, '--ignore-not-found', PATIENCE]);
  }
}

function stopArgo(estate: Estate): TeardownStage {
  const { gitops } = estate.configuration;
  const sets = estate.all('ApplicationSet');
  const fromSets = sets.flatMap((set) =>
    gitops.clusters.map(({ region }) => ({
      apiVersion: set.apiVersion,
      kind: 'Application',
      metadata: { ...set.metadata, name: `${set.metadata.name}-${region}` },
    })),
  );
  return {
    title: 'Stop Argo CD, which would restore what is changed',
    notes: ['In the cluster of Argo CD.'],
    commands: [
      ...sets.map((set) => ['delete', ...argumentsOf(set), '--ignore-not-found', '--cascade=orphan']),
      ...[...estate.applications, ...fromSets].map((application) =>
        patch(application, { spec: { syncPolicy: { automated: null } } }),
      ),
    ],
  };
}

function holdStill(estate: Estate): TeardownStage {
  const { primary } = estate.configuration;
  return {
    title: 'Have the operator hold still, with the declared primary writing',
    notes: [
      'In every cluster that runs an operator.',
      `If ${primary} is not the writer any more, declare the present one (primary: in the configuration) and start again.`,
    ],
    commands: estate
      .all('DisasterRecoveryPolicy')
      .flatMap((policy) => [
        patch(policy, { spec: { suspend: true } }),
        waitFor(policy, 'status.phase', 'Suspended'),
        waitFor(policy, 'status.primaryRegion', primary),
      ]),
  };
}

function removePolicy(estate: Estate): TeardownStage {
  return {
    title: 'Delete the policy, and what it paused goes on',
    notes: ['The policy in every cluster that runs an operator; the rest in the cluster with Crossplane.'],
    commands: [
      ...estate.all('DisasterRecoveryPolicy').map((policy) => remove(policy, POLICY_PATIENCE)),
      ...estate.databases.map((object) => ['annotate', ...argumentsOf(object), ...PAUSES]),
    ],
  };
}

function removeSurroundings(estate: Estate): TeardownStage {
  const { visibility, enabled } = estate.configuration.dns;
  const isPublic = enabled && visibility === 'Public';
  const zones = isPublic ? [] : estate.all('Zone');
  return {
    title: 'Delete functions, names and alarms',
    notes: [
      'Functions in a VPC take up to 40 min: Lambda keeps their network interfaces for so long.',
      ...(isPublic ? ['The public zone stays in AWS: a new one would have other name servers.'] : []),
    ],
    commands: [
      ...zones.map((zone) => patch(zone, { spec: { managementPolicies: ALL_POLICIES } })),
      ...estate.removeAreas('functions', 'dns', 'monitoring'),
    ],
  };
}

function liftProtection(estate: Estate): TeardownStage {
  const guarded = estate.databases.filter(({ kind }) => kind !== 'ClusterInstance');
  return {
    title: 'Lift the protection of the databases: from here on deleting an object deletes what it stands for',
    notes: [],
    commands: [
      ...estate.databases.map((object) =>
        patch(object, {
          spec: {
            managementPolicies: ALL_POLICIES,
            ...(guarded.includes(object) ? { forProvider: { deletionProtection: false } } : {}),
          },
        }),
      ),
      ...guarded.map((object) => waitFor(object, 'status.atProvider.deletionProtection', 'false')),
    ],
  };
}

function removeMember(estate: Estate, region: string): TeardownStage {
  const { deletion, names, primary } = estate.configuration;
  const snapshot = names.of('final-snapshot', region);
  return {
    title: `Delete the ${region === primary ? 'primary' : 'secondary'} in ${region}: its instances, then its cluster`,
    notes: deletion.finalSnapshot
      ? [
          `Leaves the snapshot ${snapshot}, of which there must be none yet. Afterwards:`,
          `aws rds describe-db-cluster-snapshots --region ${region} --db-cluster-snapshot-identifier ${snapshot}`,
        ]
      : ['Leaves no snapshot: deletion.finalSnapshot is false.'],
    commands: ['ClusterInstance', 'Cluster'].flatMap((kind) => estate.inRegion(kind, region).map((one) => remove(one))),
  };
}

function removeFoundation(estate: Estate): TeardownStage {
  const { deletion } = estate.configuration;
  const isKept = deletion.data === 'Allowed' && deletion.finalSnapshot;
  return {
    title: isKept ? 'Keep keys and password' : 'Delete the objects of keys and password',
    notes:
      deletion.data === 'Allowed'
        ? [
            isKept
              ? 'Nothing is done: deletion.data is Allowed, and without its key no snapshot can be read.'
              : 'Keys and password go with their objects, after their waiting time.',
          ]
        : ['Keys and password stay in AWS: without its key no snapshot can be read.'],
    commands: isKept ? [] : estate.removeAreas('foundation'),
  };
}

/**
 * How a set-up is taken down: operator, surroundings, secondaries, primary, global cluster, network. AWS refuses any other order
 * of the databases ("Deleting an Amazon Aurora global database" in the Aurora User Guide). Namespace and provider configuration
 * stay: deleting them first would leave objects that nobody can delete.
 */
export function teardownOf(props: TeardownProps): TeardownStage[] {
  const estate = new Estate(props);
  const { regions, primary } = props.configuration;
  const secondaries = regions.map(({ name }) => name).filter((name) => name !== primary);
  const stages: TeardownStage[] = [
    stopArgo(estate),
    holdStill(estate),
    removePolicy(estate),
    removeSurroundings(estate),
    liftProtection(estate),
    ...[...secondaries, primary].map((region) => removeMember(estate, region)),
    {
      title: 'Delete the global cluster, which is empty now, and what the clusters used',
      notes: [],
      commands: [...estate.all('GlobalCluster').map((one) => remove(one)), ...estate.removeAreas('database')],
    },
    { title: 'Delete the network', notes: [], commands: estate.removeAreas('peering', 'endpoints', 'network') },
    removeFoundation(estate),
  ];
  return stages.filter(
    ({ commands, notes }) => commands.length > 0 || notes.some((note) => note.startsWith('Nothing')),
  );
}

const quote = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** The stages as a shell script that takes the number of the stage to run: nobody runs it all by mistake. */
export function teardownScript(stages: readonly TeardownStage[]): string {
  const cases = stages.map(({ title, notes, commands }, index) =>
    [
      `  ${String(index + 1)}) # ${title}`,
      ...notes.map((note) => `    # ${note}`),
      ...(commands.length === 0 ? ['    :'] : commands.map((words) => `    kubectl ${words.map(quote).join(' ')}`)),
      '    ;;',
    ].join('\n'),
  );
  return [
    '#!/bin/sh',
    '# Takes the set-up down, one stage a call: sh teardown.sh 1, look, sh teardown.sh 2, ...',
    'set -eu',
    'case "${1:-}" in',
    ...cases,
    `  *) echo "usage: $0 STAGE, from 1 to ${String(stages.length)}; read each before you run it" >&2; exit 2 ;;`,
    'esac',
    '',
  ].join('\n');
}
