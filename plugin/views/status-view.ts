import { findCondition } from '../../operator/api/v1alpha1/conditions.ts';
import type { Phase, RegionStatus, SignalStatus } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { cell, hanging, table, wrap, type Cell } from './layout.ts';
import { routeText, stepText } from './operation-text.ts';
import type { Paint } from './paint.ts';
import type { PolicyEvent } from './policy-event.ts';
import { readinessOf, type PolicySnapshot, type Readiness } from './readiness.ts';
import { suggestionsOf } from './suggestions.ts';
import { agoText, clockText, dateText, spanText } from './time-text.ts';

export interface StatusView extends PolicySnapshot {
  /** Newest first; undefined where the user may not read them. */
  readonly events: readonly PolicyEvent[] | undefined;
}

export interface ViewStyle {
  readonly paint: Paint;
  /** Characters in a line. */
  readonly width: number;
}

const SHOWN_EVENTS = 6;
const INDENT = '  ';
const UNKNOWN = '?';

const indented = (lines: readonly string[]): string[] => lines.map((line) => (line === '' ? '' : `${INDENT}${line}`));
const section = (title: string, lines: readonly string[], { paint }: ViewStyle): string[] =>
  lines.length === 0 ? [] : ['', paint.bold(title), ...indented(lines)];

/** How a phase is to be marked: calm, worth a look, or worth getting up for. */
export function phaseMark(phase: Phase | undefined, paint: Paint): (text: string) => string {
  switch (phase) {
    case 'Protected':
      return paint.good;
    case 'Degraded':
    case 'Suspended':
    case 'Pending':
    case undefined:
      return paint.warning;
    case 'Suspect':
    case 'FailingOver':
    case 'SwitchingOver':
    case 'Unprotected':
      return paint.bad;
  }
}

function heading({ policy, writtenAt, now }: StatusView, { paint }: ViewStyle): string[] {
  const { metadata, spec } = policy;
  const age = writtenAt === undefined ? 'never observed' : `as of ${dateText(writtenAt)}, ${agoText(writtenAt, now)}`;
  return [
    `${paint.bold(`${metadata.namespace}/${metadata.name}`)}   global cluster ${spec.globalClusterIdentifier}   ${paint.dim(age)}`,
  ];
}

function primaryLine({ policy }: StatusView): string {
  const { status } = policy;
  const health = findCondition(status?.conditions, 'PrimaryHealthy');
  if (status?.primaryRegion === undefined) {
    return 'no region is known to hold the writer';
  }
  const since = status.incident === undefined ? '' : ` since ${clockText(status.incident.startedAt)}`;
  const words = {
    True: 'and serves',
    False: `and is NOT seen serving${since}`,
    Unknown: 'and nobody can tell whether it serves',
  };
  return `${status.primaryRegion} is the primary ${words[health?.status ?? 'Unknown']}`;
}

const ANSWERS = { yes: 'YES', no: 'NO', unknown: 'UNKNOWN' } as const;

/** It is on its way: only the rounds that confirm the loss are missing, or the turn among others that were lost too. */
const isOnItsWay = (holds: readonly string[]): boolean =>
  holds.every((hold) => hold.startsWith('Confirming') || hold.startsWith('AwaitingTurn'));

function answerLines(readiness: Readiness, { paint, width }: ViewStyle): string[] {
  const { wouldWork, reason, message, startsByItself, holds, remarks } = readiness;
  const mark = { yes: paint.good, no: paint.bad, unknown: paint.bad }[wouldWork];
  const [first = '', ...rest] = wouldWork === 'yes' ? message.split('; ') : [`${reason}: ${message}`];
  const room = width - INDENT.length;
  const lines = hanging(`${ANSWERS[wouldWork].padEnd(8)} `, first, room, mark);
  // What holds automation is told below, by the spec and the clock as they are now.
  const others = rest.filter((note) => !/^(spec\.suspend|failover\.mode|automation rests)/.test(note));
  const itself =
    wouldWork === 'yes'
      ? [
          startsByItself
            ? hanging('it would start by itself: ', 'yes, once a loss is confirmed', room)
            : hanging(
                'it would start by itself: ',
                `${isOnItsWay(holds) ? 'NOT YET' : 'NO'}: ${holds.join('; ')}`,
                room,
                paint.warning,
              ),
        ].flat()
      : [];
  return [...lines, ...itself, ...[...others, ...remarks].flatMap((note) => hanging('note: ', note, room))];
}

function lagCell({ role, replicationLagMilliseconds, lagSampleTime }: RegionStatus, { now }: StatusView): string {
  if (role !== 'Secondary') {
    return '-';
  }
  return replicationLagMilliseconds === undefined
    ? 'unknown'
    : `${spanText(replicationLagMilliseconds)}${lagSampleTime === undefined ? '' : ` (${agoText(lagSampleTime, now)})`}`;
}

