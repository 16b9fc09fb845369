import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY, GROUP, VERSION } from '../../operator/api/v1alpha1/group-version.ts';
import { problemsOf } from '../../operator/api/v1alpha1/guards.ts';
import type { KubeClient } from '../../operator/runtime/kube-client.ts';
import { isNotFound } from '../../operator/runtime/kube-errors.ts';
import { keyOf } from '../../operator/runtime/resource.ts';
import { PluginError } from '../plugin-error.ts';

const PAGE_SIZE = 250;

/** A path that the API server does not serve is answered without a Status, an object that is not there with one. */
const isKindUnknown = (error: unknown): boolean => isNotFound(error) && error.reason !== 'NotFound';

function missingKind(error: unknown): PluginError {
  return new PluginError(
    `cannot find DisasterRecoveryPolicy in this cluster: it does not serve ${GROUP}/${VERSION}; ` +
      'choose the cluster with --context, or install the CustomResourceDefinition',
    undefined,
    { cause: error },
  );
}

/** @throws PluginError for an object that this version of the plugin cannot read */
export function checkedPolicy(value: DisasterRecoveryPolicy): DisasterRecoveryPolicy {
  const [problem] = problemsOf(value);
  if (problem !== undefined) {
    throw new PluginError(
      `cannot read policy ${keyOf(value)}: ${problem}; use the plugin of the operator's own version`,
    );
  }
  return value;
}

/** @throws PluginError when there is no such policy, or it cannot be read */
export async function getPolicy(client: KubeClient, namespace: string, name: string): Promise<DisasterRecoveryPolicy> {
  try {
    return checkedPolicy(await client.get<DisasterRecoveryPolicy>(DISASTER_RECOVERY_POLICY, { namespace, name }));
  } catch (error) {
    if (isKindUnknown(error)) throw missingKind(error);
    if (isNotFound(error)) {
      const others = (await listPolicies(client, namespace)).map(({ metadata }) => metadata.name);
      const known =
        others.length === 0 ? 'there are none in it: choose another with -n' : `there are: ${others.join(', ')}`;
      throw new PluginError(`cannot find policy "${name}" in namespace "${namespace}"; ${known}`, undefined, {
        cause: error,
      });
    }
    throw error;
  }
}

/** All policies of a namespace, or of all namespaces, by namespace and name. */
export async function listPolicies(client: KubeClient, namespace?: string): Promise<DisasterRecoveryPolicy[]> {
  const items: DisasterRecoveryPolicy[] = [];
  let next: string | undefined;
  try {
    do {
      const page = await client.list<DisasterRecoveryPolicy>(DISASTER_RECOVERY_POLICY, {
        namespace,
        limit: PAGE_SIZE,
        continue: next,
      });
      items.push(...page.items);
      next = page.continue;
    } while (next !== undefined);
  } catch (error) {
    if (isKindUnknown(error)) throw missingKind(error);
    throw error;
  }
  return items.map(checkedPolicy).sort((one, other) => keyOf(one).localeCompare(keyOf(other)));
}

interface ManagedFields {
  readonly subresource?: string;
  readonly time?: string;
}

/** When the status was last written, RFC 3339, as the API server itself noted it; undefined while it never was. */
export function statusWrittenAt(policy: DisasterRecoveryPolicy): string | undefined {
  const { managedFields = [] } = policy.metadata as { readonly managedFields?: readonly ManagedFields[] };
  return managedFields
    .flatMap(({ subresource, time }) => (subresource === 'status' && time !== undefined ? [time] : []))
    .toSorted()
    .at(-1);
}
