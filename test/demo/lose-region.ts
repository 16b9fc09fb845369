import type { HistoryEntry } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { checkPublished } from './check-published.ts';
import { DemoError } from './checks.ts';
import { measure, type Measurements } from './measurements.ts';
import { awaitPolicy, conditionOf, showPolicies, type Play, type PolicyVersion } from './play.ts';
import { names } from './policy.ts';
import { tellTimeline } from './report.ts';
import { timelineOf, type TimelineEntry } from './timeline.ts';

const FAILOVER_MILLISECONDS = 60_000;
const EVENT_MILLISECONDS = 10_000;
const EVENT_POLL_MILLISECONDS = 250;

export interface LostRegion {
  readonly timeline: readonly TimelineEntry[];
  readonly measurements: Measurements;
}

/** Act 2: the primary's region disappears, and nobody does anything by hand. */
export async function loseRegion(play: Play): Promise<LostRegion> {
  const { stage, narrator } = play;
  const { aws, policyWatch, configMapWatch } = stage;
  const knownPolicies = policyWatch.versions.length;
  narrator.line(
    `  The local AWS takes ${names.primary} away: RDS, CloudWatch, SNS, STS, the writer and its replication.`,
  );
  await aws.loseRegion(names.primary);
  const lostAt = aws.world.region(names.primary).lostAt;
  if (lostAt === undefined) {
    throw new DemoError(`cannot take ${names.primary} away: the local AWS still has it`);
  }
  const ended = await awaitPolicy(play, {
    title: 'kubectl: the operator records a successful automatic failover',
    expected: `history: Automatic Failover ${names.primary} → ${names.secondary} Succeeded`,
    isFulfilled: ({ status }) => status?.history?.[0]?.outcome === 'Succeeded',
    describe: ({ status }) => describeHistory(status?.history?.[0]) ?? `no history, phase ${status?.phase ?? 'none'}`,
    timeoutMilliseconds: FAILOVER_MILLISECONDS,
  });
  const evidence = await gatherEvidence(play, ended.object.status?.history?.[0]);
  const operation = aws.operations[0];
  if (operation === undefined) {
    throw new DemoError('cannot tell the timeline: the local AWS saw no operation');
  }
  const timeline = timelineOf({
    startedAt: lostAt,
    start: { source: 'local AWS', what: `${names.primary} is lost` },
    policies: policyWatch.versions.slice(Math.max(0, knownPolicies - 1)),
    configMaps: configMapWatch.versions,
    calls: aws.calls,
    decisions: stage.operator.decisions,
    operation,
    messages: aws.messages,
  });
  tellTimeline(narrator, timeline);
  await showPolicies(play);
  await checkFailover(play, ended);
  checkEvidence(play, evidence);
  return { timeline, measurements: measureOn(play, lostAt, ended) };
}

export function describeHistory(entry: HistoryEntry | undefined): string | undefined {
  return entry === undefined
    ? undefined
    : `history: ${entry.trigger} ${entry.type} ${entry.from} → ${entry.to} ${entry.outcome}`;
}

async function checkFailover(play: Play, ended: PolicyVersion): Promise<void> {
  const { stage, checks } = play;
  const { status } = ended.object;
  const entry = status?.history?.[0];
  checks.equal('kubectl: status.primaryRegion', status?.primaryRegion, names.secondary);
  checks.equal(
    'kubectl: SplitBrainRisk as long as the old primary has not re-joined',
    conditionOf(ended.object, 'SplitBrainRisk').split(' ')[0],
    'True',
  );
  checkCalls(play);
  const gone = await stage.awsApi.globalCluster(names.primary);
  checks.equal(`AWS API: RDS in ${names.primary}`, typeof gone === 'string' ? gone : 'answers', 'ECONNREFUSED');
  const seen = await stage.awsApi.globalCluster(names.secondary);
  checks.equal(
    `AWS API: the global cluster, asked in ${names.secondary}`,
    typeof seen === 'string'
      ? seen
      : `writer ${seen.writerRegion}, ${seen.isOperationInFlight ? 'in flight' : 'at rest'}`,
    `writer ${names.secondary}, at rest`,
  );
  await checkPublished(play, names.secondary);
  checkLoss(play, entry);
}

