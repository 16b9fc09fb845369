import type {
  DataLossPolicy,
  FailoverMode,
  FencingMode,
  LossEstimate,
  Promotion,
} from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { FaultKind } from '../aws/world/fault-board.ts';
import type { LagCurve } from '../aws/world/lag-curve.ts';
import type { OperationDurations, OperationPlan } from '../aws/world/model.ts';
import type { WorldSettings } from '../aws/world/settings.ts';
import type { LinkState } from './network.ts';
import type { WitnessMode } from './simulated-probes.ts';
import type { InstallationProps } from './simulated-operator.ts';

/** What the operator is to do by itself while nothing is lost; times in milliseconds. */
export interface PlanProps {
  readonly failback?: {
    readonly stabilization: number;
    readonly windows: readonly { readonly schedule: string; readonly duration: string; readonly timeZone: string }[];
  };
  readonly drill?: { readonly mode: 'Simulate' | 'Switchover'; readonly schedule?: string };
}

/** What a seed makes of a policy; times in milliseconds. */
export interface PolicyProps {
  readonly regions: readonly { readonly name: string; readonly promotion: Promotion }[];
  readonly recoveryPoint: number;
  readonly interval: number;
  readonly timeout: number;
  readonly failureThreshold: number;
  readonly successThreshold: number;
  readonly quorum: number;
  readonly signals: readonly ('controlPlane' | 'endpoint' | 'replication' | 'http')[];
  /** Which of the signals ask the databases themselves. @default - none */
  readonly bySql?: { readonly endpoint: boolean; readonly replication: boolean };
  readonly maximumAge: number;
  readonly mode: FailoverMode;
  readonly dataLoss: DataLossPolicy;
  readonly estimate: LossEstimate;
  readonly maximumLagAge: number;
  readonly cooldown: number;
  readonly operationTimeout: number;
  readonly inRegionRecoveryLimit: number | undefined;
  readonly fencing: FencingMode;
  /** `spec.failover.priority`. @default - 0 */
  readonly priority?: number;
  readonly isPublishing: boolean;
  readonly isNotifying: boolean;
  /** @default - failback by hand and no drills */
  readonly plans?: PlanProps;
}

/** A region by name, or by the part it plays when the event comes. */
export type RegionRef = string;

/** Of a call to crash at: whichever it is. */
export const ANY_CALL = '';

/** What happens to the world, to a process, or by a person's hand. */
export type Action =
  /** The region is gone, writes and all. */
  | { readonly kind: 'loseRegion'; readonly region: RegionRef; readonly how: 'refuse' | 'blackhole' }
  /** The writer fails, and Aurora is at it (`status`), or has not noticed yet (`available`). */
  | { readonly kind: 'inRegionTrouble'; readonly status: string; readonly endpoint: 'refuse' | 'hang' }
  | { readonly kind: 'cut'; readonly sender: string; readonly place: string; readonly state: LinkState }
  | { readonly kind: 'severReplication'; readonly region: RegionRef }
  | {
      readonly kind: 'awsFault';
      readonly region: RegionRef;
      readonly action: string;
      readonly fault: FaultKind;
      readonly count?: number;
    }
  | { readonly kind: 'repeatCall'; readonly action: string }
  | { readonly kind: 'metricDelay'; readonly milliseconds: number }
  | { readonly kind: 'metricGap'; readonly region: RegionRef; readonly metrics: readonly string[] }
  | { readonly kind: 'lag'; readonly region: RegionRef; readonly lag: LagCurve }
  | { readonly kind: 'slowNetwork'; readonly most: number }
  | { readonly kind: 'apiUnavailable' }
  | { readonly kind: 'apiSilentWatches' }
  | { readonly kind: 'apiLateWatches'; readonly milliseconds: number }
  | { readonly kind: 'apiRestart'; readonly isCompacted: boolean }
  | { readonly kind: 'apiConflicts'; readonly every: number }
  | { readonly kind: 'crash'; readonly replica: number }
  | { readonly kind: 'crashAtCall'; readonly what: string; readonly nth: number; readonly when: 'before' | 'after' }
  | { readonly kind: 'restart'; readonly replica: number }
  /** Every replica is restarted, one after the other, with another number of shards. */
  | { readonly kind: 'reshard'; readonly shards: number }
  | { readonly kind: 'stall'; readonly replica: number; readonly how: 'pause' | 'suspend' }
  | { readonly kind: 'clockJump'; readonly replica: number; readonly milliseconds: number }
  | { readonly kind: 'witness'; readonly mode: WitnessMode }
  | { readonly kind: 'planOperation'; readonly plan: Partial<Omit<OperationPlan, 'durations'>> }
  | { readonly kind: 'annotate'; readonly annotations: Readonly<Record<string, string>> }
  | { readonly kind: 'edit'; readonly spec: Readonly<Record<string, unknown>> }
  | { readonly kind: 'deletePolicy' }
  | { readonly kind: 'console'; readonly call: 'failover' | 'switchover'; readonly region: RegionRef }
  | { readonly kind: 'engineVersion'; readonly region: RegionRef }
  | { readonly kind: 'headless'; readonly region: RegionRef }
  | { readonly kind: 'unsynchronized'; readonly region: RegionRef }
  | { readonly kind: 'editService' };

