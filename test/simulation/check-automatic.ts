import type { DBCluster, GlobalCluster } from '@aws-sdk/client-rds';
import type { DisasterRecoveryPolicy, OperationStatus } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { parseDuration } from '../../operator/api/v1alpha1/duration.ts';
import { keyOf } from '../../operator/runtime/resource.ts';
import type { MetricSample } from '../aws/world/metric-store.ts';
import type { World } from '../aws/world/world.ts';
import type { Evidence } from './call-hooks.ts';
import { clusterIn, globalClusterIn, OLDEST_WALK, type Ledger, type Receipt, type RoundSpan } from './ledger.ts';
import { ACCOUNT, type PolicyNames } from './policy-of.ts';
import { EPOCH } from './scheduler.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Accuse } from './violation.ts';
import type { Sight, Visibility } from './visibility.ts';

/** An automatic operation at the moment of its registration. */
export interface Registration {
  readonly operation: OperationStatus;
  /** The very version that the registration replaced: what the operator knew. */
  readonly policy: DisasterRecoveryPolicy;
  readonly process: SimulatedProcess;
  readonly names: PolicyNames;
  /** Whether other policies ask the same regions: then a round may rest on an answer that came to another one. */
  readonly isSharing: boolean;
  readonly ledger: Ledger;
  readonly visibility: Visibility;
  readonly world: World;
  readonly accuse: Accuse;
}

const TERMINAL = ['failed', 'inaccessible-encryption-credentials'];

/** Holds an automatic failover against everything that the process was told, what the policy permits and what was known of the lag. */
export function checkAutomatic(registration: Registration): void {
  const { policy, ledger, process, names, operation, accuse } = registration;
  const { failureThreshold } = policy.spec.detection;
  const rounds = ledger.rounds(process.name, keyOf({ metadata: names.policy }), failureThreshold);
  const first = rounds[0];
  const last = rounds.at(-1);
  if (first === undefined || last === undefined || rounds.length < failureThreshold) {
    accuse('confirmed-loss', `${operation.id} was registered after ${rounds.length} rounds of ${failureThreshold}`);
    return;
  }
  checkPermission(registration);
  checkSignsOfLife(registration, { from: first.from, to: last.to });
  checkReader(registration, last);
  checkVisibility(registration, rounds);
  checkDetection(registration);
  checkTarget(registration, last);
  checkLoss(registration, last);
}

function checkPermission({ policy, operation, accuse }: Registration): void {
  const { spec, status } = policy;
  if (spec.suspend) accuse('held-automation', `${operation.id} was registered although spec.suspend is true`);
  if (spec.failover.mode !== 'Automatic') accuse('held-automation', `${operation.id} was registered in mode Manual`);
  const until = status?.cooldownUntil;
  if (until !== undefined && operation.startedAt < until) {
    accuse(
      'held-automation',
      `${operation.id} was registered at ${operation.startedAt}, within the cooldown until ${until}`,
    );
  }
  if (status?.operation !== undefined)
    accuse('one-effect', `${operation.id} replaced ${status.operation.id} in flight`);
  if (operation.type !== 'Failover') accuse('permitted-loss', `${operation.id} is an automatic ${operation.type}`);
  if (spec.failover.dataLoss === 'Forbid') accuse('permitted-loss', `${operation.id} although dataLoss is Forbid`);
}

/** By the truth, whatever the process was told. */
function checkVisibility(registration: Registration, rounds: readonly RoundSpan[]): void {
  const { policy, process, names, operation, visibility, accuse } = registration;
  const { detection, failover } = policy.spec;
  const { sender } = process;
  const wasSeen = (sight: Sight): boolean => visibility.wasSeen(sight, sender, names, operation.from, rounds);
  for (const sight of ['endpoint', 'http'] as const) {
    const isSaid = policy.status?.signals?.some(({ name, lastPassed }) => name === sight && lastPassed !== undefined);
    const hasVote = isSaid === true || hasPassed(registration, sight, rounds[0]?.from ?? 0);
    if (detection.signals[sight] !== undefined && hasVote && wasSeen(sight)) {
      accuse('serving-primary', `${operation.id}: ${operation.from} was serving, and ${sight} could see it`);
    }
  }
  const last = rounds.at(-1);
  const hasReaderVote = policy.status?.signals?.some(
    ({ name, lastPassed }) => name === 'replication' && lastPassed !== undefined,
  );
  if (
    last !== undefined &&
    hasReaderVote === true &&
    isAfterDetection(registration, EPOCH + last.from - OLDEST_PROOF) &&
    visibility.wasReceived(sender, names, operation.from, operation.to, last)
  ) {
    accuse(
      'serving-primary',
      `${operation.id}: ${operation.from} was serving, and ${operation.to} received what it wrote`,
    );
  }
  // A walk may be as old as the interval when a round takes it over.
  const interval = parseDuration(detection.interval);
  const walks = rounds.map(({ from, to }) => ({ from: from - interval, to }));
  if (failover.inRegionRecoveryLimit === undefined && visibility.wasSeen('rds', sender, names, operation.from, walks)) {
    accuse('in-region-recovery', `${operation.id}: RDS in ${operation.from} was answering, and could be heard`);
  }
}

