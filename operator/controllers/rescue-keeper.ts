import { boundedText } from '../api/v1alpha1/bounded-text.ts';
import type { RescueSnapshot } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { AwsAccount } from '../aws/account.ts';
import type { AwsGateway, CallOptions, ClusterSnapshotView } from '../aws/aws-gateway.ts';
import { AwsCallError } from '../aws/errors.ts';
import { hasAnswered } from '../failover/direct-signals.ts';
import { regionSettings } from '../failover/settings.ts';
import type { PolicyTurn } from './policy-turn.ts';
import { changeRescue, isOpenRescue } from './rescue-record.ts';

/** Aurora's name for what an old primary had: "Performing managed failovers for Aurora global databases", Aurora user guide. */
const ORIGINAL_PREFIX = 'rds:unplanned-global-failover-';
/** The same name without the prefix that only RDS may use: whoever tries again, or after a crash, means the same copy. */
const copyNameOf = (original: string): string => original.replace(/^rds:/, 'aurora-dr-');

const FIRST_DELAY_MILLISECONDS = 2_000;
const LONGEST_DELAY_MILLISECONDS = 60_000;

/** What a look at RDS, or a call, says about one rescue. */
export type RescueFinding = Pick<RescueSnapshot, 'state'> &
  Partial<Pick<RescueSnapshot, 'source' | 'snapshot' | 'snapshotArn' | 'message'>>;

interface Errand {
  readonly gateway: Pick<AwsGateway, 'describeClusterSnapshots' | 'copyClusterSnapshot'>;
  readonly account: AwsAccount;
  readonly rescue: RescueSnapshot;
  readonly options: CallOptions;
}

/**
 * Keeps the volume of each old primary: copies Aurora's automated snapshot of it, which expires, to a manual one. Runs
 * beside everything else and delays nothing; asks only a region that answers.
 */
export class RescueKeeper {
  /** Persists what was found out since. */
  async settle(turn: PolicyTurn): Promise<void> {
    const { session } = turn;
    for (const { operationId } of (turn.record.rescueSnapshots ?? []).filter(isOpenRescue)) {
      const rescues = turn.record.rescueSnapshots ?? [];
      const rescue = rescues.find((one) => one.operationId === operationId);
      const finding = rescue && (givenUp(turn, rescue) ?? session.rescueFindings.get(operationId));
      if (rescue !== undefined && finding !== undefined && isNews(rescue, finding)) {
        const changes = { message: undefined, ...finding } as Partial<RescueSnapshot>;
        await turn.save({ rescueSnapshots: changeRescue(rescues, operationId, changes) });
      }
      session.rescueFindings.delete(operationId);
    }
  }

  /** Starts whatever is due. What comes of it is there with the next reconcile, which it asks for. */
  runIfDue(turn: PolicyTurn): void {
    const { session, dependencies, assessment, record } = turn;
    const now = dependencies.clock.monotonic();
    for (const rescue of (record.rescueSnapshots ?? []).filter(isOpenRescue)) {
      const { at, delay } = session.rescueSchedule.get(rescue.operationId) ?? {
        at: 0,
        delay: FIRST_DELAY_MILLISECONDS,
      };
      // Nothing is sent to a region that is lost.
      if (now >= at && hasAnswered(assessment.round.regions[rescue.region])) {
        session.rescueSchedule.set(rescue.operationId, { at: Infinity, delay });
        void this.#run(turn, rescue, delay);
      }
    }
  }

  /** Never rejects. */
  async #run(turn: PolicyTurn, rescue: RescueSnapshot, delay: number): Promise<void> {
    const { session, dependencies, account } = turn;
    const { gateway, clock, settings, logger } = dependencies;
    const options = { timeoutMilliseconds: settings.awsCallTimeoutMilliseconds };
    const finding = await look({ gateway, account, rescue, options }).catch((error: unknown): undefined => {
      // No answer, throttled: the next look says more.
      logger.warn({ policy: turn.key, region: rescue.region, error }, 'cannot look after the rescue snapshot');
    });
    const hasNews = finding !== undefined && isNews(rescue, finding);
    const next = hasNews ? FIRST_DELAY_MILLISECONDS : Math.min(LONGEST_DELAY_MILLISECONDS, delay * 2);
    session.rescueSchedule.set(rescue.operationId, { at: clock.monotonic() + next, delay: next });
    if (hasNews) {
      session.rescueFindings.set(rescue.operationId, finding);
      dependencies.enqueue(turn.key);
    }
  }
}

const isNews = (rescue: RescueSnapshot, finding: RescueFinding): boolean =>
  (['state', 'source', 'snapshot', 'snapshotArn', 'message'] as const).some((key) => rescue[key] !== finding[key]);