/** An action at a time, undone at another if it lasts; milliseconds since the trouble began. */
export interface ScenarioEvent {
  readonly at: number;
  readonly until?: number;
  readonly action: Action;
  /** The Kubernetes cluster whose API server or objects are meant. @default - every one */
  readonly site?: number;
  /** The policy, or its global cluster, that is meant. @default - the first */
  readonly policy?: number;
}

/** A Kubernetes cluster with an API server of its own and operators in it; it shares nothing with the others. */
export interface Site {
  /** `--region` of its operators. */
  readonly region?: string;
  readonly replicas: number;
}

/** Everything that a seed decides, as data: it can be printed, replayed and made smaller. */
export interface Scenario {
  readonly seed: number;
  readonly policy: PolicyProps;
  /** Policies for other global clusters of the same account and regions. */
  readonly otherPolicies: readonly PolicyProps[];
  readonly world: Pick<WorldSettings, 'metricPeriod' | 'metricDelay' | 'lagMetricOnLoss' | 'lagDimensions'> & {
    readonly lag: number;
    readonly durations: OperationDurations;
    readonly fence: OperationPlan['fence'];
  };
  readonly installation: InstallationProps & {
    /** Of all sites together, numbered from site to site. */
    readonly replicas: number;
    /** The same policies are applied in each. */
    readonly sites: readonly Site[];
    /** By replica: how far its wall clock is ahead. */
    readonly wallOffsets: readonly number[];
  };
  /** How long everything is well first. */
  readonly warmUp: number;
  readonly events: readonly ScenarioEvent[];
  /** How long nothing happens any more at the end. */
  readonly tail: number;
}

/** Actions by which the primary is harmed, or seems so to somebody: who misses an API server or a secondary does not miss it. */
export function isIncident(action: Action, scenario: Scenario): boolean {
  if (action.kind !== 'cut') {
    return ['loseRegion', 'inRegionTrouble', 'severReplication', 'witness'].includes(action.kind);
  }
  const [place, region] = action.place.split(':');
  const primaries = policiesOf(scenario).map(({ regions }) => regions[0]?.name);
  return place === 'witness' || region === 'primary' || primaries.includes(region);
}

export function policiesOf({ policy, otherPolicies }: Scenario): readonly PolicyProps[] {
  return [policy, ...otherPolicies];
}

/** The number of the site that a replica belongs to. */
export function siteOf(sites: readonly Site[], replica: number): number {
  let first = 0;
  for (let site = 0; site < sites.length; site += 1) {
    first += sites[site]?.replicas ?? 0;
    if (replica < first) return site;
  }
  return -1;
}

/** The numbers of a site's replicas. */
export function replicasOf(sites: readonly Site[], site: number): readonly number[] {
  const all = sites.flatMap(({ replicas }, index) => Array.from({ length: replicas }, () => index));
  return all.flatMap((index, replica) => (index === site ? [replica] : []));
}

/** By how much wall clocks may be off beyond what they were at first, by the jumps of some replicas; milliseconds. */
export function clockError({ events }: Scenario, replicas?: readonly number[]): number {
  return events.reduce((sum, { action }) => {
    const isMeant = action.kind === 'clockJump' && (replicas?.includes(action.replica) ?? true);
    return sum + (isMeant ? Math.abs(action.milliseconds) : 0);
  }, 0);
}

/** When the last event is over, milliseconds since the trouble began. */
export function troubleEnd({ events }: Scenario): number {
  return Math.max(0, ...events.map(({ at, until }) => until ?? at));
}

/** When an event is over, or has come to pass at a later call. */
export const endOf = ({ at, until, action }: ScenarioEvent): number => Math.max(until ?? at, at + comesWithin(action));

/** How long it may take until a call is made at which a process dies. */
function comesWithin(action: Action): number {
  if (action.kind !== 'crashAtCall') return 0;
  return action.what === ANY_CALL ? 150_000 : 60_000;
}

/** What people and API servers do in one Kubernetes cluster: in each of them, unless the event names one. */
export const OF_SITES: readonly Action['kind'][] = [
  'apiUnavailable',
  'apiSilentWatches',
  'apiLateWatches',
  'apiRestart',
  'apiConflicts',
  'annotate',
  'edit',
  'deletePolicy',
  'editService',
];

/** What is about one global cluster or its policy. */
export const OF_POLICIES: readonly Action['kind'][] = [
  'inRegionTrouble',
  'severReplication',
  'metricGap',
  'lag',
  'annotate',
  'edit',
  'deletePolicy',
  'console',
  'engineVersion',
  'headless',
  'unsynchronized',
  'editService',
  'apiConflicts',
];