/**
 * Whether a process was told often enough by a signal that the primary serves, whatever status says of it: since the policy
 * is there and unedited, and the primary is where it is.
 */
function hasPassed(
  { policy, process, names, operation, ledger, world }: Registration,
  sight: 'endpoint' | 'http',
  before: number,
): boolean {
  const { creationTimestamp, generation } = policy.metadata;
  if (generation !== 1) return false;
  const moves = world.operations.filter(
    ({ globalClusterIdentifier }) => globalClusterIdentifier === names.globalCluster,
  );
  const ends = moves.map(({ endedAt }) => endedAt ?? Infinity);
  const from = Math.max(Date.parse(creationTimestamp), ...ends) - EPOCH;
  const passes = ledger.receipts(process.name, { from, to: before }).filter(({ evidence }) => {
    return sight === 'endpoint'
      ? evidence.kind === 'endpoint' && evidence.region === operation.from && evidence.cluster === names.cluster
      : evidence.kind === 'witness' && evidence.url === names.witness && evidence.status === 200;
  });
  // Some may have come too late for their rounds, or with a failure in between.
  return passes.length >= 2 * policy.spec.detection.successThreshold + 2;
}

/** Of one policy, more than an incident takes. */
const MOST_ROUNDS = 200;

/**
 * Of rounds in their order those after the last pause. Who lost its lease begins anew once it has it again, with what status
 * says of the incident; what it saw before, and could not write because its API server was gone, nobody knows any more.
 */
function sinceLastPause(rounds: readonly RoundSpan[], pause: number): readonly RoundSpan[] {
  const last = rounds.findLastIndex(({ from }, index) => from - (rounds[index - 1]?.from ?? from) > pause);
  return rounds.slice(Math.max(0, last));
}

/**
 * The loss is not told to be older than what still saw the primary serve: with an earlier one the worst case would be too
 * small, and no sample too old.
 */
function checkDetection({ policy, process, names, operation, ledger, visibility, accuse }: Registration): void {
  const { signals, timeout, interval } = policy.spec.detection;
  // Who took the incident over from another process has its time by another clock.
  if (Math.abs(process.wallOffset) > 500) return;
  const since = Date.parse(operation.detectedAt ?? operation.startedAt) - EPOCH + 1_000;
  const known = ledger.rounds(process.name, keyOf({ metadata: names.policy }), MOST_ROUNDS);
  const rounds = sinceLastPause(known, 2 * parseDuration(interval) + parseDuration(timeout)).filter(
    ({ from }) => from > since,
  );
  const told = rounds
    .flatMap((round) => ledger.receipts(process.name, round))
    .find(({ evidence, sentAt, at }) => {
      const isServing =
        (evidence.kind === 'endpoint' &&
          evidence.region === operation.from &&
          evidence.cluster === names.cluster &&
          signals.endpoint !== undefined) ||
        (evidence.kind === 'witness' &&
          evidence.status === 200 &&
          evidence.url === names.witness &&
          signals.http !== undefined);
      return isServing && at - sentAt < parseDuration(timeout);
    });
  const seen = (['endpoint', 'http'] as const).find(
    (sight) => signals[sight] !== undefined && visibility.wasSeen(sight, process.sender, names, operation.from, rounds),
  );
  if (told === undefined && seen === undefined) return;
  const how = told === undefined ? `${seen ?? ''} could see it` : `it answered at ${(told.at / 1000).toFixed(3)} s`;
  accuse(
    'known-loss',
    `${operation.id}: ${operation.from} is said to be lost since ${operation.detectedAt ?? ''}, and ${how} later`,
  );
}