function regionLines(view: StatusView, { paint }: ViewStyle): string[] {
  const { spec, status } = view.policy;
  const rows = (status?.regions ?? []).map((region): (Cell | string)[] => {
    const promotion = spec.regions.find(({ name }) => name === region.name)?.promotion ?? UNKNOWN;
    const fitness = region.promotable ? cell('yes', paint.good) : cell(`no: ${region.reason ?? UNKNOWN}`, paint.bad);
    return [
      cell(region.name, region.role === 'Primary' ? paint.bold : undefined),
      region.role,
      cell(region.clusterStatus ?? UNKNOWN, region.health === 'Healthy' ? undefined : paint.bad),
      region.synchronizationStatus ?? '-',
      lagCell(region, view),
      region.engineVersion ?? UNKNOWN,
      promotion,
      region.role === 'Primary' ? '-' : fitness,
    ];
  });
  return rows.length === 0
    ? []
    : table(['REGION', 'ROLE', 'CLUSTER', 'SYNC', 'LAG', 'ENGINE', 'PROMOTION', 'CAN TAKE OVER'], rows);
}

function signalLines({ policy, now }: StatusView, { paint }: ViewStyle): string[] {
  const mark = { Passing: paint.good, Failing: paint.bad, Unknown: paint.warning };
  const rows = (policy.status?.signals ?? []).map((signal: SignalStatus): (Cell | string)[] => [
    signal.name,
    cell(signal.state, mark[signal.state]),
    agoText(signal.since, now).replace(' ago', ''),
    signal.lastPassed === undefined ? 'no vote' : 'votes',
    signal.state === 'Passing' ? '' : `${signal.reason ?? ''}: ${signal.message ?? ''}`,
  ]);
  return rows.length === 0 ? [] : table(['SIGNAL', 'STATE', 'FOR', 'VOTE', 'WHY'], rows);
}

function operationLines({ policy, now }: StatusView, { paint, width }: ViewStyle): string[] {
  const operation = policy.status?.operation;
  if (operation === undefined) {
    return [];
  }
  const { type, id, step, startedAt, attempts, message } = operation;
  const room = width - INDENT.length;
  return [
    `${paint.bold(type)} ${routeText(operation)}   ${id}`,
    `step ${step}: ${stepText(step)}; for ${spanText(now - Date.parse(startedAt))}, ${attempts} call${attempts === 1 ? '' : 's'} to AWS`,
    ...(message === undefined ? [] : wrap(message, room)),
  ];
}

/** Reasons that need nobody, or that the first line and the table of signals tell. */
const TOLD_ELSEWHERE: readonly string[] = ['NotConfigured', 'PrimaryLost', 'SignalsFailing'];

/** Conditions that ask for somebody, beyond what the answer above says already. */
function attentionLines({ policy, now }: StatusView, { paint, width }: ViewStyle): string[] {
  const { conditions = [], lastRequest } = policy.status ?? {};
  const isAlarming = [
    ['SplitBrainRisk', 'True'],
    ['ResourceDrift', 'True'],
    ['ResourceDrift', 'Unknown'],
    ['EndpointPublished', 'False'],
    ['ReplicationHealthy', 'False'],
    ['PrimaryHealthy', 'False'],
  ] as const;
  const alarming = conditions.filter(
    ({ type, status, reason }) =>
      !TOLD_ELSEWHERE.includes(reason) && isAlarming.some(([name, bad]) => name === type && bad === status),
  );
  const told = alarming.flatMap(({ type, reason, message }) =>
    hanging(`! ${type} `, `${reason}: ${message}`, width - INDENT.length, paint.bad),
  );
  const refusal = lastRequest?.result === 'Refused' ? lastRequest : undefined;
  const refused =
    refusal === undefined
      ? []
      : hanging(
          '! request refused ',
          `${agoText(refusal.observedAt, now)}: ${refusal.action}=${refusal.value ?? ''}: ${refusal.reason ?? ''}: ${refusal.message ?? ''}`,
          width - INDENT.length,
          paint.warning,
        );
  return [...told, ...refused];
}

function writerLines({ policy }: StatusView): string[] {
  const { writerEndpoint, published } = policy.status ?? {};
  const names = [
    published?.service === undefined ? '' : `Service ${published.service}`,
    published?.configMap === undefined ? '' : `ConfigMap ${published.configMap}`,
  ].filter((name) => name !== '');
  return [
    ...(writerEndpoint === undefined ? [] : [`address       ${writerEndpoint}`]),
    ...(published === undefined
      ? []
      : [`clients go to ${published.writerEndpoint} (${names.join(', ')}; since ${dateText(published.at)})`]),
  ];
}

