import { isForbidden, isNotFound, KubeApiError } from './runtime/kube-errors.ts';

/** What a person can do about a watch of policies that does not come about; it is tried again in any case. */
export function watchAdvice(error: unknown): string {
  if (isNotFound(error)) {
    return 'cannot watch policies: the API server does not know them; install the CRD (kubectl apply -f crds/). It is tried again';
  }
  if (isForbidden(error)) {
    return 'cannot watch policies: this is not allowed; give the operator’s account its ClusterRole. It is tried again';
  }
  if (error instanceof KubeApiError && error.code === 401) {
    return 'cannot watch policies: the API server does not accept the credentials; check the kubeconfig or the token. It is tried again';
  }
  return 'the watch of policies ended; it is resumed';
}
