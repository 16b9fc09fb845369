import { defined } from '../../operator/failover/defined.ts';
import { readinessOf, type Readiness } from './readiness.ts';
import type { StatusView } from './status-view.ts';
import { suggestionsOf } from './suggestions.ts';

/** What `status -o json` prints of one policy: the answers, and the status that they are read from. */
export interface StatusData {
  readonly namespace: string;
  readonly name: string;
  readonly globalClusterIdentifier: string;
  readonly phase: string;
  readonly primaryRegion?: string;
  readonly failover: Readiness;
  /** When the operator last wrote the status, RFC 3339. */
  readonly statusWrittenAt?: string;
  readonly suggestions: readonly string[];
  readonly status?: object;
  readonly events?: readonly object[];
}

export function statusData(view: StatusView): StatusData {
  const { policy, writtenAt, events } = view;
  const { metadata, spec, status } = policy;
  const failover = readinessOf(view);
  return defined({
    namespace: metadata.namespace,
    name: metadata.name,
    globalClusterIdentifier: spec.globalClusterIdentifier,
    phase: status?.phase ?? 'Pending',
    primaryRegion: status?.primaryRegion,
    failover,
    statusWrittenAt: writtenAt,
    suggestions: suggestionsOf(view, failover).map(({ command }) => command),
    status,
    events,
  });
}
