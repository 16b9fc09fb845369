/** How an invocation ended. */
export type FailoverStatus =
  /** The target is the writer and available: seen, not hoped for. */
  | 'completed'
  /** AWS shows a role change in flight that this invocation did not start; nothing was called. */
  | 'in_progress'
  /** Nothing was called. */
  | 'already_primary'
  /** Nothing was called: the request cannot be granted as it is. */
  | 'refused'
  /** AWS was asked, and ended it without the new writer. */
  | 'failed'
  /** AWS was asked, and no end was seen in time: it may still come. */
  | 'timed_out';

/** What the failover function answers, in the spelling of its request. */
export interface FailoverAnswer {
  readonly status: FailoverStatus;
  /** CamelCase, stable. */
  readonly reason: string;
  /** One sentence for a person, with what to do where there is something to do. */
  readonly message: string;
  readonly global_cluster: string;
  readonly target_region?: string;
  readonly from_region?: string;
  readonly type?: 'failover' | 'switchover';
  readonly operation_id?: string;
  /** What a failover loses by the last sample before the loss; absent: unknown, which is not zero. */
  readonly estimated_data_loss_ms?: number;
  /** The same plus that sample's age at the loss. */
  readonly worst_case_data_loss_ms?: number;
  readonly writer_endpoint?: string;
  /** From the start of the invocation. */
  readonly duration_ms: number;
}
