import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { RecordedCall } from '../aws/world/call-log.ts';
import type { PublishedMessage, RoleChange } from '../aws/world/model.ts';
import type { Version } from './kubectl-watch.ts';
import type { Decision } from './operator-process.ts';
import type { ConfigMapView } from './stage.ts';

/** Where an entry was learned. */
export type Source = 'demo' | 'local AWS' | 'status' | 'operator log' | 'kubectl watch';

/** One thing that happened. */
export interface TimelineEntry {
  /** Milliseconds since the timeline's start. */
  readonly afterMilliseconds: number;
  readonly source: Source;
  readonly what: string;
}

/** What the timeline is read from: nothing else goes into it. */
export interface TimelineFacts {
  /** Milliseconds since the epoch: the outage, or the request. */
  readonly startedAt: number;
  readonly start: { readonly source: Source; readonly what: string };
  /** Versions of the policy from before the start on. */
  readonly policies: readonly Version<DisasterRecoveryPolicy>[];
  readonly configMaps: readonly Version<ConfigMapView>[];
  readonly calls: readonly RecordedCall[];
  readonly decisions: readonly Decision[];
  readonly operation: RoleChange;
  readonly messages: readonly PublishedMessage[];
}

interface Happening {
  readonly at: number;
  readonly source: Source;
  readonly what: string;
}

const mutatingActions = ['FailoverGlobalCluster', 'SwitchoverGlobalCluster'];
const MESSAGE_LENGTH = 96;

/** The first sentence of a message, for one line. */
function brief(message = ''): string {
  const sentence = message.split(': connect ')[0]?.replace(/\s+/g, ' ') ?? '';
  return sentence.length <= MESSAGE_LENGTH ? sentence : `${sentence.slice(0, MESSAGE_LENGTH - 1)}…`;
}

/** Pairs of neighbours. */
function pairs<T>(items: readonly T[]): (readonly [T, T])[] {
  return items.slice(1).flatMap((next, index) => {
    const previous = items[index];
    return previous === undefined ? [] : [[previous, next] as const];
  });
}

function signalChanges(facts: TimelineFacts): Happening[] {
  return pairs(facts.policies).flatMap(([before, after]) =>
    (after.object.status?.signals ?? []).flatMap((signal): Happening[] => {
      const known = before.object.status?.signals?.find((candidate) => candidate.name === signal.name);
      const at = Date.parse(signal.since);
      return known === undefined || known.state === signal.state || at < facts.startedAt
        ? []
        : [
            {
              at,
              source: 'status',
              what: `signal ${signal.name}: ${known.state} → ${signal.state}: ${brief(signal.message)}`,
            },
          ];
    }),
  );
}

function phaseChanges({ policies }: TimelineFacts): Happening[] {
  return pairs(policies).flatMap(([before, after]): Happening[] => {
    const [previous, phase] = [before.object.status?.phase, after.object.status?.phase];
    return phase === undefined || phase === previous
      ? []
      : [{ at: after.at, source: 'kubectl watch', what: `phase ${previous ?? 'none'} → ${phase}` }];
  });
}

/** The operation's own record: what was persisted, and when by the operator's clock. */
function operationRecord({ policies, operation, startedAt }: TimelineFacts): Happening[] {
  const versions = policies.map(({ object }) => object.status);
  const inFlight = versions.find(
    (status) => status?.operation !== undefined && Date.parse(status.operation.startedAt) >= startedAt,
  )?.operation;
  const ended = versions.flatMap((status) => status?.history ?? []).find((entry) => entry.id === inFlight?.id);
  const happenings: Happening[] = [];
  if (inFlight !== undefined) {
    const { type, from, to, trigger } = inFlight;
    happenings.push({
      at: Date.parse(inFlight.startedAt),
      source: 'status',
      what: `${type} ${from} → ${to} (${trigger}) is registered in status.operation, before AWS is called`,
    });
  }
  const seen = ended?.promotedAt;
  if (seen !== undefined) {
    happenings.push({
      at: Date.parse(seen),
      source: 'status',
      what: `the operator sees ${ended?.to ?? ''} as the writer`,
    });
  }
  if (ended !== undefined) {
    const what = `history: ${ended.type} ${ended.outcome}${operation.phase === 'completed' ? '' : ` (AWS: ${operation.phase})`}`;
    happenings.push({ at: Date.parse(ended.completedAt), source: 'status', what });
  }
  return happenings;
}

function publications({ configMaps, startedAt }: TimelineFacts): Happening[] {
  return configMaps
    .filter((version) => version.at >= startedAt)
    .map(({ at, object }) => ({
      at,
      source: 'kubectl watch',
      what: `ConfigMap ${object.metadata.name}: ${object.data?.['state'] ?? ''}, writer ${object.data?.['writerEndpoint'] ?? ''}`,
    }));
}

function inAws({ calls, operation, messages, startedAt }: TimelineFacts): Happening[] {
  const happenings: Happening[] = calls
    .filter((call) => call.at >= startedAt && mutatingActions.includes(call.action))
    .map(({ at, action, region, result }) => ({
      at,
      source: 'local AWS',
      what: `${action} arrives in ${region}: ${result}`,
    }));
  if (operation.endedAt !== undefined) {
    const region = operation.toArn.split(':')[3] ?? '';
    happenings.push({ at: operation.endedAt, source: 'local AWS', what: `${region} is promoted` });
  }
  const notified = messages
    .filter((message) => message.at >= startedAt)
    .map(({ at, region, subject }): Happening => ({
      at,
      source: 'local AWS',
      what: `SNS in ${region}: ${subject ?? ''}`,
    }));
  return [...happenings, ...notified];
}

function decided({ decisions, startedAt }: TimelineFacts): Happening[] {
  return decisions
    .filter((decision) => Date.parse(decision.time) >= startedAt)
    .flatMap(({ time, round, quorumRounds, target, signals }): Happening[] => {
      const failing = Object.entries(signals).filter(([, state]) => state === 'Failing');
      return [
        {
          at: Date.parse(round.completedAt),
          source: 'operator log',
          what: `failing round ${quorumRounds} is complete`,
        },
        {
          at: Date.parse(time),
          source: 'operator log',
          what: `decision: fail over to ${target}; Failing: ${failing.map(([name]) => name).join(', ')}`,
        },
      ];
    });
}

/** What happened, in order, from recorded data alone. */
export function timelineOf(facts: TimelineFacts): readonly TimelineEntry[] {
  const happenings: Happening[] = [
    { at: facts.startedAt, ...facts.start },
    ...signalChanges(facts),
    ...phaseChanges(facts),
    ...decided(facts),
    ...operationRecord(facts),
    ...inAws(facts),
    ...publications(facts),
  ];
  return happenings
    .toSorted((one, other) => one.at - other.at)
    .map(({ at, source, what }) => ({ afterMilliseconds: at - facts.startedAt, source, what }));
}
