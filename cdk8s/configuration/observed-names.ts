import * as z from 'zod';
import { ConfigurationError } from './configuration-error.ts';
import { Names } from './names.ts';

/** Names that AWS gave, which nothing can refer to. */
export interface ObservedNames {
  /** Of interface endpoints, by region and service. */
  readonly endpointNames: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Of the member clusters' writer endpoints, by region. */
  readonly writerEndpoints: Readonly<Record<string, string>>;
}

const resources = z.object({
  items: z.array(
    z.object({
      kind: z.string(),
      metadata: z.object({ name: z.string() }),
      spec: z.object({ forProvider: z.object({ region: z.string(), serviceName: z.string().optional() }) }),
      status: z
        .object({
          atProvider: z
            .object({
              endpoint: z.string().optional(),
              dnsEntry: z.array(z.object({ dnsName: z.string() })).optional(),
            })
            .optional(),
        })
        .optional(),
    }),
  ),
});

type Resource = z.output<typeof resources>['items'][number];

/** `vpce-….rds.us-west-2.vpce.amazonaws.com`: the zonal names have the zone after the second part. */
function regionalName({ status }: Resource): string | undefined {
  const names = status?.atProvider?.dnsEntry?.map(({ dnsName }) => dnsName) ?? [];
  return names.filter((name) => name.startsWith('vpce-')).toSorted((one, other) => one.length - other.length)[0];
}

/**
 * The names in a list of managed resources. Those of other set-ups are left out, which may be in the same cluster, and so
 * is what AWS has not named yet.
 *
 * @param text what `kubectl get vpcendpoints,clusters.rds.aws.m.upbound.io -A -o json` writes; other kinds may be in it
 * @throws ConfigurationError if it is no such list.
 */
export function observedNames(text: string, suffix: string): ObservedNames {
  const names = new Names(suffix);
  const endpointNames: Record<string, Record<string, string>> = {};
  const writerEndpoints: Record<string, string> = {};
  for (const resource of parse(text).items) {
    const { kind, metadata, spec, status } = resource;
    const { region, serviceName } = spec.forProvider;
    const service = serviceName?.split('.').at(-1) ?? '';
    const endpoint = status?.atProvider?.endpoint;
    if (kind === 'VPCEndpoint' && metadata.name === names.of('endpoint', region, service)) {
      const name = regionalName(resource);
      if (name !== undefined) endpointNames[region] = { ...endpointNames[region], [service]: name };
    }
    if (kind === 'Cluster' && metadata.name === names.of('aurora', region) && endpoint !== undefined) {
      writerEndpoints[region] = endpoint;
    }
  }
  return { endpointNames, writerEndpoints };
}

function parse(text: string): z.output<typeof resources> {
  try {
    return resources.parse(JSON.parse(text));
  } catch (error) {
    const message =
      'is not a list of managed resources; write it with `kubectl get vpcendpoints,clusters.rds.aws.m.upbound.io -A -o json`';
    throw new ConfigurationError([{ path: '--observed', message }], { cause: error });
  }
}
