import type { Instant, LagSample } from './observation.ts';
import type { Settings } from './settings.ts';

/** What a failover at this moment would lose, as far as anything observable tells. */
export interface LossEstimate {
  /** The last known lag before the loss, milliseconds: what the newest sample says was not replicated. */
  readonly lastKnownMilliseconds: number;
  /** Lag plus the sample's age at the loss: nothing older can be missing. */
  readonly worstCaseMilliseconds: number;
  readonly sampleEnd: Instant;
}

/** The newest of the samples that end at or before `reference`: later ones show the outage, not the loss. */
export function newestAtOrBefore(samples: readonly LagSample[], reference: Instant): LagSample | undefined {
  return samples
    .filter((sample) => sample.periodEnd <= reference)
    .reduce<LagSample | undefined>(
      (newest, sample) => (newest === undefined || sample.periodEnd >= newest.periodEnd ? sample : newest),
      undefined,
    );
}

/** Undefined means unknown, which is never zero: no sample, or one older at the loss than `failover.maximumLagAge`. */
export function estimateLoss(
  sample: LagSample | undefined,
  lossAt: Instant,
  settings: Settings,
): LossEstimate | undefined {
  if (sample === undefined) {
    return undefined;
  }
  const age = Math.max(0, lossAt - sample.periodEnd);
  return age > settings.maximumLagAgeMilliseconds
    ? undefined
    : {
        lastKnownMilliseconds: sample.lagMilliseconds,
        worstCaseMilliseconds: sample.lagMilliseconds + age,
        sampleEnd: sample.periodEnd,
      };
}

/** Why automation may not accept this loss; undefined when `failover.dataLoss` permits it. */
export function lossObjection(
  estimate: LossEstimate | undefined,
  settings: Settings,
): { readonly reason: string; readonly message: string } | undefined {
  if (settings.dataLoss === 'Forbid') {
    return { reason: 'DataLossForbidden', message: 'failover.dataLoss is Forbid: a failover can always lose data' };
  }
  if (estimate === undefined) {
    return {
      reason: 'LagUnknown',
      message: 'the replication lag before the loss is unknown (no sample young enough), and unknown is not zero',
    };
  }
  if (settings.dataLoss === 'Allow') {
    return undefined;
  }
  const judged = settings.estimate === 'WorstCase' ? estimate.worstCaseMilliseconds : estimate.lastKnownMilliseconds;
  return judged <= settings.recoveryPointMilliseconds
    ? undefined
    : {
        reason: 'LagAboveRecoveryPoint',
        message: `the estimated loss of ${judged} ms (${settings.estimate}) is above objectives.recoveryPoint of ${settings.recoveryPointMilliseconds} ms`,
      };
}