/** A reader computes its lag once a second, and tells of what was written as much earlier as the lag is. */
const OLDEST_PROOF = 2_000;

/** Whether a proof of life that a reader tells is newer than the loss, by a clock that may be off by half a second. */
function isAfterDetection({ policy, operation, process }: Registration, at: number): boolean {
  const isBySql = policy.spec.detection.signals.replication?.source === 'SQL';
  const detectedAt = Date.parse(operation.detectedAt ?? operation.startedAt);
  return isBySql && Math.abs(process.wallOffset) <= 500 && at > detectedAt + 1_000;
}

/** What the target's reader told in the round that decided. */
function checkReader(registration: Registration, last: RoundSpan): void {
  const { ledger, process, names, operation, policy, accuse } = registration;
  const timeout = parseDuration(policy.spec.detection.timeout);
  for (const { evidence, sentAt, at } of ledger.receipts(process.name, last)) {
    if (evidence.kind !== 'lag' || evidence.region !== operation.to || evidence.cluster !== names.cluster) continue;
    const writtenAt = evidence.at - evidence.lagMilliseconds;
    const isFresh = writtenAt >= EPOCH + last.from - OLDEST_PROOF && at - sentAt < timeout;
    if (isFresh && isAfterDetection(registration, writtenAt)) {
      const when = `at ${(at / 1000).toFixed(3)} s`;
      accuse(
        'serving-primary',
        `${operation.id}: ${operation.to} told ${when} that it receives what ${operation.from} writes`,
      );
    }
  }
}

function checkSignsOfLife(registration: Registration, span: RoundSpan): void {
  const { policy, ledger, process } = registration;
  const timeout = parseDuration(policy.spec.detection.timeout);
  const receipts = ledger.receipts(process.name, span).filter(({ sentAt, at }) => at - sentAt < timeout);
  for (const receipt of receipts) checkSignOfLife(registration, receipt);
}

function checkSignOfLife(
  { policy, operation, accuse, names, isSharing }: Registration,
  { evidence, at }: Receipt,
): void {
  const { signals } = policy.spec.detection;
  const when = `at ${(at / 1000).toFixed(3)} s`;
  switch (evidence.kind) {
    case 'endpoint':
      if (evidence.region === operation.from && evidence.cluster === names.cluster && signals.endpoint !== undefined) {
        accuse('serving-primary', `${operation.id}: the endpoint of ${operation.from} accepted ${when}`);
      }
      return;
    case 'witness':
      if (evidence.status === 200 && evidence.url === names.witness && signals.http !== undefined) {
        accuse('serving-primary', `${operation.id}: the witness saw the primary serving ${when}`);
      }
      return;
    case 'lag':
      // Only the round that decides has to heed it: the member may not have been known to be connected before.
      return;
    case 'aws':
      if (
        !isSharing &&
        evidence.region === operation.from &&
        ['DescribeDBClusters', 'DescribeGlobalClusters'].includes(evidence.action)
      ) {
        const status = clusterIn(evidence, names.cluster)?.Status ?? '';
        const limit = policy.spec.failover.inRegionRecoveryLimit;
        const isOverdue =
          limit !== undefined &&
          Date.parse(operation.startedAt) - Date.parse(operation.detectedAt ?? operation.startedAt) >=
            parseDuration(limit);
        // The other call of a round may come before the one that tells the terminal status.
        const isTerminal = TERMINAL.includes(status) || evidence.action === 'DescribeGlobalClusters';
        if (!isTerminal && !isOverdue) {
          accuse('in-region-recovery', `${operation.id}: RDS in ${operation.from} answered ${evidence.action} ${when}`);
        }
      }
  }
}

/**
 * What a round can have had of walks that policies share: the newest answer of before it began, if that was young enough, or
 * the first of after that. What came later, before the round's end, was told to another policy's.
 */
function heardIn({ from }: RoundSpan, told: readonly Receipt[]): readonly Evidence[] {
  const before = told.findLast(({ at }) => at <= from);
  const first = told.find(({ at }) => at > from);
  const heard = [
    ...(before !== undefined && before.at >= from - OLDEST_WALK ? [before] : []),
    ...(first ? [first] : []),
  ];
  return heard.map(({ evidence }) => evidence);
}