/** Why nothing is expected any more; undefined while something is. */
function givenUp({ settings, now }: PolicyTurn, rescue: RescueSnapshot): RescueFinding | undefined {
  const { region, clusterIdentifier, giveUpAt, source, snapshot, snapshotArn } = rescue;
  const known = {
    ...(source === undefined ? {} : { source }),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(snapshotArn === undefined ? {} : { snapshotArn }),
  };
  if (regionSettings(settings, region)?.clusterIdentifier !== clusterIdentifier) {
    const message = `spec.regions does not name ${region}/${clusterIdentifier} any more: look for ${ORIGINAL_PREFIX}* there, and copy what is needed before it expires`;
    return { state: 'GivenUp', message, ...known };
  }
  if (rescue.state === 'Awaited' && giveUpAt !== undefined && now >= Date.parse(giveUpAt)) {
    const message = `no snapshot ${ORIGINAL_PREFIX}${clusterIdentifier}-* appeared in ${region}: Aurora attempts one, and does not always succeed`;
    return { state: 'GivenUp', message, ...known };
  }
  return undefined;
}

/** Looks what there is, and begins the copy once there is something to copy. */
async function look(errand: Errand): Promise<RescueFinding> {
  const { gateway, account, rescue, options } = errand;
  const { region, clusterIdentifier, since } = rescue;
  let snapshots: readonly ClusterSnapshotView[];
  try {
    snapshots = await gateway.describeClusterSnapshots(account, region, clusterIdentifier, options);
  } catch (error) {
    return refusalOf(error, 'DescribeDBClusterSnapshots');
  }
  const originals = snapshots
    .filter(({ identifier }) => identifier.startsWith(ORIGINAL_PREFIX))
    .filter(({ createdAt }) => createdAt === undefined || createdAt >= Date.parse(since))
    .toSorted((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
  const findings: RescueFinding[] = [];
  for (const original of originals) {
    const copy = snapshots.find(({ identifier }) => identifier === copyNameOf(original.identifier));
    findings.push(copy === undefined ? await begin(errand, original) : progressOf(original, copy));
  }
  // With several, the one that is not done yet tells how things are.
  return findings.find(({ state }) => state !== 'Kept') ?? findings[0] ?? vanished(rescue, snapshots);
}

/** Nothing to copy: not yet, or not any more, with the copy that was begun before. */
function vanished(rescue: RescueSnapshot, snapshots: readonly ClusterSnapshotView[]): RescueFinding {
  const { source, snapshot } = rescue;
  const copy = snapshots.find(({ identifier }) => identifier === snapshot);
  return source === undefined || copy === undefined ? { state: 'Awaited' } : progressOf({ identifier: source }, copy);
}

async function begin(errand: Errand, original: ClusterSnapshotView): Promise<RescueFinding> {
  const { gateway, account, rescue, options } = errand;
  const source = original.identifier;
  if (original.status !== 'available') {
    return { state: 'Awaited', source, message: `Aurora's snapshot ${source} is "${original.status}"` };
  }
  const targetIdentifier = copyNameOf(source);
  try {
    const input = { sourceIdentifier: source, targetIdentifier };
    return progressOf(original, await gateway.copyClusterSnapshot(account, rescue.region, input, options));
  } catch (error) {
    if (error instanceof AwsCallError && error.code === 'DBClusterSnapshotAlreadyExistsFault') {
      // Begun by somebody before: the next look says how it stands.
      return { state: 'Copying', source, snapshot: targetIdentifier };
    }
    return { source, ...refusalOf(error, 'CopyDBClusterSnapshot') };
  }
}

function progressOf(
  { identifier: source }: Pick<ClusterSnapshotView, 'identifier'>,
  copy: ClusterSnapshotView,
): RescueFinding {
  const named = { source, snapshot: copy.identifier, ...(copy.arn === '' ? {} : { snapshotArn: copy.arn }) };
  switch (copy.status) {
    case 'available':
      return { state: 'Kept', ...named };
    case 'failed':
      return {
        state: 'Refused',
        ...named,
        message: `the copy has failed: delete ${copy.identifier}, and it is begun again`,
      };
    default:
      return { state: 'Copying', ...named };
  }
}

/** What to do about a refusal, beyond what the error itself says. */
const ADVICE: Readonly<Partial<Record<string, string>>> = {
  SnapshotQuotaExceeded: 'delete manual cluster snapshots that nobody needs, or have the quota raised',
  KMSKeyNotAccessibleFault: "let the operator's role use the cluster's KMS key (kms:CreateGrant, kms:DescribeKey)",
};

/** @throws what passes by itself: silence, throttling, a snapshot whose state changes */
function refusalOf(error: unknown, action: string): RescueFinding {
  if (!(error instanceof AwsCallError) || error.classification.kind !== 'rejected') {
    throw error;
  }
  const { classification, code = '', region } = error;
  if (classification.cause === 'denied') {
    const rights = `rds:${action}${action.startsWith('Copy') ? ', rds:AddTagsToResource and the use of its KMS key' : ''}`;
    return {
      state: 'Refused',
      message: boundedText(
        `cannot keep the rescue snapshot in ${region}: allow ${rights} in the policy of the operator's role, or copy it by hand before it expires; ${code}: ${classification.message}`,
      ),
    };
  }
  const advice = ADVICE[code];
  if (advice === undefined) {
    throw error;
  }
  return {
    state: 'Refused',
    message: boundedText(`cannot keep the rescue snapshot in ${region}: ${advice}; ${code}: ${classification.message}`),
  };
}