function planLines({ policy, now }: StatusView): string[] {
  const { spec, status } = policy;
  const { lastDrill, nextDrill, drill, history = [], detectionWindow } = status ?? {};
  const newest = history.find(({ type }) => type !== 'Simulation');
  return [
    `detection     a loss is acted on after ${detectionWindow ?? UNKNOWN}; quorum ${spec.detection.quorum} of ${Object.keys(spec.detection.signals).length} signals`,
    `data loss     automation may lose: ${spec.failover.dataLoss}, recovery point ${spec.objectives.recoveryPoint}`,
    ...(drill === undefined
      ? []
      : [`drill         under way: ${drill.home} → ${drill.away} and back, leg ${drill.leg} (${drill.id})`]),
    `last drill    ${lastDrill === undefined ? 'none' : `${lastDrill.mode} ${lastDrill.result}, ${agoText(lastDrill.completedAt, now)}`}` +
      (nextDrill === undefined ? '' : `; next ${dateText(nextDrill.at)}`),
    `last change   ${
      newest === undefined
        ? 'none on record'
        : `${newest.type} ${routeText(newest)} ${newest.outcome}, ${agoText(newest.completedAt, now)} (${newest.id})`
    }`,
  ];
}

function eventLines({ events, now }: StatusView, { paint, width }: ViewStyle): string[] {
  if (events === undefined) {
    return ['not shown: you may not list events of events.k8s.io here'];
  }
  if (events.length === 0) {
    return ['none (the API server forgets them after an hour)'];
  }
  const shown = events.slice(0, SHOWN_EVENTS);
  const ages = shown.map(({ lastAt }) => agoText(lastAt, now));
  const ageWidth = Math.max(...ages.map(({ length }) => length));
  return shown.flatMap(({ reason, note, count, isWarning }, index) => {
    const label = `${(ages[index] ?? '').padEnd(ageWidth)}  ${isWarning ? '!' : ' '} ${reason} `;
    return hanging(
      label,
      `${note}${count > 1 ? ` (${count} times)` : ''}`,
      width - INDENT.length,
      isWarning ? paint.warning : undefined,
    );
  });
}

/** One policy, most important first: who is primary, would a failover work, and what there is to do. */
export function statusLines(view: StatusView, style: ViewStyle): string[] {
  const { paint } = style;
  const { phase } = view.policy.status ?? {};
  const readiness = readinessOf(view);
  const shownPhase = readiness.reason === 'StatusStale' ? `${phase ?? 'Pending'}?` : (phase ?? 'Pending');
  const suggestions = suggestionsOf(view, readiness);
  return [
    ...heading(view, style),
    '',
    `${phaseMark(readiness.reason === 'StatusStale' ? 'Unprotected' : phase, paint)(shownPhase.toUpperCase())}   ${primaryLine(view)}`,
    ...section('Would a failover work right now?', answerLines(readiness, style), style),
    ...section('In flight', operationLines(view, style), style),
    ...section('Needs attention', attentionLines(view, style), style),
    ...section(
      'What you can do',
      suggestions.flatMap(({ command, why }) => [command, paint.dim(`  ${why}`)]),
      style,
    ),
    ...section('Regions', regionLines(view, style), style),
    ...section('Signals', signalLines(view, style), style),
    ...section('Writer', writerLines(view), style),
    ...section('Policy', planLines(view), style),
    ...section('Last events', eventLines(view, style), style),
  ];
}

function tableRow(snapshot: PolicySnapshot, paint: Paint): (Cell | string)[] {
  const { metadata, status = {} } = snapshot.policy;
  const { phase = 'Pending', primaryRegion = UNKNOWN, lag = 'unknown', operation } = status;
  const { wouldWork, reason, startsByItself } = readinessOf(snapshot);
  const works = wouldWork === 'yes';
  return [
    metadata.name,
    cell(phase, phaseMark(phase, paint)),
    primaryRegion,
    lag,
    works ? cell('yes', paint.good) : cell(`${wouldWork}: ${reason}`, paint.bad),
    startsByItself ? 'yes' : cell('no', works ? paint.warning : undefined),
    operation === undefined ? '-' : `${operation.type} ${routeText(operation)} (${operation.step})`,
  ];
}

/** All policies, a row each. */
export function statusTable(
  snapshots: readonly PolicySnapshot[],
  isWithNamespace: boolean,
  { paint }: ViewStyle,
): string[] {
  const header = ['NAME', 'PHASE', 'PRIMARY', 'LAG', 'FAILOVER WOULD WORK', 'BY ITSELF', 'IN FLIGHT'];
  const rows = snapshots.map((snapshot) => tableRow(snapshot, paint));
  return isWithNamespace
    ? table(
        ['NAMESPACE', ...header],
        rows.map((row, index) => [snapshots[index]?.policy.metadata.namespace ?? '', ...row]),
      )
    : table(header, rows);
}
