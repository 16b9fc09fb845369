import type { RoundDecision } from '../../operator/failover/decision.ts';
import { storyOf, describeVerdict } from '../../operator/decision-story.ts';
import { findCondition } from '../../operator/api/v1alpha1/conditions.ts';
import { lossText, triggerText } from '../views/operation-text.ts';
import { dateText, offsetText, preciseClockText, spanText } from '../views/time-text.ts';
import { roundsOf } from './decision-lanes.ts';
import type { Incident } from './incident.ts';

/** Keeps Markdown and HTML from reading mark-up into what clusters, databases and people say. */
export function plain(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/([\\`*_[\]|~])/g, '\\$1')
    .replaceAll(/\s+/g, ' ');
}

/** A name as code: nothing in it is mark-up but the mark that ends it. */
const code = (text: string): string => `\`${text.replaceAll(/[`|\s]+/g, ' ')}\``;

const iso = (at: number): string => new Date(at).toISOString();
const table = (header: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  rows.length === 0
    ? []
    : ['', ...[header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`), ''];
const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`## ${title}`, '', ...lines, ''];

function headline({ operation, policy }: Incident): string {
  return `${operation.type} of ${policy.metadata.namespace}/${policy.metadata.name}: ${operation.from} → ${operation.to}`;
}

function endedText({ operation }: Incident): string {
  const { outcome, reason, message = '' } = operation;
  if (outcome === undefined) {
    return `It is still in flight, at step ${operation.step ?? 'unknown'}.`;
  }
  return outcome === 'Succeeded' ? '' : `It ended ${outcome} (${reason ?? 'no reason given'}): ${plain(message)}.`;
}

/** What happened, in a few sentences. */
function summary(incident: Incident): string {
  const { operation, policy, startedAt, phases, milestones } = incident;
  const { type, from, to, recoveryTimeMilliseconds } = operation;
  const isLoss = milestones.some(({ name }) => name === 'lost');
  const detection = phases.find(({ name }) => name === 'detection');
  const began = isLoss
    ? `From ${dateText(iso(startedAt))} the primary in ${from} was not seen serving.` +
      (detection === undefined
        ? ''
        : ` After ${spanText(detection.to - detection.from)} of observation the operator recorded a ${type} to ${to}`)
    : `At ${dateText(iso(startedAt))} a ${type} from ${from} to ${to} was recorded`;
  const recovery =
    recoveryTimeMilliseconds === undefined
      ? ''
      : ` ${spanText(recoveryTimeMilliseconds)} after ${isLoss ? 'the first failing round' : 'the request'} the new writer was proven to serve${
          policy.spec.publish === undefined ? '' : ', and clients were sent to it'
        }.`;
  const loss = type === 'Switchover' ? ' Nothing was lost.' : ` Estimated loss of data: ${lossText(operation)}.`;
  return [`${began} (${triggerText(operation)}).`, recovery.trim(), endedText(incident), loss.trim()]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function facts(incident: Incident): string[] {
  const { operation, policy, startedAt } = incident;
  const { recoveryTimeMilliseconds, completedAt } = operation;
  const objective = policy.spec.objectives;
  return table(
    ['', ''],
    [
      ['Operation', code(operation.id)],
      ['Global cluster', code(policy.spec.globalClusterIdentifier)],
      ['Type, trigger', `${operation.type}, ${triggerText(operation)}`],
      ['Outcome', operation.outcome ?? 'in flight'],
      ['Began', dateText(iso(startedAt))],
      ['Ended', completedAt === undefined ? 'not yet' : dateText(completedAt)],
      [
        'Recovery time',
        `${recoveryTimeMilliseconds === undefined ? 'unknown' : spanText(recoveryTimeMilliseconds)} (objective: ${objective.recoveryTime})`,
      ],
      ['Loss of data', `${lossText(operation)} (objective: ${objective.recoveryPoint})`],
    ],
  );
}

function whereTimeWent({ phases }: Incident): string[] {
  const total = phases.reduce((sum, { from, to }) => sum + to - from, 0);
  return table(
    ['phase', 'took', 'share', 'whose time'],
    phases.map(({ name, from, to, whose }) => [
      name,
      spanText(to - from),
      total === 0 ? '-' : `${Math.round(((to - from) / total) * 100)} %`,
      whose,
    ]),
  );
}

function timelineRows({ timeline, startedAt }: Incident): string[] {
  return table(
    ['time (UTC)', 'after', 'source', 'what'],
    timeline.map(({ at, source, what, isMilestone }) => {
      const told = plain(what);
      return [preciseClockText(iso(at)), offsetText(at - startedAt), source, isMilestone ? `**${told}**` : told];
    }),
  );
}

/** The round that the operation was decided on: the newest one before it was recorded. */
function decidingRound({ decisions, operation }: Incident): RoundDecision | undefined {
  const startedAt = Date.parse(operation.startedAt);
  return roundsOf(decisions)
    .filter(({ now }) => now <= startedAt)
    .at(-1);
}

function evidence(incident: Incident): string[] {
  const round = decidingRound(incident);
  if (round === undefined) {
    return [];
  }
  return [
    `The newest round before the operation was recorded, of ${iso(round.now)}, by ${code(round.by)}:`,
    '',
    `- **verdict**: ${plain(describeVerdict(round.verdict))}`,
    ...storyOf(round).map((line) => `- ${plain(line)}`),
  ];
}

function oldPrimary({ policy, operation }: Incident): string[] {
  const { splitBrain, rescueSnapshots = [] } = policy.status ?? {};
  const risk = splitBrain?.operationId === operation.id ? splitBrain : undefined;
  const kept = rescueSnapshots.filter(({ operationId }) => operationId === operation.id);
  if (operation.type === 'Switchover') {
    return [];
  }
  return [
    risk === undefined
      ? '- No old primary of this operation is outstanding: it has re-joined, or is not followed any more.'
      : `- **Outstanding**: ${risk.region}/${risk.clusterIdentifier}, fence ${risk.fence ?? 'Unknown'}: ${plain(risk.message ?? 'it may still take writes')}.`,
    ...kept.map(({ region, state, source, snapshot, message }) => {
      const names = [
        source === undefined ? '' : `, ${code(source)}`,
        snapshot === undefined ? '' : `, copied to ${code(snapshot)}`,
        message === undefined ? '' : `: ${plain(message)}`,
      ];
      return `- Snapshot of the old volume in ${region}: ${state}${names.join('')}.`;
    }),
    '- Writes that the old primary took and nobody replicated are in that snapshot only: restore it beside the live cluster and compare.',
  ];
}

function publishedNames(publish: Incident['policy']['spec']['publish']): string {
  const { service, configMap } = publish ?? {};
  return [
    service === undefined ? '' : `Service ${service.name}`,
    configMap === undefined ? '' : `ConfigMap ${configMap.name}`,
  ]
    .filter((name) => name !== '')
    .join(', ');
}

function configuration({ policy }: Incident): string[] {
  const { detection, failover, fencing, regions, publish } = policy.spec;
  const signals = Object.keys(detection.signals).join(', ');
  return [
    ...table(
      ['setting', 'value'],
      [
        ['regions', regions.map(({ name, promotion }) => `${name} (${promotion})`).join(', ')],
        ['signals, quorum', `${signals}; ${detection.quorum}`],
        [
          'interval, timeout, failureThreshold',
          `${detection.interval}, ${detection.timeout}, ${detection.failureThreshold}`,
        ],
        ['detection window', policy.status?.detectionWindow ?? 'unknown'],
        ['failover', `${failover.mode}, dataLoss ${failover.dataLoss}, estimate ${failover.estimate}`],
        ['fencing', fencing.mode],
        ['published as', publishedNames(publish) || 'nothing'],
      ],
    ),
    `As the policy is now, at generation ${policy.metadata.generation}: compare with Git where it was changed since.`,
  ];
}

function stateNow({ policy, reportedAt }: Incident): string[] {
  const { phase = 'Pending', primaryRegion = 'unknown', conditions, cooldownUntil } = policy.status ?? {};
  const ready = findCondition(conditions, 'FailoverReady');
  return [
    `- ${dateText(iso(reportedAt))}: phase ${phase}, primary ${primaryRegion}`,
    ...(ready === undefined ? [] : [`- FailoverReady ${ready.status}, ${ready.reason}: ${plain(ready.message)}`]),
    ...(cooldownUntil === undefined ? [] : [`- cooldown until ${dateText(cooldownUntil)}`]),
  ];
}

/** What no program knows. */
const TO_FILL_IN = [
  '- **Impact**: which services, which users, from when to when?',
  '- **Root cause** of the loss, in AWS or outside:',
  '- **What went well**:',
  '- **What did not**, and where luck helped:',
  '- **Lost writes**: compared with the snapshot of the old primary? Restored?',
  '',
  '| action | owner | until |',
  '| --- | --- | --- |',
  '|  |  |  |',
];

/**
 * The report as Markdown.
 *
 * @param picture what the timeline is included by, such as `![Timeline](incident.svg)`
 */
export function markdownReport(incident: Incident, picture: string): string {
  return [
    `# ${headline(incident)}`,
    '',
    summary(incident),
    '',
    ...facts(incident),
    ...section('Timeline', [picture, '', ...timelineRows(incident)]),
    ...section('Where the time went', whereTimeWent(incident)),
    ...section('What the decision rested on', evidence(incident)),
    ...section('The old primary', oldPrimary(incident)),
    ...section('Configuration', configuration(incident)),
    ...section('State when this report was made', stateNow(incident)),
    ...section('To fill in', TO_FILL_IN),
    ...section('Sources', [
      `- \`status\` and events of policy ${incident.policy.metadata.namespace}/${incident.policy.metadata.name}, uid ${incident.policy.metadata.uid}`,
      ...(incident.decisions.length === 0
        ? []
        : [`- ${incident.decisions.length} records of the decision log; \`npm run replay\` checks them`]),
      ...incident.gaps.map((gap) => `- ${plain(gap)}`),
      '- Times are of the operator’s clock, in UTC.',
    ]),
  ]
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .concat('\n');
}