function checkTarget(registration: Registration, last: RoundSpan): void {
  const { policy, operation, ledger, process, names, isSharing, accuse } = registration;
  const { to } = operation;
  const interval = parseDuration(policy.spec.detection.interval);
  const receipts = ledger.receipts(process.name, { from: last.from - interval / 2, to: last.to });
  const answers = receipts.filter(({ evidence }) => evidence.kind === 'aws' && evidence.region === to);
  const heard = (told: readonly Receipt[]): readonly Evidence[] =>
    isSharing ? heardIn(last, told) : told.slice(-1).map(({ evidence }) => evidence);
  const clusters = heard(answers.filter(({ evidence }) => clusterIn(evidence, names.cluster) !== undefined));
  // The target's own word on the members counts; where it has none in time, any region's does.
  const isView = ({ evidence }: Receipt): boolean => globalClusterIn(evidence, names.globalCluster) !== undefined;
  const ownViews = heard(answers.filter(isView));
  const views = ownViews.length > 0 ? ownViews : heard(receipts.filter(isView));
  const combinations = orNothing(clusters).flatMap((told) => orNothing(views).map((view) => ({ told, view })));
  const objections = combinations.map(({ told, view }) =>
    targetObjection(
      registration,
      told && clusterIn(told, names.cluster),
      view && globalClusterIn(view, names.globalCluster),
    ),
  );
  if (objections.every((each) => each !== undefined)) {
    accuse('fit-target', `${operation.id}: the target ${to} ${objections.at(-1) ?? ''}`);
  }
}

const orNothing = (told: readonly Evidence[]): readonly (Evidence | undefined)[] =>
  told.length > 0 ? told : [undefined];

/** Why the target was not fit, by what one round was told of it. */
function targetObjection(
  { policy, operation, ledger, process, isSharing }: Registration,
  cluster: DBCluster | undefined,
  view: GlobalCluster | undefined,
): string | undefined {
  const member = view?.GlobalClusterMembers?.find((each) => each.DBClusterArn === cluster?.DBClusterArn);
  const promotion = policy.spec.regions.find((region) => region.name === operation.to)?.promotion;
  // What was told since the policy's own last look at the primary may have been told to another policy.
  const interval = parseDuration(policy.spec.detection.interval);
  const lastLook = Date.parse(operation.detectedAt ?? operation.startedAt) - EPOCH - interval;
  const fromVersions: readonly (string | undefined)[] = ledger.engineVersions(
    process,
    operation.fromClusterArn,
    isSharing ? lastLook : Infinity,
  );
  if (promotion === 'Never') return 'is never to be promoted';
  if (promotion === undefined) return 'is not in the policy';
  if (cluster?.Status !== 'available') return `reads ${cluster?.Status ?? 'nothing'}`;
  if ((cluster.DBClusterMembers ?? []).length === 0) return 'has no instance';
  if (member?.SynchronizationStatus !== 'connected') return `is ${member?.SynchronizationStatus ?? 'no member'}`;
  if (member.IsWriter === true) return 'is the writer already';
  const isSameVersion = fromVersions.includes(ledger.engineVersions(process, operation.targetClusterArn).at(-1));
  return isSameVersion ? undefined : 'is of another version';
}

/** The recovery point's own metric is the one to judge a loss by; the other stands in where that has no sample at all. */
const LAG_METRICS = ['AuroraGlobalDBRPOLag', 'AuroraGlobalDBReplicationLag'] as const;

interface Figure {
  /** Milliseconds since the Unix epoch. */
  readonly end: number;
  readonly lag: number;
}

/**
 * What could be known of the target's lag at a time, by the source that the policy names, oldest first: by each metric that
 * has samples, for while one has a gap, the other one may tell.
 */
function figuresOf(registration: Registration, at: number): readonly (readonly Figure[])[] {
  const { policy, ledger, process, operation, names, world } = registration;
  if (policy.spec.detection.signals.replication?.source === 'SQL') {
    const known = ledger.lagFigures(process, keyOf({ metadata: names.policy }), operation.to, names.cluster);
    return [known.filter(({ heardAt }) => heardAt <= at)];
  }
  const period = world.settings.metricPeriod;
  return samplesOf(registration, at).map((samples) =>
    samples.map(({ timestamp, maximum }) => ({ end: timestamp + period, lag: maximum })),
  );
}

