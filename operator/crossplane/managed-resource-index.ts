import type { Clock } from '../runtime/clock.ts';
import type { KubeClient } from '../runtime/kube-client.ts';
import { isForbidden } from '../runtime/kube-errors.ts';
import type { ResourceDiscovery } from '../runtime/resource-discovery.ts';
import { keyOf, type KubeObject, type ResourceType } from '../runtime/resource.ts';
import type { ListingState } from './drift-report.ts';
import { isManagedKind, MANAGED_GROUPS, readManagedResource, type ManagedResource } from './managed-resource.ts';
import type { ObservedMember } from './role-drift.ts';

/** A listing serves this long in ordinary times. */
const MAXIMUM_AGE_MILLISECONDS = 5 * 60_000;
/** Without Crossplane installed it is looked for this often. */
const ABSENT_AGE_MILLISECONDS = 10 * 60_000;
/** While resources are held, people want new declarations to be seen soon: at most a twentieth of the time goes to it. */
const HELD_AGE_MILLISECONDS = 15_000;
const HELD_AGE_PER_DURATION = 20;
/** Between the end of a listing and the start of the next, however many ask. */
const REST_MILLISECONDS = 1_000;
const LONGEST_RETRY_MILLISECONDS = 60_000;
const PAGE_SIZE = 250;

export interface ManagedResourceIndexProps {
  readonly kube: Pick<KubeClient, 'list'> & ResourceDiscovery;
  readonly clock: Clock;
  /** Where namespaced resources are looked for. @default - in all namespaces */
  readonly namespace?: string | undefined;
  readonly onError: (error: unknown) => void;
}

/** Whose resources are asked for. */
export interface ResourceQuery {
  readonly globalClusterIdentifier: string;
  readonly members: readonly ObservedMember[];
  readonly account?: string;
}

interface Snapshot {
  /** Monotonic. */
  readonly startedAt: number;
  readonly completedAt: number;
  readonly isInstalled: boolean;
  readonly forbidden: readonly string[];
  /** By what each is looked for. */
  readonly resources: ReadonlyMap<string, readonly ManagedResource[]>;
}

const idOf = ({ type, namespace, name }: ManagedResource): string =>
  `${type.group}/${type.plural}/${keyOf({ metadata: { namespace, name } })}`;
const clusterKey = (region: string, identifier: string): string => `cluster ${region}/${identifier}`;
const globalKey = (identifier: string): string => `global ${identifier}`;
const instanceKey = (region: string, identifier: string): string => `instance ${region}/${identifier}`;
const referenceKey = (group: string, namespace: string | undefined, name: string): string =>
  `reference ${group}/${namespace ?? ''}/${name}`;

/** What a resource is found by; nothing for one that has no name in AWS yet. */
function keysOf(resource: ManagedResource): string[] {
  const { kind, region, externalName, clusterIdentifier, clusterReference, type, namespace } = resource;
  if (kind === 'ClusterInstance') {
    if (clusterIdentifier !== undefined) {
      return [instanceKey(region, clusterIdentifier)];
    }
    return clusterReference === undefined ? [] : [referenceKey(type.group, namespace, clusterReference)];
  }
  if (externalName === undefined) {
    return [];
  }
  return [kind === 'Cluster' ? clusterKey(region, externalName) : globalKey(externalName)];
}

function accountOf(arn: string | undefined): string | undefined {
  const account = arn?.split(':')[4];
  return account === '' ? undefined : account;
}

function indexed(resources: readonly ManagedResource[]): Map<string, ManagedResource[]> {
  const index = new Map<string, ManagedResource[]>();
  for (const resource of resources) {
    for (const key of keysOf(resource)) {
      const known = index.get(key);
      if (known === undefined) {
        index.set(key, [resource]);
      } else {
        known.push(resource);
      }
    }
  }
  return index;
}

/**
 * The RDS managed resources of this API server, listed once for all policies: each kind of each group in the version that
 * the server prefers, page by page, and kept as a few fields each. Nobody waits for a listing: whoever looks sees the
 * last one, brought up to date by what was written since.
 */
export class ManagedResourceIndex {
  readonly #props: ManagedResourceIndexProps;
  #snapshot: Snapshot | undefined;
  /** What was written, or found to be gone, since the last listing began; by id. */
  readonly #written = new Map<string, { readonly at: number; readonly resource: ManagedResource | undefined }>();
  #isListing = false;
  #notBefore = -Infinity;
  #failures = 0;
  #failure: string | undefined;

  constructor(props: ManagedResourceIndexProps) {
    this.#props = props;
  }

