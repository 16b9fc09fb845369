import { ApiObject, App, Chart } from 'cdk8s';
import type { InfrastructureChart } from '../charts/infrastructure-chart.ts';
import { WAVES } from '../charts/waves.ts';
import type { Wave } from '../charts/waves.ts';
import type { Configuration } from '../configuration/configuration.ts';
import { ArgoApplication } from './argo-application.ts';
import { ArgoApplicationSet } from './argo-application-set.ts';
import { healthCustomizations } from './health-customizations.ts';
import { ignoredDifferences } from './ignored-differences.ts';

/** The folder beside the manifests, which no Application but the root one reads. */
export const GITOPS_FOLDER = 'argocd';
const APPLICATIONS_FILE = 'applications.yaml';

/** What Argo CD needs to apply a set-up. */
export interface GitopsFile {
  /** Path under the folder of the manifests. */
  readonly name: string;
  readonly manifests: readonly object[];
}

interface Area {
  readonly area: Wave;
  readonly fileName: string;
  readonly manifests: readonly { readonly apiVersion: string; readonly kind: string }[];
}

function areasOf(charts: readonly InfrastructureChart[]): Area[] {
  return charts
    .map((chart) => ({
      area: chart.node.id as Wave,
      fileName: chart.fileName,
      manifests: chart.toJson() as Area['manifests'],
    }))
    .filter(({ manifests }) => manifests.length > 0)
    .toSorted((one, other) => WAVES[one.area] - WAVES[other.area]);
}

/** An Application for each area, in the waves of the areas; the policy goes to every cluster that runs an operator. */
class ApplicationsChart extends Chart {
  constructor(app: App, configuration: Configuration, repository: string, areas: readonly Area[]) {
    super(app, 'applications');
    const { gitops, suffix, namespace, policy } = configuration;
    for (const { area, fileName, manifests } of areas) {
      const common = {
        name: `aurora-${area}-${suffix}`,
        argoNamespace: gitops.namespace,
        project: gitops.project,
        source: { repository, revision: gitops.revision, path: gitops.path, file: fileName },
        wave: WAVES[area],
        ignoredDifferences: ignoredDifferences(manifests),
      };
      const [first, ...others] = gitops.clusters;
      if (area === 'policy' && first !== undefined) {
        new ArgoApplicationSet(this, area, {
          ...common,
          clusters: [first, ...others],
          namespace: policy.namespace,
          createsNamespace: true,
        });
      } else {
        // One cluster alone: two Crossplanes would each make a network of their own.
        new ArgoApplication(this, area, { ...common, namespace, ...(first ? { cluster: first.name } : {}) });
      }
    }
  }
}

/** The one Application that a person applies. */
class RootChart extends Chart {
  constructor(app: App, configuration: Configuration, repository: string) {
    super(app, 'root');
    const { gitops, suffix } = configuration;
    new ArgoApplication(this, 'root', {
      name: `aurora-${suffix}`,
      argoNamespace: gitops.namespace,
      project: gitops.project,
      source: {
        repository,
        revision: gitops.revision,
        path: `${gitops.path.replace(/\/+$/, '')}/${GITOPS_FOLDER}`,
        file: APPLICATIONS_FILE,
      },
      namespace: gitops.namespace,
    });
  }
}

/** What a person merges into Argo CD's configuration: `kubectl patch configmap argocd-cm --patch-file`. */
class SettingsChart extends Chart {
  constructor(app: App, { gitops }: Configuration) {
    super(app, 'settings');
    new ApiObject(this, 'argocd-cm', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'argocd-cm',
        namespace: gitops.namespace,
        labels: { 'app.kubernetes.io/name': 'argocd-cm', 'app.kubernetes.io/part-of': 'argocd' },
      },
      data: { ...healthCustomizations() },
    });
  }
}

/** The files for Argo CD; none if the configuration names no repository. */
export function gitopsFiles(configuration: Configuration, charts: readonly InfrastructureChart[]): GitopsFile[] {
  const { repository } = configuration.gitops;
  if (repository === undefined) return [];
  const app = new App();
  const file = (name: string, chart: Chart): GitopsFile => ({
    name: `${GITOPS_FOLDER}/${name}`,
    manifests: chart.toJson() as object[],
  });
  return [
    file(APPLICATIONS_FILE, new ApplicationsChart(app, configuration, repository, areasOf(charts))),
    file('argocd-cm.yaml', new SettingsChart(app, configuration)),
    file('root.yaml', new RootChart(app, configuration, repository)),
  ];
}
