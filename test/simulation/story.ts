import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { ConfigMapObject, ServiceObject } from '../../operator/publishing/writer-objects.ts';
import type { KubeEvent } from '../../operator/runtime/event-recorder.ts';
import type { Lease } from '../../operator/runtime/lease.ts';
import type { Write } from './simulated-api-server.ts';

/** One line about a write; undefined where there is nothing to tell. */
export function describeWrite({ type, before, after }: Write): string | undefined {
  switch (type.kind) {
    case 'DisasterRecoveryPolicy':
      return describePolicy(before as DisasterRecoveryPolicy | undefined, after as DisasterRecoveryPolicy | undefined);
    case 'Service':
      return `Service → ${(after as ServiceObject | undefined)?.spec?.externalName ?? 'deleted'}`;
    case 'ConfigMap':
      return `ConfigMap → ${(after as ConfigMapObject | undefined)?.data?.['writerEndpoint'] ?? 'deleted'}`;
    case 'Event':
      return `event ${(after as KubeEvent | undefined)?.reason ?? 'expired'}: ${(after as KubeEvent | undefined)?.note ?? ''}`;
    case 'Lease': {
      const [was, is] = [before as Lease | undefined, after as Lease | undefined];
      const holder = is?.spec?.holderIdentity;
      return holder === was?.spec?.holderIdentity
        ? undefined
        : `lease → ${holder === '' ? 'nobody' : (holder ?? 'deleted')}`;
    }
    default:
      return undefined;
  }
}

function describePolicy(before: DisasterRecoveryPolicy | undefined, after: DisasterRecoveryPolicy | undefined): string {
  if (after === undefined) return 'the policy is gone';
  if (before === undefined) return 'the policy is created';
  const parts: string[] = [];
  if (before.spec !== after.spec) parts.push('spec changed');
  if (JSON.stringify(before.metadata.annotations) !== JSON.stringify(after.metadata.annotations)) {
    parts.push(`annotations ${JSON.stringify(after.metadata.annotations ?? {})}`);
  }
  if (after.metadata.deletionTimestamp !== before.metadata.deletionTimestamp) parts.push('is being deleted');
  const { status } = after;
  if (status !== before.status && status !== undefined) {
    const was = before.status;
    parts.push(`${status.phase ?? ''}, primary ${status.primaryRegion ?? 'unknown'}`);
    const { operation, lastRequest: request } = status;
    if (operation !== undefined)
      parts.push(`${operation.id} to ${operation.to} at ${operation.step} (${operation.message ?? ''})`);
    const [newest] = status.history ?? [];
    if (newest !== undefined && newest.completedAt !== was?.history?.[0]?.completedAt) {
      parts.push(`${newest.id} to ${newest.to} ${newest.outcome} ${newest.reason ?? ''}`);
    }
    if (request !== undefined && request.observedAt !== was?.lastRequest?.observedAt) {
      parts.push(`request ${request.action} ${request.result} ${request.reason ?? ''}`);
    }
    for (const { type, status: now, reason, message } of status.conditions ?? []) {
      const known = was?.conditions?.find((condition) => condition.type === type);
      if (`${known?.status ?? ''} ${known?.reason ?? ''}` !== `${now} ${reason}`) {
        parts.push(`${type}=${now} ${reason}: ${message.slice(0, 120)}`);
      }
    }
    const { incident } = status;
    if (incident?.startedAt !== was?.incident?.startedAt) {
      parts.push(`incident ${incident === undefined ? 'over' : incident.startedAt}`);
    }
  }
  return `policy v${after.metadata.resourceVersion}: ${parts.length === 0 ? 'touched' : parts.join('\n                                  ')}`;
}
