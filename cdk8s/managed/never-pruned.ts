/**
 * For what takes data, or everybody's way to it, along when it goes: Argo CD neither prunes it when it leaves Git nor deletes it with
 * its Application.
 */
export const NEVER_PRUNED: Readonly<Record<string, string>> = {
  'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
};
