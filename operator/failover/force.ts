import type { OperationType, RequestAction } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { Assessment, Finding } from './assess.ts';
import { byPreference, type RegionAssessment } from './candidates.ts';
import type { Settings } from './settings.ts';

/** A role change that a person asked for by annotation. */
export interface ForceRequest {
  readonly action: Extract<RequestAction, 'force-failover' | 'failback'>;
  /** A region, or `any`; for a failback `true`. */
  readonly value: string;
  readonly forceType: string;
  readonly hasAcceptedDataLoss: boolean;
}

export type ForceVerdict =
  | { readonly kind: 'Start'; readonly type: OperationType; readonly target: RegionAssessment }
  | ({ readonly kind: 'Refuse' } & Finding);

const FORCE_TYPES: readonly string[] = ['Auto', 'Switchover', 'Failover'];

const refuse = (reason: string, message: string): ForceVerdict => ({ kind: 'Refuse', reason, message });

interface Question {
  readonly request: ForceRequest;
  readonly assessment: Assessment;
  readonly settings: Settings;
}

function requestProblem({ request, assessment }: Question): Finding | undefined {
  const { topology } = assessment;
  if (!FORCE_TYPES.includes(request.forceType)) {
    return {
      reason: 'InvalidForceType',
      message: `aurora-dr.io/force-type is "${request.forceType}": use Auto, Switchover or Failover`,
    };
  }
  if (request.action === 'failback' && request.value !== 'true') {
    return { reason: 'InvalidValue', message: `aurora-dr.io/failback is "${request.value}": use "true"` };
  }
  if (topology.primaryRegion === undefined) {
    return {
      reason: 'NoPrimary',
      message: 'the present primary is not known yet, so nothing can be moved away from it',
    };
  }
  return topology.inFlight === undefined
    ? undefined
    : {
        reason: 'OperationInFlight',
        message: 'AWS shows a switchover or failover in flight: wait for its end, then ask again',
      };
}

/** The type that `Auto` stands for at this moment; undefined when the signals say neither. */
function automaticType({ assessment }: Question): OperationType | undefined {
  const direct = assessment.signals.filter((signal) => signal.vantage === 'direct');
  const judged = direct.length > 0 ? direct : assessment.signals;
  // The lossless type first: a primary that passes directly is not given up for what others say of it.
  if (judged.every((signal) => signal.state === 'Passing')) {
    return 'Switchover';
  }
  return assessment.isQuorumFailing ? 'Failover' : undefined;
}

function typeOf(question: Question): OperationType | undefined {
  const { request } = question;
  if (request.action === 'failback') {
    return 'Switchover';
  }
  return request.forceType === 'Auto' ? automaticType(question) : (request.forceType as OperationType);
}

/** Failback goes to the region that the policy prefers; without a preference to the first one. */
function failbackRegion({ assessment, settings }: Question): RegionAssessment | undefined {
  const preferred = settings.regions.find((region) => region.promotion === 'Prefer') ?? settings.regions[0];
  return assessment.regions.find((region) => region.region === preferred?.name);
}

/**
 * A person who accepts the loss may name a region whose synchronization AWS does not report: AWS itself then decides,
 * where automation would not guess.
 */
function isLeftToAws({ unfit, synchronizationStatus }: RegionAssessment, request: ForceRequest): boolean {
  return unfit?.reason === 'NotConnected' && synchronizationStatus === undefined && request.hasAcceptedDataLoss;
}

/** `any` means the best candidate: fit, not `Never`, and where possible one whose loss the policy permits. */
function bestCandidate({ assessment }: Question): RegionAssessment | undefined {
  const fit = byPreference(assessment.regions).filter(
    (region) => region.unfit === undefined && region.promotion !== 'Never',
  );
  return fit.find((region) => region.excluded === undefined) ?? fit[0];
}

