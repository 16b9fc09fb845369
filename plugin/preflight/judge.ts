import { findCondition } from '../../operator/api/v1alpha1/conditions.ts';
import { parseDuration } from '../../operator/api/v1alpha1/duration.ts';
import { settingsOf } from '../../operator/controllers/settings-of.ts';
import { assess, type Assessment } from '../../operator/failover/assess.ts';
import { defined } from '../../operator/failover/defined.ts';
import { simulateFailover } from '../../operator/failover/drill.ts';
import { EMPTY_MEMORY } from '../../operator/failover/memory.ts';
import type { Attempt, RegionObservation } from '../../operator/failover/observation.ts';
import type { Settings } from '../../operator/failover/settings.ts';
import { STALE_MILLISECONDS } from '../views/readiness.ts';
import { agoText, spanText } from '../views/time-text.ts';
import type { Findings, NameFindings, RegionFindings } from './findings.ts';

/** ok: as a failover needs it. warning: it would work all the same. failed: it would not. unknown: nobody can tell. */
export type Verdict = 'ok' | 'warning' | 'failed' | 'unknown';

/** One line of the pre-flight. */
export interface PreflightLine {
  readonly area: 'Kubernetes' | 'Credentials' | 'Regions' | 'DNS' | 'Network' | 'Failover';
  /** What was looked at. */
  readonly what: string;
  readonly verdict: Verdict;
  readonly message: string;
}

/** What no look can prove, because trying it changes something. */
export const notTried = (name: string): readonly string[] => [
  `rds:FailoverGlobalCluster and rds:SwitchoverGlobalCluster: kubectl aurora-dr drill ${name} --mode Switchover proves the second`,
  'sns:Publish and cloudwatch:PutMetricData: the next notification and the next minute prove them',
  'rds:CopyDBClusterSnapshot and the use of the KMS key: the first rescue snapshot proves them',
];

type Line = Omit<PreflightLine, 'area'>;

const line = (what: string, verdict: Verdict, message: string): Line => ({ what, verdict, message });

function kubernetes({ policy, statusWrittenAt, now, mayAsk, published }: Findings): Line[] {
  const { metadata, status } = policy;
  const age = statusWrittenAt === undefined ? undefined : now - Date.parse(statusWrittenAt);
  const isCurrent = (status?.observedGeneration ?? 0) >= metadata.generation;
  const operator =
    age === undefined
      ? line('operator', 'failed', 'it has not looked at this policy: check that it runs and watches this namespace')
      : age > STALE_MILLISECONDS
        ? line(
            'operator',
            'failed',
            `status is ${spanText(age)} old, and is refreshed every 12 min or so: check that it runs`,
          )
        : line(
            'operator',
            isCurrent ? 'ok' : 'warning',
            isCurrent ? `wrote status ${agoText(statusWrittenAt ?? '', now)}` : 'has not taken in the newest spec yet',
          );
  const rights = mayAsk.isDone
    ? line(
        'your rights',
        mayAsk.value ? 'ok' : 'warning',
        mayAsk.value ? 'you may ask for a failover' : 'you may not: patch on disasterrecoverypolicies is not granted',
      )
    : line('your rights', 'unknown', mayAsk.why);
  return [operator, rights, ...published.map(({ kind, name, leadsTo }) => publishedLine(kind, name, leadsTo, policy))];
}

function publishedLine(
  kind: string,
  name: string,
  leadsTo: Findings['published'][number]['leadsTo'],
  { status }: Findings['policy'],
): Line {
  const what = `${kind} ${name}`;
  if (!leadsTo.isDone) return line(what, leadsTo.isForbidden === true ? 'warning' : 'failed', leadsTo.why);
  const writer = status?.writerEndpoint;
  return leadsTo.value === writer
    ? line(what, 'ok', `leads to the writer, ${leadsTo.value}`)
    : line(what, 'failed', `leads to ${leadsTo.value || 'nowhere'}, and the writer is ${writer ?? 'unknown'}`);
}

function credentials({ policy, regions }: Findings, assessment: Assessment): Line[] {
  const expected = accountOf(policy.status?.regions?.find(({ clusterArn }) => clusterArn !== undefined)?.clusterArn);
  return regions.map(({ region, identity }) => {
    if (!identity.isDone) return line(region, severity(region, assessment), identity.why);
    const { accountId, arn } = identity.value;
    return expected === undefined || expected === accountId
      ? line(region, 'ok', arn)
      : line(region, 'failed', `${arn} is of account ${accountId}; the clusters are in ${expected}`);
  });
}

const accountOf = (arn: string | undefined): string | undefined => arn?.split(':')[4];

/** A primary that is lost is what a failover is for, and a secondary that is not fit matters where no other one is. */
const severity = (region: string, { topology, target }: Assessment): Verdict =>
  region === topology.primaryRegion || target !== undefined ? 'warning' : 'failed';

const attemptText = (attempt: Attempt): string => (attempt.kind === 'answered' ? 'answers' : attempt.message);

