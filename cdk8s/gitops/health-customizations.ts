import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'resource_customizations');

function script(group: string, kind: string): string {
  return readFileSync(join(FOLDER, group, kind, 'health.lua'), 'utf8');
}

/** Groups of both scopes: what is applied may change its scope, what Argo CD knows of it need not. */
const RDS_GROUPS = ['rds.aws.m.upbound.io', 'rds.aws.upbound.io'];
/** What the operator pauses. */
const PAUSED_KINDS = ['Cluster', 'ClusterInstance', 'GlobalCluster'];

/**
 * Argo CD dropped its own check of Applications in 1.8: without one an app of apps does not wait for a wave.
 * "Argo CD App" in Resource Health, operator manual.
 */
const APPLICATION_HEALTH = `local hs = { status = "Progressing", message = "" }
if obj.status ~= nil and obj.status.health ~= nil then
  hs.status = obj.status.health.status
  hs.message = obj.status.health.message or ""
end
return hs
`;

/**
 * Keys for Argo CD's ConfigMap `argocd-cm`. One key a kind, because a merge then leaves other people's checks alone; wildcards
 * would all have to share one. Other kinds of Crossplane's provider have checks built in.
 */
export function healthCustomizations(): Readonly<Record<string, string>> {
  const managed = script('_.upbound.io', '_');
  return {
    'resource.customizations.health.aurora-dr.io_DisasterRecoveryPolicy': script(
      'aurora-dr.io',
      'DisasterRecoveryPolicy',
    ),
    'resource.customizations.health.argoproj.io_Application': APPLICATION_HEALTH,
    ...Object.fromEntries(
      RDS_GROUPS.flatMap((group) =>
        PAUSED_KINDS.map((kind) => [`resource.customizations.health.${group}_${kind}`, managed]),
      ),
    ),
  };
}
