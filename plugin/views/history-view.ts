import type { DisasterRecoveryPolicy, HistoryEntry } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { cell, hanging, table, type Cell } from './layout.ts';
import { lossText, routeText } from './operation-text.ts';
import type { ViewStyle } from './status-view.ts';
import { dateText, spanText } from './time-text.ts';

/** One ended operation or simulation, with the policy that it is of. */
export interface HistoryRow {
  readonly namespace: string;
  readonly policy: string;
  readonly entry: HistoryEntry;
}

/** The history of all these policies, newest first. */
export function historyRows(policies: readonly DisasterRecoveryPolicy[]): HistoryRow[] {
  return policies
    .flatMap(({ metadata, status }) =>
      (status?.history ?? []).map((entry) => ({ namespace: metadata.namespace, policy: metadata.name, entry })),
    )
    .toSorted((one, other) => other.entry.completedAt.localeCompare(one.entry.completedAt));
}

export interface HistoryColumns {
  readonly namespace: boolean;
  readonly policy: boolean;
}

export function historyLines(rows: readonly HistoryRow[], columns: HistoryColumns, style: ViewStyle): string[] {
  const { paint } = style;
  const header = [
    ...(columns.namespace ? ['NAMESPACE'] : []),
    ...(columns.policy ? ['POLICY'] : []),
    ...['ENDED', 'TYPE', 'TRIGGER', 'WRITER', 'OUTCOME', 'TOOK', 'LOSS', 'OPERATION'],
  ];
  const body = rows.map(({ namespace, policy, entry }): (Cell | string)[] => {
    const took = entry.recoveryTimeMilliseconds ?? Date.parse(entry.completedAt) - Date.parse(entry.startedAt);
    return [
      ...(columns.namespace ? [namespace] : []),
      ...(columns.policy ? [policy] : []),
      dateText(entry.completedAt),
      entry.type,
      entry.trigger,
      routeText(entry),
      cell(entry.outcome, entry.outcome === 'Succeeded' ? paint.good : paint.bad),
      entry.type === 'Simulation' ? '-' : spanText(took),
      entry.type === 'Simulation' ? '-' : lossText(entry),
      entry.id,
    ];
  });
  const failed = rows.filter(({ entry }) => entry.outcome !== 'Succeeded' && entry.message !== undefined);
  const reasons = failed.flatMap(({ entry }) =>
    hanging(`${entry.id}  `, `${entry.reason ?? entry.outcome}: ${entry.message ?? ''}`, style.width, paint.warning),
  );
  return [...table(header, body), ...(reasons.length === 0 ? [] : ['', ...reasons])];
}