function rdsLine(observation: RegionObservation | undefined, region: string, bad: Verdict): Line {
  const what = `${region} RDS`;
  if (observation === undefined) return line(what, bad, 'was not asked');
  const { globalClusters, clusters, cluster, globalCluster } = observation;
  if (globalClusters.kind !== 'answered' || clusters.kind !== 'answered') {
    return line(what, bad, attemptText(globalClusters.kind === 'answered' ? clusters : globalClusters));
  }
  if (globalCluster === undefined || cluster === undefined) {
    return line(what, bad, `answers, and does not know the ${globalCluster === undefined ? 'global ' : ''}cluster`);
  }
  const { identifier, status, instanceCount, engineVersion = 'unknown' } = cluster;
  const isWell = status === 'available' && instanceCount > 0;
  const state = `cluster ${identifier} is ${status}, ${instanceCount} instances, engine ${engineVersion}`;
  return line(what, isWell ? 'ok' : bad, state);
}

const secondariesOf = ({ regions }: Assessment): Assessment['regions'] =>
  regions.filter(({ role }) => role === 'Secondary');

function versionLines({ round }: Findings, assessment: Assessment): Line[] {
  const { topology } = assessment;
  const primary = round.regions[topology.primaryRegion ?? '']?.cluster?.engineVersion ?? topology.engineVersion;
  return secondariesOf(assessment).map(({ region, engineVersion }) => {
    const what = `${region} version`;
    const bad = severity(region, assessment);
    if (engineVersion === undefined || primary === undefined) {
      return line(what, bad, 'cannot be compared: one of the two is not known');
    }
    return engineVersion === primary
      ? line(what, 'ok', `${engineVersion}, as the primary`)
      : line(what, bad, `${engineVersion}, and the primary ${primary}: AWS refuses to promote another patch level`);
  });
}

function lagLines({ round, now, policy }: Findings, assessment: Assessment): Line[] {
  const { maximumLagAge } = policy.spec.failover;
  return secondariesOf(assessment).map(({ region }) => {
    const what = `${region} lag`;
    const bad = severity(region, assessment);
    const observed = round.lag[region];
    const newest = observed?.samples.at(-1);
    if (newest === undefined) {
      const isAnswered = observed?.attempt.kind === 'answered';
      const why =
        observed === undefined ? 'it was not asked' : isAnswered ? 'no sample' : attemptText(observed.attempt);
      return line(what, bad, `unknown, which is never zero: CloudWatch: ${why}`);
    }
    const age = now - newest.periodEnd;
    return line(
      what,
      age > parseDuration(maximumLagAge) ? bad : 'ok',
      `${spanText(newest.lagMilliseconds)}, sample ${spanText(age)} old (failover.maximumLagAge ${maximumLagAge})`,
    );
  });
}

/** What is read after a failover, and before a new writer is published where fencing is required. */
function rightsLines({ region, events, snapshots }: RegionFindings, isFenceRequired: boolean): Line[] {
  return [
    events.isDone
      ? line(`${region} events`, 'ok', 'may be read: they tell whether an old primary is fenced')
      : line(`${region} events`, isFenceRequired ? 'failed' : 'warning', events.why),
    snapshots.isDone
      ? line(`${region} snapshots`, 'ok', 'may be listed: they keep what an old primary had')
      : line(`${region} snapshots`, 'warning', snapshots.why),
  ];
}

function regionLines(findings: Findings, assessment: Assessment): Line[] {
  const { round, policy } = findings;
  return [
    ...findings.regions.flatMap((found) => {
      const { region } = found;
      const isFenceRequired = policy.spec.fencing.mode === 'Required' && region !== assessment.topology.primaryRegion;
      return [
        rdsLine(round.regions[region], region, severity(region, assessment)),
        ...rightsLines(found, isFenceRequired),
      ];
    }),
    ...versionLines(findings, assessment),
    ...lagLines(findings, assessment),
  ];
}

const FENCED = 'fenced.invalid';

function dnsLines({ names }: Findings, { topology }: Assessment): Line[] {
  const writer = names.find(({ what }) => what === `cluster endpoint of ${topology.primaryRegion ?? ''}`);
  return names.map((found) => {
    const { what, name, addresses } = found;
    if (name === FENCED) return line(what, 'warning', 'clients are kept from the old writer for now');
    if (!addresses.isDone) return line(what, 'failed', `${name} does not resolve: ${addresses.why}`);
    const isAnotherWriter = what === 'global writer endpoint' && !leadsToSame(found, writer);
    return isAnotherWriter
      ? line(
          what,
          'warning',
          `${name} leads to ${addresses.value.join(', ')}, and not to the writer: DNS may be behind`,
        )
      : line(what, 'ok', `${name} → ${addresses.value.join(', ')}`);
  });
}

function leadsToSame(one: NameFindings, other: NameFindings | undefined): boolean {
  if (!one.addresses.isDone || other?.addresses.isDone !== true) return true;
  const { value: known } = other.addresses;
  return one.addresses.value.some((address) => known.includes(address));
}

