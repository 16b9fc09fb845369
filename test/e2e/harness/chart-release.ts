import type { Helm } from '../../chart/helm.ts';
import { CHART, objectOf, type KubernetesObject, type Values } from '../../chart/helm.ts';
import type { ControlPlane } from '../../control-plane/control-plane.ts';
import type { OperatorProcess } from './operator-process.ts';
import type { PolicyScene } from './policy-scene.ts';

const NAME = 'aurora-dr-operator';
const NAMESPACE = 'aurora-dr';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface Binding extends KubernetesObject {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace: string }[];
}

/** A right that the chart gives: one verb on one resource by one role. */
export interface Right {
  readonly apiGroup: string;
  readonly resource: string;
  readonly verb: string;
  readonly name: string | undefined;
  /** As the authorizer names it in its reason. */
  readonly role: string;
}

/**
 * The chart, installed on a real API server by the real Helm. Nothing there makes Pods of its Deployment: `start` does what
 * one would, with the Deployment's command line and the token of its ServiceAccount.
 */
export class ChartRelease {
  readonly namespace = NAMESPACE;
  readonly #plane: ControlPlane;
  readonly #helm: Helm;
  #objects: readonly KubernetesObject[] = [];

  constructor(plane: ControlPlane, helm: Helm) {
    this.#plane = plane;
    this.#helm = helm;
  }

  /** @param chart a folder or an archive @default - the chart as it is */
  async install(
    values: Values,
    { chart = CHART, flags = [] }: { chart?: string; flags?: readonly string[] } = {},
  ): Promise<void> {
    const file = await this.#helm.valuesFile(values);
    await this.#run(['install', NAME, chart, '--create-namespace', '--values', file, ...flags]);
  }

  async upgrade(values: Values, chart = CHART): Promise<void> {
    await this.#run(['upgrade', NAME, chart, '--values', await this.#helm.valuesFile(values)]);
  }

  /** Back to the revision before. */
  async rollBack(): Promise<void> {
    await this.#run(['rollback', NAME]);
  }

  async uninstall(): Promise<void> {
    await this.#helm.run(['uninstall', NAME, '--namespace', NAMESPACE]);
    this.#objects = [];
  }

  /** What helm says of it: `aurora-dr-operator-0.1.0`. */
  async chartName(): Promise<string> {
    const list = JSON.parse(await this.#helm.run(['list', '--namespace', NAMESPACE, '--output', 'json'])) as {
      readonly chart: string;
    }[];
    return list[0]?.chart ?? 'none';
  }

  /** The user that its Pods are to the API server. */
  get username(): string {
    return `system:serviceaccount:${NAMESPACE}:${this.#account}`;
  }

  get rights(): readonly Right[] {
    return rightsIn(this.#objects, this.#account);
  }

  /** Starts what a Pod of it would run. */
  async start(scene: PolicyScene): Promise<OperatorProcess> {
    const identity = { serviceAccount: this.#account, namespace: NAMESPACE };
    const kubeconfig = await this.#plane.kubeconfigFor(identity);
    const { spec } = objectOf(this.#objects, 'Deployment') as unknown as {
      readonly spec: { template: { spec: { containers: readonly { args: readonly string[] }[] } } };
    };
    const { args = [] } = spec.template.spec.containers[0] ?? {};
    // Several share this machine's ports, and its clock is in haste; everything else is the chart's.
    const own = args.filter((argument) => !/^--(metrics|health)-port=/.test(argument));
    const local = ['--bind-address', '127.0.0.1', '--metrics-port', '0', '--health-port', '0'];
    const haste = ['--metric-period', '1s', '--follow-interval', '200ms', '--unconfirmed-read-window', '3s'];
    return scene.startProcess([...own, ...local, ...haste, '--kubeconfig', kubeconfig, ...scene.aws.endpointFlags]);
  }

  get #account(): string {
    return objectOf(this.#objects, 'ServiceAccount').metadata.name;
  }

  async #run(args: readonly string[]): Promise<void> {
    await this.#helm.run([...args, '--namespace', NAMESPACE]);
    this.#objects = await this.#helm.manifest(NAME, NAMESPACE);
  }
}

function rightsIn(objects: readonly KubernetesObject[], account: string): readonly Right[] {
  const bindings = objects.filter(({ kind }) => kind.endsWith('RoleBinding')) as Binding[];
  return bindings
    .filter(({ subjects }) => subjects.some(({ name }) => name === account))
    .flatMap(({ kind, metadata, roleRef }) => {
      const place = metadata.namespace === undefined ? '' : `/${metadata.namespace}`;
      const role = `allowed by ${kind} "${metadata.name}${place}" of ${roleRef.kind} "${roleRef.name}"`;
      const { rules } = objectOf(objects, roleRef.kind, roleRef.name) as unknown as { rules: readonly Rule[] };
      return rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [undefined] }) =>
        apiGroups.flatMap((apiGroup) =>
          resources.flatMap((resource) =>
            verbs.flatMap((verb) => resourceNames.map((name) => ({ apiGroup, resource, verb, name, role }))),
          ),
        ),
      );
    });
}
