import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { EVENTS, type KubeEvent } from '../../operator/runtime/event-recorder.ts';
import type { KubeClient } from '../../operator/runtime/kube-client.ts';
import { isForbidden } from '../../operator/runtime/kube-errors.ts';
import type { PolicyEvent } from '../views/policy-event.ts';

function toPolicyEvent({ eventTime, type, reason, note, series }: KubeEvent): PolicyEvent {
  return {
    firstAt: new Date(eventTime).toISOString(),
    lastAt: new Date(series?.lastObservedTime ?? eventTime).toISOString(),
    count: series?.count ?? 1,
    isWarning: type === 'Warning',
    reason,
    note,
  };
}

/**
 * The events about one policy that the API server still has (it keeps them for an hour by default), newest first;
 * undefined where the user may not read events.
 */
export async function eventsOf(
  client: KubeClient,
  { metadata }: DisasterRecoveryPolicy,
): Promise<readonly PolicyEvent[] | undefined> {
  const fieldSelector = `regarding.kind=DisasterRecoveryPolicy,regarding.name=${metadata.name}`;
  try {
    const { items } = await client.list<KubeEvent>(EVENTS, { namespace: metadata.namespace, fieldSelector });
    return items
      .filter(({ regarding }) => regarding.uid === undefined || regarding.uid === metadata.uid)
      .map(toPolicyEvent)
      .toSorted((one, other) => other.lastAt.localeCompare(one.lastAt));
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}
