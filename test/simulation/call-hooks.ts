import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { MetricDatum } from '../../operator/aws/aws-gateway.ts';
import type { Output } from '../aws/world/actions/action.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** Something that came back to a process from the outside, as it was before the operator's own code read it. */
export type Evidence =
  /** AWS answered; undefined output: with an error of the caller's kind, such as throttling. */
  | { readonly kind: 'aws'; readonly region: string; readonly action: string; readonly output: Output | undefined }
  | { readonly kind: 'endpoint'; readonly region: string; readonly cluster: string }
  /** A secondary's reader told its lag, as it was computed at a moment; milliseconds since the Unix epoch. */
  | {
      readonly kind: 'lag';
      readonly region: string;
      readonly cluster: string;
      readonly at: number;
      readonly lagMilliseconds: number;
    }
  | { readonly kind: 'witness'; readonly url: string; readonly status: number };

/** A call to change roles. */
export interface RoleChangeCall {
  readonly action: string;
  readonly region: string;
  readonly targetArn: string;
  /** When it left the process, and the policy as it was on record then: it may arrive long after its caller gave up. */
  readonly sentAt: number;
  readonly policy: DisasterRecoveryPolicy | undefined;
}

/** Looks at every call of every process to the outside, and may end the process at it. */
export interface CallHooks {
  /** @returns whether the call leaves the process */
  beforeCall(process: SimulatedProcess, what: string): boolean;
  /** Runs at the far side, once a call took its effect. @returns whether an answer is sent */
  afterEffect(process: SimulatedProcess, what: string): boolean;
  /** Told of every answer that reaches a process. */
  onEvidence(process: SimulatedProcess, evidence: Evidence, sentAt: number): void;
  /** The policy whose roles a process's call to AWS changes, as it is on record now; undefined where none names the target. */
  policyOf(process: SimulatedProcess, targetArn: string): DisasterRecoveryPolicy | undefined;
  /** Told when AWS takes up a process's call to change roles, before it does. */
  onRoleChange(process: SimulatedProcess, call: RoleChangeCall): void;
  /** Told of every metric that a process puts, as it leaves it. */
  onMetrics(process: SimulatedProcess, metrics: readonly MetricDatum[]): void;
}
