import type { CallerIdentity } from './caller-identity.ts';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { isForbidden } from '../../operator/runtime/kube-errors.ts';
import type { Round } from '../../operator/failover/observation.ts';

/** Something that was tried: what came of it, or why nothing did. */
export type Tried<T> = { readonly isDone: true; readonly value: T } | NotDone;

export interface NotDone {
  readonly isDone: false;
  readonly why: string;
  /** Kubernetes does not let this user look: that says nothing of what is there. */
  readonly isForbidden?: boolean;
}

/** What one region was asked besides what a round asks. */
export interface RegionFindings {
  readonly region: string;
  readonly identity: Tried<CallerIdentity>;
  /** RDS events, which tell of the fence; how many there were. */
  readonly events: Tried<number>;
  /** Snapshots of the cluster, which keep what an old primary had; how many there are. */
  readonly snapshots: Tried<number>;
}

/** A name, and where it leads. */
export interface NameFindings {
  /** Whose name it is, such as `writer endpoint of us-east-1`. */
  readonly what: string;
  readonly name: string;
  readonly addresses: Tried<readonly string[]>;
}

/** What is published, as the API server has it. */
export interface PublishedFindings {
  readonly kind: 'Service' | 'ConfigMap';
  readonly name: string;
  /** Where it sends clients. */
  readonly leadsTo: Tried<string>;
}

/** Everything that was seen from here. */
export interface Findings {
  readonly policy: DisasterRecoveryPolicy;
  /** When the operator last wrote the status, RFC 3339. */
  readonly statusWrittenAt: string | undefined;
  readonly now: number;
  /** Whether the user may ask for a failover: patch on the policy. */
  readonly mayAsk: Tried<boolean>;
  readonly regions: readonly RegionFindings[];
  readonly round: Round;
  readonly names: readonly NameFindings[];
  readonly published: readonly PublishedFindings[];
  readonly metricPeriodMilliseconds: number;
}

export async function tried<T>(work: Promise<T>): Promise<Tried<T>> {
  try {
    return { isDone: true, value: await work };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { isDone: false, why, isForbidden: isForbidden(error) };
  }
}
