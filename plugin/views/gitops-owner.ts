import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';

/**
 * What applies the object again and again, by the marks that it leaves: Argo CD's tracking (annotation, or label where it
 * is configured so), Flux's labels. Undefined when nothing does.
 */
export function gitOpsOwner({ metadata }: DisasterRecoveryPolicy): string | undefined {
  const { annotations = {}, labels = {} } = metadata;
  if (
    annotations['argocd.argoproj.io/tracking-id'] !== undefined ||
    labels['argocd.argoproj.io/instance'] !== undefined
  ) {
    return 'Argo CD';
  }
  const kustomization = labels['kustomize.toolkit.fluxcd.io/name'];
  const release = labels['helm.toolkit.fluxcd.io/name'];
  return kustomization === undefined && release === undefined ? undefined : `Flux (${kustomization ?? release ?? ''})`;
}
