import { setTimeout as delay } from 'node:timers/promises';
import type { ControlPlane } from '../../control-plane/control-plane.ts';
import { POLICY, PUBLISHED, type PolicyScene } from './policy-scene.ts';

const PROBE_MS = 50;
const ATTEMPTS = 400;

/** What the API server says of what it refuses. */
export const GATE_MESSAGE = 'the gate of a test is closed';

export interface AdmissionGateProps {
  readonly namespace: string;
  /** What is refused: updates of these resources, by name and plural. */
  readonly apiGroup: string;
  readonly resource: string;
  /** CEL over `object` and `oldObject`: what passes all the same. */
  readonly passes: string;
  /** kubectl arguments for an update that the gate refuses; sent with `--dry-run=server`. */
  readonly probe: readonly string[];
}

/** The API server refuses certain updates until it is told not to: it holds an operator at an exact step. */
export class AdmissionGate {
  readonly #plane: ControlPlane;
  readonly #name: string;
  readonly #probe: readonly string[];

  private constructor(plane: ControlPlane, name: string, probe: readonly string[]) {
    this.#plane = plane;
    this.#name = name;
    this.#probe = probe;
  }

  /** Resolves when the API server refuses. */
  static async close(plane: ControlPlane, props: AdmissionGateProps): Promise<AdmissionGate> {
    const { namespace, apiGroup, resource, passes, probe } = props;
    const name = `gate-${resource}-${namespace}`;
    const apiVersion = 'admissionregistration.k8s.io/v1';
    const rule = { apiGroups: [apiGroup], apiVersions: ['*'], operations: ['UPDATE'], resources: [resource] };
    const items = [
      {
        apiVersion,
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name },
        spec: {
          failurePolicy: 'Fail',
          matchConstraints: { resourceRules: [rule] },
          validations: [{ expression: passes, message: GATE_MESSAGE }],
        },
      },
      {
        apiVersion,
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata: { name },
        spec: {
          policyName: name,
          validationActions: ['Deny'],
          matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
        },
      },
    ];
    await plane.kubectl(['apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
    const gate = new AdmissionGate(plane, name, probe);
    await gate.#waitUntil((isRefused) => isRefused);
    return gate;
  }

  /** Resolves when the API server lets pass again. */
  async open(): Promise<void> {
    const name = this.#name;
    await this.#plane.kubectl(['delete', `validatingadmissionpolicybinding/${name}`]);
    await this.#plane.kubectl(['delete', `validatingadmissionpolicy/${name}`]);
    await this.#waitUntil((isRefused) => !isRefused);
  }

  async #waitUntil(isReached: (isRefused: boolean) => boolean): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (isReached(await this.#isRefused())) {
        return;
      }
      await delay(PROBE_MS);
    }
    throw new Error(`cannot work the gate ${this.#name}: the API server did not follow in ${ATTEMPTS} probes`);
  }

  async #isRefused(): Promise<boolean> {
    try {
      await this.#plane.kubectl([...this.#probe, '--dry-run=server']);
      return false;
    } catch (error) {
      if (String(error).includes(GATE_MESSAGE)) {
        return true;
      }
      throw error;
    }
  }
}

/** Until opened, nobody can remove the request for a forced role change. */
export function holdRequest({ plane, namespace }: PolicyScene): Promise<AdmissionGate> {
  const isAsked = (object: string): string =>
    `has(${object}.metadata.annotations) && 'aurora-dr.io/force-failover' in ${object}.metadata.annotations`;
  const isProbe = "has(object.metadata.annotations) && 'probe' in object.metadata.annotations";
  return AdmissionGate.close(plane, {
    namespace,
    apiGroup: 'aurora-dr.io',
    resource: 'disasterrecoverypolicies',
    passes: `(!(${isAsked('oldObject')}) || (${isAsked('object')})) && !(${isProbe})`,
    probe: ['--namespace', namespace, 'annotate', 'drp', POLICY, 'probe=1'],
  });
}

/** Until opened, the published ConfigMap stays as it is. */
export function holdPublication({ plane, namespace }: PolicyScene): Promise<AdmissionGate> {
  return AdmissionGate.close(plane, {
    namespace,
    apiGroup: '',
    resource: 'configmaps',
    passes: 'false',
    probe: ['--namespace', namespace, 'annotate', 'configmap', PUBLISHED, 'probe=1'],
  });
}