/** Exactly once, to the target's region, with the loss accepted. */
function checkCalls({ stage, checks }: Play): void {
  const { aws } = stage;
  const made = aws.calls
    .filter(({ action }) => action === 'FailoverGlobalCluster' || action === 'SwitchoverGlobalCluster')
    .map(({ action, region, input, result }) => {
      const allowed = String(input['AllowDataLoss']);
      return `${action} in ${region} to ${String(input['TargetDbClusterIdentifier']).split(':')[3] ?? ''}, AllowDataLoss ${allowed}: ${result}`;
    });
  checks.equal(
    'AWS call log: exactly one call that changes anything',
    made.join('; '),
    `FailoverGlobalCluster in ${names.secondary} to ${names.secondary}, AllowDataLoss true: ok`,
  );
}

interface Evidence {
  readonly events: readonly string[];
  readonly messages: readonly string[];
}

const wantedEvidence = ['FailoverStarted', 'FailoverCompleted'];

/** Events and notifications come alongside: they are waited for, within bounds. */
async function gatherEvidence({ stage, narrator }: Play, entry: HistoryEntry | undefined): Promise<Evidence> {
  const gather = async (): Promise<Evidence> => {
    const path = 'jsonpath={range .items[*]}{.reason}{"\\n"}{end}';
    const events = (await stage.kubectl(['get', 'events.events.k8s.io', '--output', path])).split('\n');
    const messages = stage.aws.messages
      .filter((message) => message.region === names.secondary && message.message.includes(entry?.id ?? 'no operation'))
      .map((message) => (JSON.parse(message.message) as { kind: string }).kind);
    return { events, messages };
  };
  const deadline = performance.now() + EVENT_MILLISECONDS;
  let evidence = await gather();
  const isComplete = (): boolean =>
    wantedEvidence.every((each) => evidence.events.includes(each) && evidence.messages.includes(each));
  while (!isComplete() && performance.now() < deadline) {
    await narrator.during('waiting for events', new Promise((resolve) => setTimeout(resolve, EVENT_POLL_MILLISECONDS)));
    evidence = await gather();
  }
  return evidence;
}

function checkEvidence({ checks }: Play, { events, messages }: Evidence): void {
  const found = (list: readonly string[]): string => wantedEvidence.filter((each) => list.includes(each)).join(', ');
  checks.equal('kubectl: events on the policy', found(events), wantedEvidence.join(', '));
  checks.equal(`AWS: SNS messages in ${names.secondary}`, found(messages), wantedEvidence.join(', '));
}

function checkLoss({ stage, checks }: Play, entry: HistoryEntry | undefined): void {
  const estimate = entry?.estimatedDataLossMilliseconds;
  const worst = entry?.worstCaseDataLossMilliseconds;
  const truth = stage.aws.trueDataLoss().milliseconds;
  const isBounded = truth !== undefined && worst !== undefined && estimate !== undefined && truth <= worst;
  checks.that('the true loss is within the worst case of status', isBounded, {
    expected: `a known loss of at most ${worst ?? '?'} ms`,
    actual: `estimated ${estimate ?? '?'} ms, at worst ${worst ?? '?'} ms, truly ${truth === undefined ? '?' : Math.round(truth)} ms`,
  });
}

function measureOn({ stage }: Play, lostAt: number, ended: PolicyVersion): Measurements {
  const { aws, configMapWatch, operator } = stage;
  const decision = operator.decisions[0];
  const call = aws.callsOf({ action: 'FailoverGlobalCluster' })[0];
  const promotedAt = aws.operations[0]?.endedAt;
  const publishedAt = configMapWatch.versions.find(
    ({ object }) => object.data?.['state'] === 'published' && object.data['primaryRegion'] === names.secondary,
  )?.at;
  const { status } = ended.object;
  const entry = status?.history?.[0];
  const trueDataLoss = aws.trueDataLoss().milliseconds;
  const isComplete =
    decision !== undefined &&
    call !== undefined &&
    promotedAt !== undefined &&
    publishedAt !== undefined &&
    trueDataLoss !== undefined;
  if (!isComplete) {
    throw new DemoError('cannot measure the failover: its decision, call, promotion or publication is not on record');
  }
  return measure({
    lostAt,
    decision,
    callAt: call.at,
    promotedAt,
    publishedAt,
    detectionWindow: status?.detectionWindow ?? 'unknown',
    estimatedDataLoss: entry?.estimatedDataLossMilliseconds ?? Number.NaN,
    worstCaseDataLoss: entry?.worstCaseDataLossMilliseconds ?? Number.NaN,
    trueDataLoss: Math.round(trueDataLoss),
  });
}
