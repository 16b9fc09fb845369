import { byPreference, type RegionAssessment } from './candidates.ts';
import type { Assessment, Finding } from './assess.ts';
import type { Instant, Round } from './observation.ts';
import type { Settings } from './settings.ts';

export interface AutomaticQuestion {
  readonly assessment: Assessment;
  readonly settings: Settings;
  readonly cooldownUntil?: Instant;
  readonly now: Instant;
}

/** Why no region can be chosen, each with its own reason: what a person must see at once. */
export function candidateObstacle(regions: readonly RegionAssessment[]): Finding {
  const others = byPreference(regions).filter((region) => region.role !== 'Primary');
  const details = others.map((region) => {
    const objection = region.unfit ?? region.excluded;
    return `${region.region}: ${objection?.message ?? 'fit'}`;
  });
  // A region that is fit but excluded names the policy's own limit, which is what can be changed.
  const excluded = others.find((region) => region.unfit === undefined && region.promotion !== 'Never')?.excluded;
  return {
    reason: excluded?.reason ?? 'NoCandidate',
    message: `no region can be promoted: ${details.join('; ')}`,
  };
}

/**
 * The rule for two operators in two clusters: the one in the primary's region never fails over automatically; of the
 * others only the one in the chosen target's region does.
 */
function operatorObstacle({ assessment, settings }: AutomaticQuestion): Finding | undefined {
  const own = settings.operatorRegion;
  const target = assessment.target?.region;
  if (own === undefined || target === undefined || own === target) {
    return undefined;
  }
  const where = own === assessment.topology.primaryRegion ? 'the primary’s region' : 'a region that is not the target';
  return {
    reason: 'WrongOperatorRegion',
    message: `this operator lives in ${own}, ${where}: the operator in ${target} is the one to fail over to it`,
  };
}

function permissionObstacles({ settings, cooldownUntil, now }: AutomaticQuestion): (Finding | undefined)[] {
  return [
    settings.isSuspended ? { reason: 'Suspended', message: 'spec.suspend is true' } : undefined,
    settings.mode === 'Manual' ? { reason: 'ManualMode', message: 'failover.mode is Manual' } : undefined,
    cooldownUntil !== undefined && now < cooldownUntil
      ? {
          reason: 'CooldownActive',
          message: `cooldown until ${new Date(cooldownUntil).toISOString()}; end it early with aurora-dr.io/acknowledge`,
        }
      : undefined,
  ];
}

/** Everything that keeps automation from failing over in this very round, most telling first; empty when nothing does. */
export function automaticObstacles(question: AutomaticQuestion): readonly Finding[] {
  const { assessment } = question;
  const { topology } = assessment;
  return [
    assessment.hold,
    assessment.veto,
    topology.dispute === undefined
      ? undefined
      : { reason: 'RolesDisputed', message: `it is not clear who the writer is: ${topology.dispute}` },
    topology.inFlight === undefined
      ? undefined
      : { reason: 'OperationInFlight', message: 'a switchover or failover is in flight already' },
    ...permissionObstacles(question),
    assessment.target === undefined ? candidateObstacle(assessment.regions) : undefined,
    operatorObstacle(question),
  ].filter((finding) => finding !== undefined);
}

/** A verdict is only as good as its round is young: after a pause of this process the next round decides. */
export function isTooOld(round: Round, settings: Settings, now: Instant): boolean {
  return now - round.completedAt > settings.intervalMilliseconds + settings.timeoutMilliseconds;
}

export type AutomaticVerdict =
  /** Nothing asks for a failover. */
  | { readonly kind: 'Calm' }
  /** A loss is suspected, and something is missing for automation to act. */
  | { readonly kind: 'Held'; readonly obstacles: readonly Finding[] }
  | { readonly kind: 'FailOver'; readonly target: RegionAssessment };

/** Whether to fail over by ourselves, on this round and nothing older. */
export function judgeAutomatic(question: AutomaticQuestion): AutomaticVerdict {
  const { assessment, settings, now } = question;
  const { incident, target, round, quorumRounds } = assessment;
  // A quorum that a serving primary outvotes has no incident, and still must be seen: it is held by that veto.
  if (!assessment.isQuorumFailing && (incident === undefined || assessment.hold === undefined)) {
    return { kind: 'Calm' };
  }
  const obstacles = [...automaticObstacles(question)];
  if (quorumRounds < settings.failureThreshold && assessment.hold === undefined) {
    const message = `${quorumRounds} of ${settings.failureThreshold} consecutive failing rounds`;
    obstacles.push({ reason: 'Confirming', message });
  }
  if (isTooOld(round, settings, now)) {
    obstacles.push({ reason: 'StaleObservation', message: 'the last round is too old to act on' });
  }
  return obstacles.length === 0 &&
    incident !== undefined &&
    target !== undefined &&
    quorumRounds >= settings.failureThreshold
    ? { kind: 'FailOver', target }
    : { kind: 'Held', obstacles };
}
