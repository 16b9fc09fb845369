import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../charts/aurora-dr-operator/files/dashboards/', import.meta.url));

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly datasource: { readonly uid: string };
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
}

export interface Dashboard {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
}

export function loadDashboards(): Dashboard[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ file, ...(JSON.parse(readFileSync(`${folder}${file}`, 'utf8')) as Omit<Dashboard, 'file'>) }));
}

/** A query of a dashboard and where it stands. */
export interface DashboardQuery {
  readonly where: string;
  readonly text: string;
}

/** Queries of panels and annotations, as they stand. */
export function queriesOf({ file, panels, annotations }: Dashboard): DashboardQuery[] {
  return [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr }) => ({ where: `${file}: ${title} ${refId}`, text: expr })),
    ),
    ...annotations.list.map(({ name, expr }) => ({ where: `${file}: annotation ${name}`, text: expr })),
  ];
}

/** The query with Grafana's variables filled in. */
export function filledIn(text: string, values: { readonly namespace: string; readonly policy: string }): string {
  return text
    .replaceAll('$namespace', values.namespace)
    .replaceAll('$policy', values.policy)
    .replaceAll('$__rate_interval', '5m');
}