  get state(): ListingState {
    return {
      isListed: this.#snapshot !== undefined,
      isInstalled: this.#snapshot?.isInstalled ?? false,
      forbidden: this.#snapshot?.forbidden ?? [],
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }

  /**
   * Asks for a listing that is young enough; returns at once.
   *
   * @param isHolding resources are being held: a new declaration is to be seen soon
   * @param since monotonic; a listing that began before it is too old whatever its age
   */
  freshen(isHolding: boolean, since = -Infinity): void {
    const now = this.#props.clock.monotonic();
    if (this.#isListing || now < this.#notBefore || !this.#isOutdated(now, isHolding, since)) {
      return;
    }
    this.#isListing = true;
    void this.#refresh(now).finally(() => {
      this.#isListing = false;
    });
  }

  /** The resources that describe these members, their instances, or the global cluster. */
  find({ globalClusterIdentifier, members, account }: ResourceQuery): ManagedResource[] {
    const clusters = members.flatMap(({ region, clusterIdentifier }) =>
      this.#at(clusterKey(region, clusterIdentifier)),
    );
    const instances = members.flatMap(({ region, clusterIdentifier }) =>
      this.#at(instanceKey(region, clusterIdentifier)),
    );
    const found = [
      ...this.#at(globalKey(globalClusterIdentifier)),
      ...clusters,
      ...instances,
      ...clusters.flatMap(({ type, namespace, name }) => this.#at(referenceKey(type.group, namespace, name))),
    ];
    return found.filter(({ arn }) => {
      const own = accountOf(arn);
      return own === undefined || account === undefined || own === account;
    });
  }

  /** Takes what the API server answered to a write or a read of one resource; undefined when it is gone. */
  note(known: ManagedResource, now: ManagedResource | undefined): void {
    this.#written.set(idOf(known), { at: this.#props.clock.monotonic(), resource: now });
  }

  #at(key: string): ManagedResource[] {
    const listed = this.#snapshot?.resources.get(key) ?? [];
    return listed.flatMap((resource) => {
      const written = this.#written.get(idOf(resource));
      return written === undefined ? [resource] : (written.resource ?? []);
    });
  }

  #isOutdated(now: number, isHolding: boolean, since: number): boolean {
    const snapshot = this.#snapshot;
    if (snapshot === undefined || snapshot.startedAt < since) {
      return true;
    }
    const duration = snapshot.completedAt - snapshot.startedAt;
    const heldAge = Math.max(
      HELD_AGE_MILLISECONDS,
      Math.min(MAXIMUM_AGE_MILLISECONDS, HELD_AGE_PER_DURATION * duration),
    );
    const usualAge = snapshot.isInstalled ? MAXIMUM_AGE_MILLISECONDS : ABSENT_AGE_MILLISECONDS;
    return now - snapshot.startedAt >= (isHolding ? heldAge : usualAge);
  }

  /** Never rejects. */
  async #refresh(startedAt: number): Promise<void> {
    const { clock, onError } = this.#props;
    try {
      const { isInstalled, forbidden, resources } = await this.#list();
      const completedAt = clock.monotonic();
      this.#snapshot = { startedAt, completedAt, isInstalled, forbidden, resources: indexed(resources) };
      this.#failure = undefined;
      this.#failures = 0;
      // As long again as it took: however many ask, the API server is left alone half of the time.
      this.#notBefore = completedAt + Math.max(REST_MILLISECONDS, completedAt - startedAt);
      for (const [id, { at }] of this.#written) {
        if (at < startedAt) {
          this.#written.delete(id);
        }
      }
    } catch (error) {
      this.#failures += 1;
      this.#failure = error instanceof Error ? error.message : String(error);
      const delay = Math.min(LONGEST_RETRY_MILLISECONDS, REST_MILLISECONDS * 2 ** (this.#failures - 1));
      this.#notBefore = clock.monotonic() + delay;
      onError(error);
    }
  }

  async #list(): Promise<{ isInstalled: boolean; forbidden: string[]; resources: ManagedResource[] }> {
    const types: ResourceType[] = [];
    for (const group of MANAGED_GROUPS) {
      const served = await this.#props.kube.discover(group);
      types.push(...served.filter(({ kind }) => isManagedKind(kind)));
    }
    const forbidden: string[] = [];
    const resources: ManagedResource[] = [];
    for (const type of types) {
      try {
        await this.#listKind(type, resources);
      } catch (error) {
        if (!isForbidden(error)) {
          throw error;
        }
        forbidden.push(`${type.plural}.${type.group}`);
      }
    }
    return { isInstalled: types.length > 0, forbidden, resources };
  }

  async #listKind(type: ResourceType, resources: ManagedResource[]): Promise<void> {
    const { kube, namespace } = this.#props;
    const scope = type.namespaced ? { namespace } : {};
    let position: string | undefined;
    do {
      const page = await kube.list<KubeObject>(type, { ...scope, limit: PAGE_SIZE, continue: position });
      for (const object of page.items) {
        const resource = readManagedResource(type, object);
        if (resource !== undefined) {
          resources.push(resource);
        }
      }
      position = page.continue;
    } while (position !== undefined);
  }
}
