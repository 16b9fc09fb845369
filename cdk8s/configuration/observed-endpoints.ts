import * as z from 'zod';
import { ConfigurationError } from './configuration-error.ts';

/** Names of interface endpoints, by region and service. */
export type EndpointNames = Readonly<Record<string, Readonly<Record<string, string>>>>;

const endpoints = z.object({
  items: z.array(
    z.object({
      spec: z.object({ forProvider: z.object({ region: z.string(), serviceName: z.string().optional() }) }),
      status: z
        .object({
          atProvider: z.object({ dnsEntry: z.array(z.object({ dnsName: z.string() })).optional() }).optional(),
        })
        .optional(),
    }),
  ),
});

/** `vpce-….rds.us-west-2.vpce.amazonaws.com`: the zonal names have the zone after the second part. */
function regionalName(names: readonly string[]): string | undefined {
  return names.filter((name) => name.startsWith('vpce-')).toSorted((one, other) => one.length - other.length)[0];
}

/**
 * The names in a list of VPCEndpoint objects; those that AWS has not named yet are left out.
 *
 * @param text what `kubectl get vpcendpoints -A -o json` writes
 * @throws ConfigurationError if it is no such list.
 */
export function endpointNamesOf(text: string): EndpointNames {
  const names: Record<string, Record<string, string>> = {};
  for (const { spec, status } of parseEndpoints(text).items) {
    const { region, serviceName } = spec.forProvider;
    const service = serviceName?.split('.').at(-1);
    const name = regionalName(status?.atProvider?.dnsEntry?.map(({ dnsName }) => dnsName) ?? []);
    if (service !== undefined && name !== undefined) names[region] = { ...names[region], [service]: name };
  }
  return names;
}

function parseEndpoints(text: string): z.output<typeof endpoints> {
  try {
    return endpoints.parse(JSON.parse(text));
  } catch (error) {
    const message = 'is not a list of VPCEndpoint objects; write it with `kubectl get vpcendpoints -A -o json`';
    throw new ConfigurationError([{ path: '--observed', message }], { cause: error });
  }
}
