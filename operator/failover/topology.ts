import type { RegionRole } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { defined } from './defined.ts';
import type { FailoverStateView, GlobalClusterMemberView, GlobalClusterView, Round } from './observation.ts';
import type { RegionSettings, Settings } from './settings.ts';

export interface ClusterName {
  readonly region: string;
  readonly identifier: string;
}

/** ARNs that are remembered at most: a round reads the same few a dozen times. */
const MAXIMUM_REMEMBERED = 4096;
const remembered = new Map<string, ClusterName | undefined>();

/** Parses `arn:aws:rds:REGION:ACCOUNT:cluster:IDENTIFIER`; undefined for anything else. */
export function parseClusterArn(arn: string): ClusterName | undefined {
  const known = remembered.get(arn);
  if (known !== undefined) {
    return known;
  }
  const name = readClusterArn(arn);
  if (remembered.size >= MAXIMUM_REMEMBERED) {
    remembered.clear();
  }
  remembered.set(arn, name);
  return name;
}

function readClusterArn(arn: string): ClusterName | undefined {
  const [scheme, , service, region, , kind, identifier] = arn.split(':');
  return scheme === 'arn' && service === 'rds' && kind === 'cluster' && region && identifier
    ? { region, identifier }
    : undefined;
}

/** An operation that some region's RDS shows as in flight, whoever started it. */
export interface InFlightOperation extends FailoverStateView {
  /** The region whose RDS shows it. */
  readonly seenIn: string;
  readonly isSwitchover: boolean;
  readonly fromRegion?: string;
  readonly toRegion?: string;
}

export interface MemberAssessment {
  readonly region: string;
  readonly clusterIdentifier: string;
  readonly clusterArn?: string;
  readonly role: RegionRole;
  readonly synchronizationStatus?: string;
}

/** Who is what, as far as the answers of this round and the record together prove. */
export interface Topology {
  /** The region whose cluster is the writer; the recorded one where this round proves nothing else. */
  readonly primaryRegion?: string;
  /** The regions disagree about who the writer is, or name one that the policy does not: nothing automatic may start. */
  readonly dispute?: string;
  /** At least one region described the global cluster in this round. */
  readonly isObserved: boolean;
  readonly members: Readonly<Record<string, MemberAssessment>>;
  readonly inFlight?: InFlightOperation;
  /** Engine version of the global cluster, where a region says it. */
  readonly engineVersion?: string;
}

export interface TopologyQuestion {
  readonly round: Round;
  readonly settings: Settings;
  /** The writer's region according to the persisted status. */
  readonly recordedPrimary?: string;
  /** An old primary that has not re-joined: its own word alone does not make it the writer again. */
  readonly distrustedRegion?: string;
}

const isSame = (region: RegionSettings, name: ClusterName | undefined): boolean =>
  name?.region === region.name && name.identifier === region.clusterIdentifier;

function memberOf(view: GlobalClusterView | undefined, region: RegionSettings): GlobalClusterMemberView | undefined {
  return view?.members.find(
    ({ clusterArn }) => clusterArn.includes(region.name) && isSame(region, parseClusterArn(clusterArn)),
  );
}

/** The region that this view calls the writer's; undefined unless exactly one configured member is. */
export function writerIn(view: GlobalClusterView | undefined, settings: Pick<Settings, 'regions'>): string | undefined {
  const writers = settings.regions.filter((region) => memberOf(view, region)?.isWriter === true);
  return writers.length === 1 ? writers[0]?.name : undefined;
}

type Claims = ReadonlyMap<string, string>;

function claimsOf({ round, settings }: TopologyQuestion): Claims {
  const claims = new Map<string, string>();
  for (const region of settings.regions) {
    const writer = writerIn(round.regions[region.name]?.globalCluster, settings);
    if (writer !== undefined) {
      claims.set(region.name, writer);
    }
  }
  return claims;
}

/**
 * Whether the answers prove that the writer is now `region` and no longer the recorded one: the new writer's own region
 * says so, the old one's does not contradict, and an old primary that was failed away from needs a second region's word.
 */
function isProvenWriter(region: string, question: TopologyQuestion, claims: Claims): boolean {
  const { recordedPrimary, distrustedRegion } = question;
  const supporters = [...claims.values()].filter((writer) => writer === region).length;
  const isContradicted = recordedPrimary !== undefined && claims.get(recordedPrimary) === recordedPrimary;
  return claims.get(region) === region && !isContradicted && (region !== distrustedRegion || supporters >= 2);
}

