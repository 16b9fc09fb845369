import * as z from 'zod';
import { ConfigurationError } from './configuration-error.ts';
import { Names } from './names.ts';

/** Names of the member clusters' writer endpoints, by region. */
export type WriterEndpoints = Readonly<Record<string, string>>;

const clusters = z.object({
  items: z.array(
    z.object({
      kind: z.string().optional(),
      metadata: z.object({ name: z.string() }).optional(),
      spec: z.object({ forProvider: z.object({ region: z.string() }) }),
      status: z.object({ atProvider: z.object({ endpoint: z.string().optional() }).optional() }).optional(),
    }),
  ),
});

/**
 * The writer endpoints in a list of Cluster objects, those of other set-ups left out, and those that AWS has not named yet.
 *
 * @param text what `kubectl get clusters.rds.aws.m.upbound.io -A -o json` writes; other kinds may be in it
 * @throws ConfigurationError if it is no such list.
 */
export function writerEndpointsOf(text: string, suffix: string): WriterEndpoints {
  const names = new Names(suffix);
  const found = parseClusters(text).items.flatMap(({ kind, metadata, spec, status }) => {
    const { region } = spec.forProvider;
    const endpoint = status?.atProvider?.endpoint;
    const isMember = kind === 'Cluster' && metadata?.name === names.of('aurora', region);
    return isMember && endpoint !== undefined ? [[region, endpoint] as const] : [];
  });
  return Object.fromEntries(found);
}

function parseClusters(text: string): z.output<typeof clusters> {
  try {
    return clusters.parse(JSON.parse(text));
  } catch (error) {
    const message =
      'is not a list of managed resources; write it with `kubectl get vpcendpoints,clusters.rds.aws.m.upbound.io -A -o json`';
    throw new ConfigurationError([{ path: '--observed', message }], { cause: error });
  }
}