function networkLines({ round, policy }: Findings, { topology }: Assessment): Line[] {
  const endpoints = Object.values(round.endpoints).map(({ region, target, attempt }) => {
    const what = `${region} writer endpoint`;
    // A secondary's cluster endpoint leads nowhere in AWS until it is promoted.
    const isExpected = region === topology.primaryRegion;
    if (attempt.kind === 'answered') return line(what, 'ok', `${target} accepts`);
    return line(
      what,
      'warning',
      isExpected
        ? `${target}: ${attempt.message}; from here, that is`
        : `${target} does not accept before it is promoted: ${attempt.message}`,
    );
  });
  const url = policy.spec.detection.signals.http?.url;
  const { witness } = round;
  const witnessLine =
    url === undefined
      ? line(
          'witness',
          'warning',
          'none is configured: the loss of the link between the regions looks like the loss of the region',
        )
      : witness?.attempt.kind === 'answered'
        ? line(
            'witness',
            witness.statusCode === 503 || (witness.statusCode ?? 0) < 300 ? 'ok' : 'warning',
            `${url} answers ${witness.statusCode ?? ''}`,
          )
        : line(
            'witness',
            'warning',
            `${url}: ${witness === undefined ? 'was not asked' : attemptText(witness.attempt)}`,
          );
  return [...endpoints, witnessLine];
}

/** Settings with which one round says what many would: nothing is remembered here. */
function oneRoundSettings({ policy, metricPeriodMilliseconds }: Findings): Settings {
  const installation = { metricPeriodMilliseconds, unconfirmedReadWindowMilliseconds: 0 };
  return { ...settingsOf(policy.spec, installation), successThreshold: 1, failureThreshold: 1 };
}

/** Checks of the operator's simulation that depend on its process, or that speak against a drill and not a failover. */
const OF_THE_OPERATOR: readonly string[] = ['Call'];
const OF_A_DRILL: readonly string[] = ['AtRest'];

function failoverLines(findings: Findings, assessment: Assessment, settings: Settings): Line[] {
  const { status, metadata } = findings.policy;
  const published = findCondition(status?.conditions, 'EndpointPublished');
  const { cooldownUntil } = status ?? {};
  const facts = defined({
    cooldownUntil: cooldownUntil === undefined ? undefined : Date.parse(cooldownUntil),
    hasOperation: status?.operation !== undefined,
    hasSplitBrainRisk: status?.splitBrain !== undefined,
    isLeaving: metadata.deletionTimestamp !== undefined,
    hasDrill: status?.drill !== undefined,
    publicationProblem:
      published === undefined || published.status === 'True' ? undefined : `${published.reason}: ${published.message}`,
    canCall: true,
  });
  return simulateFailover({ assessment, settings, facts, now: findings.now })
    .checks.filter(({ name }) => !OF_THE_OPERATOR.includes(name))
    .map(({ name, passed, message }) => {
      if (passed) return line(name, 'ok', message);
      return name === 'Votes' && hasOperatorVotes(findings)
        ? line(name, 'warning', `the operator holds the votes that a quorum needs; from here: ${message}`)
        : line(name, OF_A_DRILL.includes(name) ? 'warning' : 'failed', message);
    });
}

/** Reasons of FailoverReady that speak of votes. */
const WITHOUT_VOTES: readonly string[] = ['NeverObservedPassing', 'QuorumNotReachable'];

/** A database that admits only the operator's network gives this machine no vote: what counts is whom it gives one. */
function hasOperatorVotes({ policy, statusWrittenAt, now }: Findings): boolean {
  const { signals = [], conditions } = policy.status ?? {};
  const ready = findCondition(conditions, 'FailoverReady');
  const isFresh = statusWrittenAt !== undefined && now - Date.parse(statusWrittenAt) <= STALE_MILLISECONDS;
  return isFresh && ready !== undefined && signals.length > 0 && !WITHOUT_VOTES.includes(ready.reason);
}

/** What was seen, line by line; the verdict on a failover is the brain's own. */
export function judge(findings: Findings): readonly PreflightLine[] {
  const settings = oneRoundSettings(findings);
  const { primaryRegion, splitBrain } = findings.policy.status ?? {};
  const recorded = defined({ primaryRegion, distrustedRegion: splitBrain?.region });
  const { assessment } = assess(EMPTY_MEMORY, findings.round, settings, recorded);
  const areas = [
    ['Kubernetes', kubernetes(findings)],
    ['Credentials', credentials(findings, assessment)],
    ['Regions', regionLines(findings, assessment)],
    ['DNS', dnsLines(findings, assessment)],
    ['Network', networkLines(findings, assessment)],
    ['Failover', failoverLines(findings, assessment, settings)],
  ] as const;
  return areas.flatMap(([area, lines]) => lines.map((each) => ({ area, ...each })));
}

/** The worst of all lines. */
export function overall(lines: readonly PreflightLine[]): Verdict {
  const order: readonly Verdict[] = ['failed', 'unknown', 'warning', 'ok'];
  return order.find((verdict) => lines.some((each) => each.verdict === verdict)) ?? 'unknown';
}
