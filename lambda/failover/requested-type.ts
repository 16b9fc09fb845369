import type { Assessment } from '../../operator/failover/assess.ts';
import { isRegionAlive, readControlPlane, readEndpoint } from '../../operator/failover/direct-signals.ts';
import type { ForceRequest, ForceVerdict } from '../../operator/failover/force.ts';
import type { FailoverRequest } from './failover-request.ts';

/** The first failing check is known to the minute that it was put in, and took some seconds to fail. */
const LOSS_TIME_ACCURACY_MILLISECONDS = 90_000;

/**
 * Whether a secondary still received what was written after the primary fell silent: then the way to it is lost, and not
 * the primary. The operator calls it a veto. Nobody can tell before samples of that time arrive.
 */
function isStillReplicating({ signals, incident, round, topology }: Assessment): boolean {
  if (incident === undefined || isRegionAlive(round.regions[topology.primaryRegion ?? ''])) {
    return false;
  }
  const replication = signals.find(({ name }) => name === 'replication');
  const provenAt = replication?.state === 'Passing' ? replication.evidenceAt : undefined;
  return provenAt !== undefined && provenAt > incident.startedAt + LOSS_TIME_ACCURACY_MILLISECONDS;
}

/**
 * Whether the primary is seen lost: its control plane fails while a surviving region answers, its writer is not seen to
 * accept, and no secondary goes on receiving. A quorum of votes, which the operator's `Auto` wants, needs a memory that
 * no function has.
 */
function isPrimaryLost(assessment: Assessment): boolean {
  const { round, topology } = assessment;
  const { primaryRegion } = topology;
  return (
    primaryRegion !== undefined &&
    readControlPlane(round, primaryRegion).state === 'Failing' &&
    readEndpoint(round, primaryRegion).state !== 'Passing' &&
    !isStillReplicating(assessment)
  );
}

/**
 * The request in the brain's words. `auto` is the lossless switchover while every direct signal passes and the failover
 * when the primary is lost; the brain refuses what lies between, and a person has to say which.
 */
export function forceRequestOf(request: FailoverRequest, assessment: Assessment): ForceRequest {
  const { targetRegion, hasAcceptedDataLoss, type } = request;
  const named = { auto: 'Auto', switchover: 'Switchover', failover: 'Failover' }[type];
  const forceType = type === 'auto' && isPrimaryLost(assessment) ? 'Failover' : named;
  return { action: 'force-failover', value: targetRegion, forceType, hasAcceptedDataLoss };
}

type Refusal = Extract<ForceVerdict, { kind: 'Refuse' }>;

/** What the brain says to a person with kubectl, for one who invokes a function. */
export function refusalMessage({ reason, message }: Refusal, { signals, topology }: Assessment): string {
  switch (reason) {
    case 'DataLossNotAccepted':
      return 'a failover can lose what was not replicated: invoke again with "accept_data_loss": true';
    case 'PrimaryUnreachable':
      return (
        `RDS in ${topology.primaryRegion ?? 'the primary’s region'} does not answer, and a switchover needs a healthy ` +
        'primary: invoke again with "type": "failover" and "accept_data_loss": true'
      );
    case 'PromotionNever':
      return `the configuration says Never for that region: to go there all the same, add "accept_data_loss": true`;
    case 'TypeUndecided': {
      const seen = signals.map((signal) => `${signal.name} ${signal.state} (${signal.message})`).join('; ');
      return (
        'the primary is neither seen well, which a switchover needs, nor seen lost: invoke again with "type": "switchover" ' +
        `(no loss) or "type": "failover" (with "accept_data_loss": true); seen: ${seen}`
      );
    }
    case 'NoPrimary':
      return topology.dispute === undefined
        ? `${message}: no region that answers names a writer`
        : `the regions disagree about the writer: ${topology.dispute}; wait until they agree`;
    default:
      return message;
  }
}