/** Samples of the target's lag that CloudWatch could tell at a time, by metric, oldest first. */
function samplesOf({ world, operation, names }: Registration, at: number): readonly (readonly MetricSample[])[] {
  const shapes = [[], [operation.from]].map((sources) => [
    { name: 'DBClusterIdentifier', value: names.cluster },
    ...sources.map((value) => ({ name: 'SourceRegion', value })),
  ]);
  const series = LAG_METRICS.map((metricName) =>
    shapes
      .flatMap((dimensions) => {
        const identity = { accountId: ACCOUNT, region: operation.to, namespace: 'AWS/RDS', metricName, dimensions };
        return world.metrics.read(identity, at);
      })
      .toSorted((a, b) => a.timestamp - b.timestamp),
  );
  return series.filter((samples) => samples.length > 0);
}

function checkLoss(registration: Registration, last: RoundSpan): void {
  const { operation, policy, world, accuse, process } = registration;
  if (operation.estimatedDataLossMilliseconds === undefined) {
    accuse('known-loss', `${operation.id} was registered without an estimate of its loss`);
    return;
  }
  // Ages by a clock that is far off say nothing; what the operator makes of them is what its own clock says.
  if (Math.abs(process.wallOffset) > world.settings.metricPeriod / 4) return;
  const interval = parseDuration(policy.spec.detection.interval);
  // Which samples the deciding round had depends on the moment at which it asked.
  const moments = [world.settle(), EPOCH + last.from, EPOCH + last.from - interval];
  const objections = moments.flatMap((moment) =>
    figuresOf(registration, moment).map((samples) => lossObjection(registration, samples)),
  );
  const [objection] = objections;
  if (objections.every((each) => each !== undefined)) {
    accuse('known-loss', `${operation.id}: ${objection ?? 'there was no sample at all'}`);
  }
  checkFigures(
    registration,
    moments.flatMap((moment) => figuresOf(registration, moment).flat()),
  );
}

/** The figures that are told are those of a sample: its lag, and in the worst case its age at the loss as well. */
function checkFigures({ operation, accuse }: Registration, samples: readonly Figure[]): void {
  const { estimatedDataLossMilliseconds: estimate = -1, worstCaseDataLossMilliseconds: worst = -1 } = operation;
  const detectedAt = Date.parse(operation.detectedAt ?? operation.startedAt);
  const meant = samples.filter(({ lag }) => Math.abs(lag - estimate) <= 1);
  if (meant.length === 0) {
    const known = [...new Set(samples.slice(-5).map(({ lag }) => lag.toFixed(0)))].join(', ');
    accuse('known-loss', `${operation.id}: a loss of ${estimate} ms is told, and no sample says so, but ${known}`);
    return;
  }
  // A later sample that has caught up proves the loss to be later than that; the estimate stays as it was, and is no older.
  const ends = meant.flatMap(({ end, lag }) => [
    end,
    ...samples.filter((later) => later.end > end && later.lag < lag).map((later) => later.end),
  ]);
  if (ends.every((end) => worst < estimate + Math.max(0, detectedAt - end) - 1_000)) {
    accuse(
      'known-loss',
      `${operation.id}: at worst ${worst} ms are told, less than ${estimate} ms and the sample’s age`,
    );
  }
}

/** Why the loss was not known to be a permitted one, by what one series could tell. */
function lossObjection(registration: Registration, samples: readonly Figure[]): string | undefined {
  const { failover, objectives } = registration.policy.spec;
  const { operation } = registration;
  const detectedAt = Date.parse(operation.detectedAt ?? operation.startedAt);
  const oldest = detectedAt - parseDuration(failover.maximumLagAge) - 1_000;
  const young = samples.filter(({ end }) => end >= oldest);
  if (young.length === 0) return 'there was no sample younger than maximumLagAge at the loss';
  if (failover.dataLoss !== 'WithinRecoveryPoint') return undefined;
  const recoveryPoint = parseDuration(objectives.recoveryPoint);
  // The newest sample at or before the loss, or any later one that proves the loss to be later still.
  const before = young.findLast(({ end }) => end <= detectedAt - 1_000);
  const judged = [...(before === undefined ? [] : [before]), ...young.filter(({ end }) => end > detectedAt - 1_000)];
  const isPermitted = judged.some(({ end, lag }) => {
    const age = failover.estimate === 'WorstCase' ? Math.max(0, detectedAt - end - 1_000) : 0;
    return lag + age <= recoveryPoint;
  });
  return isPermitted ? undefined : `no sample at the loss was within the recovery point of ${recoveryPoint} ms`;
}