function targetOf(question: Question): RegionAssessment | Finding {
  const { request, assessment } = question;
  if (request.action === 'force-failover' && request.value === 'any') {
    return (
      bestCandidate(question) ?? {
        reason: 'NoCandidate',
        message: `no region can be promoted: ${assessment.regions
          .filter((region) => region.role !== 'Primary')
          .map((region) => `${region.region}: ${(region.unfit ?? region.excluded)?.message ?? 'fit'}`)
          .join('; ')}`,
      }
    );
  }
  const named =
    request.action === 'failback'
      ? failbackRegion(question)
      : assessment.regions.find((region) => region.region === request.value);
  if (named === undefined) {
    const known = assessment.regions.map((region) => region.region).join(', ');
    return {
      reason: 'UnknownRegion',
      message: `"${request.value}" is not a region of this policy: use ${known} or any`,
    };
  }
  if (named.role === 'Primary') {
    return { reason: 'AlreadyPrimary', message: `${named.region} is the primary already` };
  }
  return named.unfit === undefined || isLeftToAws(named, request)
    ? named
    : { reason: 'TargetNotPromotable', message: `AWS would refuse ${named.region}: ${named.unfit.message}` };
}

function switchoverProblem({ assessment }: Question): Finding | undefined {
  const region = assessment.topology.primaryRegion ?? '';
  return assessment.round.regions[region]?.globalClusters.kind === 'noAnswer'
    ? {
        reason: 'PrimaryUnreachable',
        message:
          `RDS in ${region} does not answer, and a switchover needs a healthy primary: ` +
          'use aurora-dr.io/force-type: Failover with aurora-dr.io/accept-data-loss: "true"',
      }
    : undefined;
}

/**
 * A failback is never urgent, and the writer rests until its target has caught up. A lag that is not known, as in the first
 * minutes after a role change, keeps nobody from what they ask for: a switchover loses nothing.
 */
function lagProblem({ request, settings }: Question, { region, loss }: RegionAssessment): Finding | undefined {
  const lag = loss?.lastKnownMilliseconds ?? 0;
  return request.action === 'failback' && lag > settings.recoveryPointMilliseconds
    ? {
        reason: 'LagHigh',
        message:
          `the lag of ${region}, ${lag} ms, is above objectives.recoveryPoint of ${settings.recoveryPointMilliseconds} ms: ` +
          `wait until it has caught up, or set aurora-dr.io/force-failover: ${region} with aurora-dr.io/force-type: Switchover`,
      }
    : undefined;
}

/** What a request for this type still lacks. */
function typeProblem(question: Question, type: OperationType, target: RegionAssessment): Finding | undefined {
  if (type === 'Switchover') {
    return switchoverProblem(question) ?? lagProblem(question, target);
  }
  return question.request.hasAcceptedDataLoss
    ? undefined
    : {
        reason: 'DataLossNotAccepted',
        message:
          'a failover can lose what was not replicated: set aurora-dr.io/accept-data-loss: "true" together with aurora-dr.io/force-failover',
      };
}

/**
 * Judges a forced request. Force bypasses mode, thresholds, quorum, veto, cooldown and suspend; never a running
 * operation, never a target that AWS would refuse, never an unaccepted loss.
 */
export function judgeForce(question: Question): ForceVerdict {
  const problem = requestProblem(question);
  if (problem !== undefined) {
    return refuse(problem.reason, problem.message);
  }
  const target = targetOf(question);
  if (!('region' in target)) {
    return refuse(target.reason, target.message);
  }
  const type = typeOf(question);
  if (type === undefined) {
    const seen = question.assessment.signals.map((signal) => `${signal.name} ${signal.state}`).join(', ');
    return refuse(
      'TypeUndecided',
      `the signals neither allow a switchover (all direct ones Passing) nor prove a loss (quorum Failing): ${seen}; ` +
        'say which with aurora-dr.io/force-type: Switchover (no loss, needs the primary) or Failover (with accept-data-loss)',
    );
  }
  const missing = typeProblem(question, type, target);
  if (missing !== undefined) {
    return refuse(missing.reason, missing.message);
  }
  if (type === 'Switchover' && target.promotion === 'Never' && !question.request.hasAcceptedDataLoss) {
    return refuse(
      'PromotionNever',
      `the policy says promotion: Never for ${target.region}; to go there all the same, set aurora-dr.io/accept-data-loss: "true"`,
    );
  }
  return { kind: 'Start', type, target };
}
