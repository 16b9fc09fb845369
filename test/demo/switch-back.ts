import { checkPublished } from './check-published.ts';
import { DemoError } from './checks.ts';
import { describeHistory } from './lose-region.ts';
import { awaitPolicy, conditionOf, showPolicies, userKubectl, type Play, type PolicyVersion } from './play.ts';
import { names } from './policy.ts';
import { awaitProtection } from './protect.ts';
import { tellTimeline } from './report.ts';
import { timelineOf, type TimelineEntry } from './timeline.ts';

const SWITCHOVER_MILLISECONDS = 60_000;
const forced = 'aurora-dr.io/force-failover';

/** Act 3: the region returns, the old primary re-joins, and a person moves the writer back without losing anything. */
export async function switchBack(play: Play): Promise<readonly TimelineEntry[]> {
  const { stage, narrator } = play;
  const { aws, policyWatch, configMapWatch } = stage;
  narrator.line(`  The local AWS gives ${names.primary} back; its cluster is rebuilt as a secondary.`);
  await aws.restoreRegion(names.primary);
  await awaitProtection(play, names.secondary);
  await checkRejoined(play);

  const knownPolicies = policyWatch.versions.length;
  const requestedAt = Date.now();
  await userKubectl(play, ['annotate', 'drp', names.policy, `${forced}=${names.primary}`]);
  const ended = await awaitPolicy(play, {
    title: 'kubectl: the operator records a successful switchover',
    expected: `history: Annotation Switchover ${names.secondary} → ${names.primary} Succeeded`,
    isFulfilled: ({ status }) => status?.history?.[0]?.type === 'Switchover' && status.operation === undefined,
    describe: ({ status }) => describeHistory(status?.history?.[0]) ?? 'no history',
    timeoutMilliseconds: SWITCHOVER_MILLISECONDS,
  });
  const operation = aws.operations.at(-1);
  if (operation === undefined) {
    throw new DemoError('cannot tell the timeline: the local AWS saw no operation');
  }
  const timeline = timelineOf({
    startedAt: requestedAt,
    start: { source: 'demo', what: `kubectl annotate ${forced}=${names.primary}` },
    policies: policyWatch.versions.slice(Math.max(0, knownPolicies - 1)),
    configMaps: configMapWatch.versions,
    calls: aws.calls,
    decisions: [],
    operation,
    messages: aws.messages,
  });
  tellTimeline(narrator, timeline);
  await checkSwitchover(play, ended);
  await awaitProtection(play, names.primary);
  await showPolicies(play);
  return timeline;
}

async function checkRejoined({ stage, checks }: Play): Promise<void> {
  const seen = await stage.awsApi.globalCluster(names.primary);
  const old = typeof seen === 'string' ? seen : seen.synchronization[names.primary];
  checks.equal(`AWS API: the old primary in ${names.primary}`, old, 'connected');
  const policy = stage.policyWatch.newest?.object;
  const risk = policy === undefined ? 'absent' : conditionOf(policy, 'SplitBrainRisk');
  checks.equal('kubectl: SplitBrainRisk is over', risk, 'False (NoRisk)');
}

async function checkSwitchover(play: Play, ended: PolicyVersion): Promise<void> {
  const { stage, checks } = play;
  const { status } = ended.object;
  const { result, action, value } = status?.lastRequest ?? {};
  checks.equal(
    'kubectl: status.lastRequest',
    `${action ?? ''}=${value ?? ''}: ${result ?? ''}`,
    `force-failover=${names.primary}: Accepted`,
  );
  const path = 'jsonpath={.metadata.annotations.aurora-dr\\.io/force-failover}';
  const left = await stage.kubectl(['get', 'drp', names.policy, '--output', path]);
  checks.equal('kubectl: the annotation is gone', left === '' ? 'gone' : left, 'gone');
  const made = stage.aws.calls
    .filter(({ action: each }) => each === 'FailoverGlobalCluster' || each === 'SwitchoverGlobalCluster')
    .map(({ action: each, region, result: answer }) => `${each} in ${region}: ${answer}`);
  checks.equal(
    'AWS call log: one switchover more, asked of the present primary',
    made.slice(1).join('; '),
    `SwitchoverGlobalCluster in ${names.secondary}: ok`,
  );
  for (const region of [names.primary, names.secondary]) {
    const seen = await stage.awsApi.globalCluster(region);
    const writer = typeof seen === 'string' ? seen : seen.writerRegion;
    checks.equal(`AWS API: the writer, asked in ${region}`, writer, names.primary);
  }
  await checkPublished(play, names.primary);
  const loss = stage.aws.trueDataLoss().milliseconds;
  checks.equal('local AWS: what the switchover really lost', `${loss ?? '?'} ms`, '0 ms');
}