/** A writer that some region names and that is no cluster of this policy: whatever is recorded, it is elsewhere. */
function foreignWriter({ round, settings }: TopologyQuestion): string | undefined {
  for (const { name } of settings.regions) {
    const writers = round.regions[name]?.globalCluster?.members.filter((member) => member.isWriter) ?? [];
    const foreign = writers.find(({ clusterArn }) => {
      const cluster = parseClusterArn(clusterArn);
      return !settings.regions.some((region) => isSame(region, cluster));
    });
    if (foreign !== undefined) {
      return `${name} says ${foreign.clusterArn}, which spec.regions does not name`;
    }
  }
  return undefined;
}

function describeClaims(claims: Claims): string {
  return [...claims].map(([region, writer]) => `${region} says ${writer}`).join(', ');
}

interface PrimaryFinding {
  readonly primaryRegion?: string;
  readonly dispute?: string;
}

function findPrimary(question: TopologyQuestion, claims: Claims): PrimaryFinding {
  const { recordedPrimary } = question;
  const claimed = [...new Set(claims.values())];
  if (recordedPrimary === undefined) {
    const [only, ...others] = claimed;
    if (only === undefined) {
      return {};
    }
    return others.length === 0 ? { primaryRegion: only } : { dispute: describeClaims(claims) };
  }
  const contenders = claimed.filter((region) => region !== recordedPrimary);
  if (contenders.length === 0) {
    return { primaryRegion: recordedPrimary };
  }
  const proven = contenders.filter((region) => isProvenWriter(region, question, claims));
  const [winner] = proven;
  return proven.length === 1 && winner !== undefined
    ? { primaryRegion: winner }
    : { primaryRegion: recordedPrimary, dispute: describeClaims(claims) };
}

/** A failover or switchover in flight. Statuses are compared loosely: enum and prose of the AWS documents disagree. */
function inFlightIn(region: string, view: GlobalClusterView): InFlightOperation | undefined {
  const state = view.failoverState;
  if (state === undefined && !/(failing|switching)-?over/i.test(view.status)) {
    return undefined;
  }
  const { status, isDataLossAllowed, fromClusterArn = '', toClusterArn = '' } = state ?? { status: view.status };
  return defined({
    ...state,
    status,
    seenIn: region,
    isSwitchover: isDataLossAllowed === undefined ? /switching/i.test(`${view.status} ${status}`) : !isDataLossAllowed,
    fromRegion: parseClusterArn(fromClusterArn)?.region,
    toRegion: parseClusterArn(toClusterArn)?.region,
  });
}

function findInFlight({ round, settings }: TopologyQuestion): InFlightOperation | undefined {
  const found = settings.regions.flatMap(({ name }) => {
    const view = round.regions[name]?.globalCluster;
    const operation = view === undefined ? undefined : inFlightIn(name, view);
    return operation === undefined ? [] : [operation];
  });
  // The target's own region knows best; the lost region's answers may be stale.
  return found.find((operation) => operation.toRegion === operation.seenIn) ?? found[0];
}

function roleOf(region: string, member: GlobalClusterMemberView | undefined, primary: string | undefined): RegionRole {
  if (member === undefined) {
    return 'Missing';
  }
  return region === primary ? 'Primary' : 'Secondary';
}

function assessMember(
  region: RegionSettings,
  question: TopologyQuestion,
  primary: string | undefined,
): MemberAssessment {
  const { round, settings } = question;
  const views = [region.name, primary ?? '', ...settings.regions.map(({ name }) => name)].map(
    (name) => round.regions[name]?.globalCluster,
  );
  const member = views.map((view) => memberOf(view, region)).find((found) => found !== undefined);
  return defined({
    region: region.name,
    clusterIdentifier: region.clusterIdentifier,
    clusterArn: member?.clusterArn ?? round.regions[region.name]?.cluster?.arn,
    role: roleOf(region.name, member, primary),
    synchronizationStatus: member?.synchronizationStatus,
  });
}

/** Reads the roles out of one round's answers. */
export function readTopology(question: TopologyQuestion): Topology {
  const { round, settings } = question;
  const views = settings.regions.flatMap(({ name }) => round.regions[name]?.globalCluster ?? []);
  const finding = findPrimary(question, claimsOf(question));
  return defined({
    ...finding,
    dispute: finding.dispute ?? foreignWriter(question),
    isObserved: views.length > 0,
    members: Object.fromEntries(
      settings.regions.map((region) => [region.name, assessMember(region, question, finding.primaryRegion)]),
    ),
    inFlight: findInFlight(question),
    engineVersion: views.find((view) => view.engineVersion !== undefined)?.engineVersion,
  });
}
