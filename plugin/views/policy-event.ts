/** An event about a policy. Times are RFC 3339 with milliseconds. */
export interface PolicyEvent {
  readonly firstAt: string;
  readonly lastAt: string;
  /** How often it was recorded. */
  readonly count: number;
  readonly isWarning: boolean;
  readonly reason: string;
  readonly note: string;
}
