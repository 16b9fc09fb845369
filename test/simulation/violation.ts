/** The invariants, as the documentation of the failure model numbers them. */
export const INVARIANTS = {
  'serving-primary': 'no automatic operation while a vantage with a vote saw the primary serving',
  'in-region-recovery': "no automatic operation while the primary region's RDS was seen alive",
  'confirmed-loss': 'no automatic operation before the loss was confirmed for failureThreshold rounds',
  'one-effect': 'an operation takes effect at most once, and only after it was registered',
  'one-incident': 'a loss is answered by at most one automatic operation that takes effect',
  'forced-request': 'a forced request takes effect once, or is refused with a reason',
  'fit-target': 'no automatic target that is unhealthy, unsynchronised, forbidden or of another patch level',
  'known-loss': 'unknown lag is never treated as zero, and no loss beyond what the policy permits',
  'permitted-loss': 'no lossy operation that neither policy nor person permitted',
  'switchover-stays': 'a switchover never becomes a failover',
  'held-automation': 'suspend, Manual and cooldown are honoured, a cooldown also by the operators of other clusters',
  'right-operator': "of several operators only the one in the target's region starts an automatic operation",
  turns: 'more role changes than AWS takes at once go out at the configured rate, those of higher priority first',
  'one-owner': 'of several processes that share the policies only the owner of its shard acts for one, by its lease',
  handover: 'a shard moves to a process that has observed it for as many rounds as decide, and at once',
  liveness: 'a lost primary is failed over within status.detectionWindow once faults stop',
  truth: 'status, history, endpoint and events end with telling the truth',
  'decision-log': 'the decision log holds every decision, and each replays to what was decided',
  'old-primary': 'the published writer is never the old primary after its demotion was observed',
  planned: 'a failback by itself only in its windows and mode, a drill there and back as one, one at a time',
  record: 'history and operations are never lost, and every status passes the schema',
} as const;

export type Invariant = keyof typeof INVARIANTS;

export interface Violation {
  readonly invariant: Invariant;
  readonly message: string;
  /** Milliseconds since the simulation began. */
  readonly at: number;
}

/** Told of what should not have happened; the first one counts. */
export type Accuse = (invariant: Invariant, message: string) => void;
