import type {
  AwsGateway,
  CallOptions,
  ClusterSnapshotView,
  FailoverEvent,
  RoleChangeInput,
  SnapshotCopyInput,
} from '../../aws/aws-gateway.ts';
import { AwsCallError, type AwsCallErrorProps } from '../../aws/errors.ts';
import type { FailoverStateView, GlobalClusterView } from '../../failover/observation.ts';
import { arnOf, type RegionProps, type RoundProps } from '../../failover/testing/a-round.ts';
import { EAST, WEST } from '../../failover/testing/a-settings.ts';
import { noAnswer } from '../../failover/testing/attempts.ts';
import { stoppedLag } from '../../failover/testing/losses.ts';

type Fault = Error | undefined;

export const REFUSED: Partial<AwsCallErrorProps> = {
  classification: { kind: 'rejected', cause: 'denied', message: 'not authorized' },
  code: 'AccessDenied',
  isEffectPossible: false,
};
export const THROTTLED: Partial<AwsCallErrorProps> = {
  classification: { kind: 'rejected', cause: 'throttled', message: 'slow down' },
  code: 'Throttling',
  isEffectPossible: false,
};
/** Another operation is in progress: a state that passes. */
export const BUSY: Partial<AwsCallErrorProps> = {
  classification: { kind: 'rejected', cause: 'malformed', message: 'another operation is in progress' },
  code: 'InvalidGlobalClusterStateFault',
  isEffectPossible: false,
};
export const SILENT: Partial<AwsCallErrorProps> = {
  classification: { kind: 'noAnswer', cause: 'timeout', message: 'no answer' },
  isEffectPossible: true,
};

export const awsError = (props: Partial<AwsCallErrorProps>): AwsCallError =>
  new AwsCallError({
    action: 'FailoverGlobalCluster',
    region: WEST,
    classification: { kind: 'noAnswer', cause: 'timeout', message: 'no answer' },
    isEffectPossible: true,
    advice: 'none',
    ...props,
  });

/** A snapshot of the first region's cluster. */
export const aSnapshot = (identifier: string, changes: Partial<ClusterSnapshotView> = {}): ClusterSnapshotView => ({
  identifier,
  arn: `arn:aws:rds:${EAST}:111122223333:cluster-snapshot:${identifier}`,
  clusterIdentifier: 'orders',
  status: 'available',
  ...changes,
});

/** A global cluster of two regions: what AWS answers to calls, and what rounds see of it. */
export class FakeAurora {
  writer = EAST;
  inFlight: FailoverStateView | undefined;
  /** The region whose member reads `pending-resync`, as it does after a failover. */
  resynchronizing: string | undefined;
  /** When the first region was lost, in milliseconds after T0. */
  lostAt: number | undefined;
  /** Mutating calls that took effect. */
  readonly effects: string[] = [];
  /** Mutating calls, whatever became of them. */
  readonly calls: string[] = [];
  /** What a mutating call fails with before, or in spite of, its effect. */
  refuse: () => Fault = () => undefined;
  swallow: () => Fault = () => undefined;
  /** AWS's id of a mutating call; without one no answer names it. */
  requestId: string | undefined;
  /** What the read before a call fails with. */
  blind: () => Fault = () => undefined;
  events: readonly FailoverEvent[] = [];
  eventReads = 0;
  refuseEvents: () => Fault = () => undefined;
  hangsEventsIn: string | undefined;
  /** Of the first region's cluster. */
  snapshots: ClusterSnapshotView[] = [];
  /** Copies that were asked for, whatever became of them. */
  readonly copies: string[] = [];
  snapshotReads = 0;
  /** A listing of snapshots takes as long as this. */
  holdSnapshots: Promise<void> = Promise.resolve();
  refuseCopy: () => Fault = () => undefined;
  refuseSnapshots: () => Fault = () => undefined;

  get secondary(): string {
    return this.writer === EAST ? WEST : EAST;
  }

  lose(at: number): void {
    this.lostAt = at;
  }

  heal(): void {
    this.lostAt = undefined;
  }

  /** AWS comes to the end of what it was asked for. */
  promote(): void {
    this.writer = this.inFlight === undefined ? this.secondary : (this.inFlight.toClusterArn?.split(':')[3] ?? '');
    this.inFlight = undefined;
  }

  cancel(): void {
    this.inFlight = undefined;
  }

