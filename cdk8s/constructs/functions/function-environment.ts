import type { RegionConfiguration } from '../../configuration/configuration.ts';
import type { Names } from '../../configuration/names.ts';

export interface FunctionEnvironmentProps {
  readonly names: Names;
  /** Where the function runs. */
  readonly region: string;
  readonly regions: readonly Pick<RegionConfiguration, 'name' | 'promotion'>[];
  /** Names of interface endpoints, by region and service. */
  readonly endpointNames: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly topicArn: string;
  readonly metricNamespace: string;
}

/** Services that functions ask in other regions, as endpoints call them. */
const ASKED_SERVICES = ['rds', 'monitoring'] as const;

/**
 * What all functions are told by their environment, see docs/concepts/functions.md.
 *
 * Interface endpoints answer by AWS's own names in their own VPC alone: those of other regions have names of their own, which
 * lead over the peering. The function's own region is left as it is, so that nothing of another one is needed there.
 */
export function functionEnvironment(props: FunctionEnvironmentProps): Readonly<Record<string, string>> {
  const { names, region: own, regions, endpointNames, topicArn, metricNamespace } = props;
  const others = regions.map(({ name }) => name).filter((name) => name !== own);
  const endpoints = others.flatMap((name) =>
    ASKED_SERVICES.flatMap((service) => {
      const host = endpointNames[name]?.[service];
      return host === undefined ? [] : [`${name}/${service}=https://${host}`];
    }),
  );
  const unreached = others.filter((name) => endpointNames[name]?.['rds'] === undefined);
  return {
    AURORA_DR_GLOBAL_CLUSTER: names.globalCluster,
    AURORA_DR_REGIONS: regions
      .map(({ name, promotion }) => `${name}=${names.of('aurora', name)}:${promotion}`)
      .join(','),
    AURORA_DR_TOPIC_ARNS: topicArn,
    AURORA_DR_METRIC_NAMESPACE: metricNamespace,
    ...(endpoints.length === 0 ? {} : { AURORA_DR_AWS_ENDPOINTS: endpoints.join(',') }),
    // Without this their silence would look like their loss.
    ...(unreached.length === 0 ? {} : { AURORA_DR_UNREACHED_REGIONS: unreached.join(',') }),
  };
}
