import { findCondition } from '../../operator/api/v1alpha1/conditions.ts';
import type { PolicySnapshot, Readiness } from './readiness.ts';

/** A command that fits the situation, and when to use it. */
export interface Suggestion {
  readonly command: string;
  readonly why: string;
}

type Ask = (command: string, ...rest: readonly string[]) => string;

const when = (applies: boolean, command: string, why: string): Suggestion[] => (applies ? [{ command, why }] : []);

function inFlight(snapshot: PolicySnapshot, id: string, ask: Ask): Suggestion[] {
  const isFenceAwaited = findCondition(snapshot.policy.status?.conditions, 'Progressing')?.reason === 'AwaitingFence';
  const why = 'once you know that the old primary takes no writes: publishes the new writer';
  return [
    ...when(isFenceAwaited, ask('confirm-fenced', id), why),
    { command: ask('status', '--watch'), why: 'follow it to its end' },
  ];
}

/** The region that the writer should be in, when it is in one that is only allowed. */
function homeOf({ policy }: PolicySnapshot): string | undefined {
  const { spec, status } = policy;
  const preferred = spec.regions.filter(({ promotion }) => promotion === 'Prefer').map(({ name }) => name);
  const isAway = status?.primaryRegion !== undefined && !preferred.includes(status.primaryRegion);
  return isAway ? preferred[0] : undefined;
}

function atRest(snapshot: PolicySnapshot, { wouldWork }: Readiness, ask: Ask): Suggestion[] {
  const { spec, status } = snapshot.policy;
  const { incident, history = [], cooldownUntil } = status ?? {};
  const newest = history.find(({ type }) => type !== 'Simulation');
  const isCooling = cooldownUntil !== undefined && snapshot.now < Date.parse(cooldownUntil);
  const isCalm = incident === undefined;
  const home = homeOf(snapshot);
  return [
    ...when(!isCalm, ask('failover'), 'promote another region now; it may lose the newest writes'),
    ...when(isCooling, ask('acknowledge', newest?.id ?? ''), 'end the cooldown: automation may act again'),
    ...when(spec.suspend, ask('resume'), 'let automation act again'),
    ...when(
      isCalm && home !== undefined && wouldWork === 'yes',
      ask('failback'),
      `bring the writer back to ${home ?? ''}, without loss`,
    ),
    ...when(isCalm && wouldWork === 'no', ask('check'), 'look from here at all that a failover needs'),
  ];
}

/** What a person could do now, each as a command to type. */
export function suggestionsOf(snapshot: PolicySnapshot, readiness: Readiness): readonly Suggestion[] {
  const { metadata, status } = snapshot.policy;
  if (status === undefined || readiness.reason === 'StatusStale') {
    const command = 'kubectl get pods -A -l app.kubernetes.io/name=aurora-dr-operator';
    return [{ command, why: 'does the operator run?' }];
  }
  const ask: Ask = (command, ...rest) =>
    ['kubectl aurora-dr', command, metadata.name, ...rest, '-n', metadata.namespace].join(' ');
  return status.operation === undefined
    ? atRest(snapshot, readiness, ask)
    : inFlight(snapshot, status.operation.id, ask);
}