  /** Somebody else starts a role change. */
  begin(to: string, isDataLossAllowed: boolean): void {
    this.inFlight = {
      status: isDataLossAllowed ? 'failing-over' : 'switching-over',
      fromClusterArn: arnOf(this.writer),
      toClusterArn: arnOf(to),
      isDataLossAllowed,
    };
  }

  /** What a round sees. The witness and the endpoint go with the writer's region. */
  round(): RoundProps {
    const { inFlight, lostAt, resynchronizing, writer } = this;
    const isLost = lostAt !== undefined && writer === EAST;
    const regions: Record<string, RegionProps> = {};
    for (const region of [EAST, WEST]) {
      const isGone = lostAt !== undefined && region === EAST;
      regions[region] = {
        ...(isGone ? { rds: noAnswer() } : {}),
        ...(inFlight === undefined ? {} : { failoverState: inFlight }),
        ...(resynchronizing === undefined ? {} : { synchronization: { [resynchronizing]: 'pending-resync' } }),
      };
    }
    return {
      writer,
      regions,
      witness: isLost ? 503 : 200,
      ...(isLost ? { endpoint: noAnswer(), lag: { [WEST]: stoppedLag(Math.floor(lostAt / 60_000) * 60_000) } } : {}),
    };
  }

  get gateway(): AwsGateway {
    return {
      describeGlobalCluster: () => this.#describe(),
      failoverGlobalCluster: (_account: unknown, region: string, input: RoleChangeInput, options: CallOptions) =>
        this.#change(`failover ${region}`, input, true, options),
      switchoverGlobalCluster: (_account: unknown, region: string, input: RoleChangeInput, options: CallOptions) =>
        this.#change(`switchover ${region}`, input, false, options),
      describeClusterSnapshots: () => this.#describeSnapshots(),
      copyClusterSnapshot: (_account: unknown, _region: string, input: SnapshotCopyInput) => this.#copy(input),
      describeFailoverEvents: (_account: unknown, region: string) => {
        this.eventReads += 1;
        const fault = this.refuseEvents();
        if (fault !== undefined) {
          return Promise.reject(fault);
        }
        return region === this.hangsEventsIn ? new Promise(() => undefined) : Promise.resolve(this.events);
      },
    } as unknown as AwsGateway;
  }

  async #describeSnapshots(): Promise<readonly ClusterSnapshotView[]> {
    this.snapshotReads += 1;
    await this.holdSnapshots;
    const fault = this.refuseSnapshots();
    if (fault !== undefined) {
      throw fault;
    }
    return [...this.snapshots];
  }

  async #copy({ sourceIdentifier, targetIdentifier }: SnapshotCopyInput): Promise<ClusterSnapshotView> {
    this.copies.push(targetIdentifier);
    await Promise.resolve();
    const fault = this.refuseCopy();
    if (fault !== undefined) {
      throw fault;
    }
    const source = this.snapshots.find(({ identifier }) => identifier === sourceIdentifier);
    const copy = { ...source, ...aSnapshot(targetIdentifier), status: 'copying' };
    this.snapshots.push(copy);
    return copy;
  }

  async #describe(): Promise<GlobalClusterView> {
    await Promise.resolve();
    const fault = this.blind();
    if (fault !== undefined) {
      throw fault;
    }
    const members = [...new Set([EAST, WEST, this.writer])].map((region) => ({
      clusterArn: arnOf(region),
      isWriter: region === this.writer,
      readers: [],
      ...(region === this.resynchronizing && { synchronizationStatus: 'pending-resync' }),
    }));
    const view = { identifier: 'orders-global', status: 'available', members };
    return this.inFlight === undefined ? view : { ...view, failoverState: this.inFlight };
  }

  async #change(
    call: string,
    { targetClusterArn }: RoleChangeInput,
    isDataLossAllowed: boolean,
    options: CallOptions,
  ): Promise<void> {
    this.calls.push(call);
    await Promise.resolve();
    const fault = this.refuse();
    if (this.requestId !== undefined) {
      options.onRequestId?.(this.requestId);
    }
    if (fault !== undefined) {
      throw fault;
    }
    this.effects.push(call);
    this.begin(targetClusterArn.split(':')[3] ?? '', isDataLossAllowed);
    const lostAnswer = this.swallow();
    if (lostAnswer !== undefined) {
      throw lostAnswer;
    }
  }
}
