import { ANY_REGION } from '../../operator/api/v1alpha1/annotations.ts';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { PluginError } from '../plugin-error.ts';

/** @throws PluginError for a region that the policy does not have: a slip of the keyboard needs no operator */
export function namedRegion({ spec, metadata }: DisasterRecoveryPolicy, region: string | undefined): string {
  const names = spec.regions.map(({ name }) => name);
  if (region === undefined || region === ANY_REGION) {
    return ANY_REGION;
  }
  if (!names.includes(region)) {
    throw new PluginError(
      `cannot move the writer to "${region}": it is no region of policy ${metadata.name}; use ${names.join(', ')} or any`,
      EXIT_CODES.usage,
    );
  }
  return region;
}
