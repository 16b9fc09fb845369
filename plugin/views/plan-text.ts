import { findCondition } from '../../operator/api/v1alpha1/conditions.ts';
import type { DisasterRecoveryPolicy, RegionStatus } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { hanging } from './layout.ts';
import type { ViewStyle } from './status-view.ts';
import { spanText } from './time-text.ts';

/** What a person should know before the writer is moved. */
export interface MovePlan {
  readonly policy: DisasterRecoveryPolicy;
  readonly type: 'Failover' | 'Switchover' | 'either';
  /** A region, or `any`. */
  readonly target: string;
  readonly now: number;
}

/** What a failover would lose: the newest lag at or before the loss, and at worst as if nothing had come since. */
function lossLine({ policy, now }: MovePlan, target: RegionStatus): string {
  const { replicationLagMilliseconds: lag, lagSampleTime } = target;
  if (lag === undefined || lagSampleTime === undefined) {
    return 'unknown: no lag sample; unknown is not none';
  }
  const lostAt = policy.status?.incident === undefined ? now : Date.parse(policy.status.incident.startedAt);
  const age = Math.max(0, lostAt - Date.parse(lagSampleTime));
  return `about ${spanText(lag)} of writes, at worst ${spanText(lag + age)} (lag of ${target.name} when status was written)`;
}

function targetsOf({ policy, target }: MovePlan): readonly RegionStatus[] {
  const { regions = [], primaryRegion } = policy.status ?? {};
  return regions.filter(({ name }) => (target === 'any' ? name !== primaryRegion : name === target));
}

function warningsOf({ policy, type }: MovePlan): string[] {
  const { spec, status } = policy;
  const health = findCondition(status?.conditions, 'PrimaryHealthy')?.status;
  const primary = status?.primaryRegion ?? 'the primary';
  if (type === 'Switchover') {
    return health === 'False' ? [`${primary} is not seen serving: a switchover needs it, a failover does not`] : [];
  }
  return [
    ...(type === 'Failover' && health === 'True'
      ? [`${primary} is seen serving: a switchover would lose nothing`]
      : []),
    ...(spec.fencing.mode === 'None'
      ? ['fencing.mode is None: clients keep the old name until the new one is known']
      : []),
  ];
}

/** What is about to happen. */
export function planLines(plan: MovePlan, { paint, width }: ViewStyle): string[] {
  const { policy, type } = plan;
  const { metadata, spec, status } = policy;
  const what = {
    Failover: 'FAILOVER',
    Switchover: 'SWITCHOVER',
    either: 'FAILOVER OR SWITCHOVER, as the signals say,',
  }[type];
  const targets = targetsOf(plan).map(
    ({ name, promotable, reason }) => `${name} (${promotable ? 'can take over' : `NOT fit: ${reason ?? 'unknown'}`})`,
  );
  const losses =
    type === 'Switchover'
      ? []
      : targetsOf(plan)
          .slice(0, 1)
          .map((target) => lossLine(plan, target));
  return [
    paint.bold(`${what} of ${metadata.namespace}/${metadata.name}, global cluster ${spec.globalClusterIdentifier}`),
    ...hanging('  from   ', status?.primaryRegion ?? 'unknown', width),
    ...hanging('  to     ', targets.join(' or ') || plan.target, width),
    ...losses.flatMap((loss) => hanging('  loses  ', loss, width, paint.warning)),
    ...(type === 'Switchover' ? ['  loses  nothing; writes rest while the roles are changed'] : []),
    ...warningsOf(plan).flatMap((warning) => hanging('  !      ', warning, width, paint.bad)),
    '',
  ];
}
