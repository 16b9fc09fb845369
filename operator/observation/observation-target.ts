import type { AwsAccount } from '../aws/account.ts';
import type { DatabaseLogin, HeartbeatTable } from './probes.ts';

export interface TargetRegion {
  readonly name: string;
  readonly clusterIdentifier: string;
}

export interface TargetEndpoint {
  readonly region: string;
  readonly host: string;
  readonly port: number;
  /** Probed by a login and a query. @default - that it accepts a connection is enough */
  readonly login?: DatabaseLogin;
  /** Written to as well, with `login`. @default - nothing is written */
  readonly heartbeat?: HeartbeatTable;
}

/** What one policy wants to have observed. */
export interface ObservationTarget {
  /** The policy's key: one target for each. */
  readonly key: string;
  readonly account: AwsAccount;
  readonly globalClusterIdentifier: string;
  readonly regions: readonly TargetRegion[];
  /** Of rounds that start together those of a higher priority start first. @default - 0 */
  readonly priority?: number;
  /** From the start of one round to the start of the next. */
  readonly intervalMilliseconds: number;
  /** A round is over after this long, whatever has not answered by then. Below the interval. */
  readonly timeoutMilliseconds: number;
  /** Probes of each round, at most one for each region. */
  readonly endpoints: readonly TargetEndpoint[];
  readonly witness?: { readonly url: string };
  /** Whether the secondaries' replication lag is asked for. */
  readonly isReplicationWatched: boolean;
  /** The lag is read from the secondaries' own readers, every round. @default - from CloudWatch */
  readonly lagLogin?: DatabaseLogin;
  /** CloudWatch is asked for the lag every round instead of once per metric period. */
  readonly isUnderSuspicion: boolean;
  /** No rounds while true; what is known stays. */
  readonly isPaused?: boolean;
}
