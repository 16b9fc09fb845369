import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const alertsPath = fileURLToPath(new URL('../../charts/aurora-dr-operator/files/alerts.yaml', import.meta.url));

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export function loadAlerts(): Alert[] {
  const { groups } = parse(readFileSync(alertsPath, 'utf8')) as { groups: { rules: Alert[] }[] };
  return groups.flatMap(({ rules }) => rules);
}
