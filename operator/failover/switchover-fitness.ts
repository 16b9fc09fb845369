import type { Assessment, Finding } from './assess.ts';
import type { RegionAssessment } from './candidates.ts';
import type { Settings } from './settings.ts';

/** Something that speaks against a switchover that nobody asked for. */
export interface FitnessObjection extends Finding {
  /** Seen to be so; otherwise it could not be seen that it is not. */
  readonly isProven: boolean;
}

/** Reasons of a region's unfitness that say only that it could not be looked at. */
const UNSEEN: readonly string[] = ['NotObserved', 'EngineVersionUnknown'];

const proven = (reason: string, message: string): FitnessObjection => ({ isProven: true, reason, message });
const unseen = (reason: string, message: string): FitnessObjection => ({ isProven: false, reason, message });

function rolesObjection({ topology }: Assessment): FitnessObjection | undefined {
  if (topology.primaryRegion === undefined || !topology.isObserved) {
    return unseen('RolesNotObserved', 'no region described the global cluster in this round');
  }
  if (topology.dispute !== undefined) {
    return proven('RolesDisputed', `it is not clear who the writer is: ${topology.dispute}`);
  }
  return topology.inFlight === undefined
    ? undefined
    : proven('OperationInFlight', 'a switchover or failover is in flight in AWS');
}

/** A switchover needs both sides: the primary in every respect that is looked at. */
function primaryObjection({ topology, regions, signals, incident }: Assessment): FitnessObjection | undefined {
  const name = topology.primaryRegion ?? '';
  if (incident !== undefined) {
    return proven('PrimaryUnhealthy', `the primary in ${name} is not seen serving`);
  }
  const failing = signals.filter((signal) => signal.state === 'Failing');
  if (failing.length > 0) {
    return proven('SignalsFailing', failing.map((signal) => `${signal.name}: ${signal.message}`).join('; '));
  }
  const status = regions.find((region) => region.region === name)?.clusterStatus;
  if (status !== undefined && status !== 'available') {
    return proven('PrimaryNotAvailable', `the cluster in ${name} is "${status}", not "available"`);
  }
  const silent = signals.filter((signal) => signal.vantage === 'direct' && signal.state === 'Unknown');
  if (status === undefined || silent.length > 0) {
    const why = silent.map((signal) => `${signal.name}: ${signal.message}`).join('; ');
    return unseen('PrimaryNotObserved', why === '' ? `RDS in ${name} did not describe the cluster` : why);
  }
  return undefined;
}

function targetObjection(target: RegionAssessment | undefined, region: string): FitnessObjection | undefined {
  if (target?.unfit === undefined) {
    return target === undefined ? unseen('NotObserved', `${region} was not looked at`) : undefined;
  }
  const { reason, message } = target.unfit;
  return { isProven: !UNSEEN.includes(reason), reason, message: `${region}: ${message}` };
}

/** A secondary that is far behind makes the interruption long, and one of unknown lag may. */
function lagObjection(
  { loss, region }: RegionAssessment,
  { recoveryPointMilliseconds }: Settings,
): FitnessObjection | undefined {
  if (loss === undefined) {
    return unseen('LagUnknown', `${region}: its lag is unknown (no sample young enough), and unknown is not zero`);
  }
  return loss.lastKnownMilliseconds <= recoveryPointMilliseconds
    ? undefined
    : proven(
        'LagHigh',
        `${region}: its lag of ${loss.lastKnownMilliseconds} ms is above objectives.recoveryPoint of ${recoveryPointMilliseconds} ms`,
      );
}

/**
 * What speaks against a switchover to `region` in this very round: automation moves a writer that serves only when both
 * sides are seen to be well. Undefined: nothing does.
 */
export function switchoverObjection(
  assessment: Assessment,
  settings: Settings,
  region: string,
): FitnessObjection | undefined {
  const target = assessment.regions.find((candidate) => candidate.region === region);
  return (
    rolesObjection(assessment) ??
    primaryObjection(assessment) ??
    targetObjection(target, region) ??
    (target === undefined ? undefined : lagObjection(target, settings))
  );
}
