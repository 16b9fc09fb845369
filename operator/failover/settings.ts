/**
 * A policy's spec in the units the brain computes with. Parsing happens once, at the edge (`controllers/`); the brain
 * never sees a duration string.
 */

import type {
  DataLossPolicy,
  DrillMode,
  FailoverMode,
  FencingMode,
  LossEstimate,
  Promotion,
  SignalName,
  Vantage,
} from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { MaintenanceWindow } from './maintenance-window.ts';
import type { Schedule } from './schedule.ts';

/** Where each class looks from. Two classes of one vantage can be wrong together, so a quorum needs two vantages. */
export const VANTAGE_OF: Readonly<Record<SignalName, Vantage>> = {
  controlPlane: 'direct',
  endpoint: 'direct',
  replication: 'secondary',
  http: 'witness',
};

export interface RegionSettings {
  readonly name: string;
  readonly clusterIdentifier: string;
  readonly promotion: Promotion;
}

/** One listed signal class. */
export interface SignalSettings {
  readonly name: SignalName;
  /**
   * Identifies what a Passing of this class means: a vote earned under another configuration does not count. Derived
   * from the signal's own part of the spec, so that an edit elsewhere (say `suspend`) keeps votes.
   */
  readonly configuration: string;
  /**
   * Milliseconds that may pass after a loss until this class can be Failing, beyond its rounds: 0 for a direct or http
   * class, the staleness limit plus a period plus the delivery delay for CloudWatch, plus an interval by SQL.
   */
  readonly delayMilliseconds: number;
}

/** How the writer returns by itself. */
export interface FailbackSettings {
  readonly stabilizationMilliseconds: number;
  /** Empty: at any time. */
  readonly windows: readonly MaintenanceWindow[];
}

/** Rehearsals. */
export interface DrillSettings {
  readonly mode: DrillMode;
  /** Absent: only on request. */
  readonly schedule?: Schedule;
  readonly maximumAgeMilliseconds: number;
}

export interface Settings {
  readonly globalClusterIdentifier: string;
  readonly regions: readonly RegionSettings[];
  /** Reported and alerted on, never a reason to act. */
  readonly recoveryTimeMilliseconds: number;
  readonly recoveryPointMilliseconds: number;
  readonly intervalMilliseconds: number;
  readonly timeoutMilliseconds: number;
  readonly failureThreshold: number;
  readonly successThreshold: number;
  readonly quorum: number;
  readonly signals: readonly SignalSettings[];
  /** `detection.signals.replication.maximumAge`; absent when the class is not listed. */
  readonly replicationMaximumAgeMilliseconds?: number;
  readonly mode: FailoverMode;
  readonly dataLoss: DataLossPolicy;
  readonly estimate: LossEstimate;
  readonly maximumLagAgeMilliseconds: number;
  readonly cooldownMilliseconds: number;
  readonly operationTimeoutMilliseconds: number;
  /** Absent: the in-region hold never ends by itself. */
  readonly inRegionRecoveryLimitMilliseconds?: number;
  readonly fencing: FencingMode;
  readonly isPublishing: boolean;
  readonly isSuspended: boolean;
  /** Absent in mode Manual: only a person asks for a failback. */
  readonly failback?: FailbackSettings;
  readonly drill?: DrillSettings;
  /** Schedules of the policy that cannot be followed, each with its field and why. */
  readonly scheduleProblems?: readonly string[];
  /** `--region`: where this operator lives; absent when it was not told, and the two-operator rule does not apply. */
  readonly operatorRegion?: string;
  /** How long reads must show no effect before an AWS call with an ambiguous answer is made again. */
  readonly unconfirmedReadWindowMilliseconds: number;
}

/** The settings of one configured region; undefined when the policy does not name it. */
export function regionSettings(settings: Settings, region: string): RegionSettings | undefined {
  return settings.regions.find((candidate) => candidate.name === region);
}

/** Whether `settings` lists the class. */
export function isListed(settings: Settings, name: SignalName): boolean {
  return settings.signals.some((signal) => signal.name === name);
}
