import type { NotificationKind } from '../../operator/notifications/notification.ts';
import { describeClusterState } from './cluster-state-code.ts';
import { HEALTH, type Health, type RegionState } from './region-state.ts';

/** What was told of a region before: what a state is compared with. */
export interface EarlierState {
  readonly health?: Health;
  readonly clusterState?: number;
  readonly isLagHigh?: boolean;
}

/** Something that changed, and that people hear of. */
export interface Finding {
  readonly kind: Extract<NotificationKind, 'ReplicationLagHigh' | 'ClusterStatusChange' | 'HealthCheckError'>;
  readonly region: string;
  /** Whether it tells the end of what was told before. */
  readonly isOver: boolean;
  readonly message: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

function healthFinding({ region, health, healthMessage }: RegionState, earlier: EarlierState): Finding | undefined {
  const before = earlier.health;
  const isOver = health === HEALTH.passing;
  const isNews = isOver
    ? before !== undefined && before !== HEALTH.passing
    : before !== health && !(before === HEALTH.failing && health === HEALTH.unchecked);
  const trouble = health === HEALTH.failing ? 'fails' : 'could not be made';
  return isNews
    ? {
        kind: 'HealthCheckError',
        region,
        isOver,
        message: isOver
          ? `the health check of ${region} passes again`
          : `the health check of ${region} ${trouble}: ${healthMessage}`,
        detail: { region, health },
      }
    : undefined;
}

function statusFinding({ region, clusterState }: RegionState, earlier: EarlierState): Finding | undefined {
  const before = earlier.clusterState;
  if (clusterState === undefined || before === undefined || clusterState === before) {
    return undefined;
  }
  const [from, to] = [describeClusterState(before), describeClusterState(clusterState)];
  return {
    kind: 'ClusterStatusChange',
    region,
    isOver: false,
    message: `the cluster in ${region} was ${from} and is ${to}`,
    detail: { region, from, to },
  };
}

function lagFinding(
  { region, isLagHigh, lagMilliseconds = 0 }: RegionState,
  earlier: EarlierState,
  thresholdMilliseconds: number,
): Finding | undefined {
  const isNews = isLagHigh === true ? earlier.isLagHigh !== true : isLagHigh === false && earlier.isLagHigh === true;
  return isNews
    ? {
        kind: 'ReplicationLagHigh',
        region,
        isOver: isLagHigh === false,
        message: `the replication lag of ${region} is ${lagMilliseconds} ms, the threshold ${thresholdMilliseconds} ms`,
        detail: { region, lagMilliseconds, thresholdMilliseconds },
      }
    : undefined;
}

/**
 * What there is to tell. Where nothing is known of before, what is wrong now is told, and a status is not: nobody can say
 * whether it changed.
 */
export function findingsOf(
  states: readonly RegionState[],
  earlier: ReadonlyMap<string, EarlierState>,
  lagThresholdMilliseconds: number,
): readonly Finding[] {
  return states.flatMap((state) => {
    const before = earlier.get(state.region) ?? {};
    return [
      healthFinding(state, before),
      statusFinding(state, before),
      lagFinding(state, before, lagThresholdMilliseconds),
    ].filter((finding) => finding !== undefined);
  });
}
