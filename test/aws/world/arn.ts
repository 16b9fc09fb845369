/** Amazon Resource Names of what the world holds. */
export function clusterArn(region: string, accountId: string, identifier: string): string {
  return `arn:aws:rds:${region}:${accountId}:cluster:${identifier}`;
}

export function instanceArn(region: string, accountId: string, identifier: string): string {
  return `arn:aws:rds:${region}:${accountId}:db:${identifier}`;
}

export function snapshotArn(region: string, accountId: string, identifier: string): string {
  return `arn:aws:rds:${region}:${accountId}:cluster-snapshot:${identifier}`;
}

export function globalClusterArn(accountId: string, identifier: string): string {
  return `arn:aws:rds::${accountId}:global-cluster:${identifier}`;
}

export function topicArn(region: string, accountId: string, name: string): string {
  return `arn:aws:sns:${region}:${accountId}:${name}`;
}

/** The parts of an ARN, or undefined when it is none. */
export function parseArn(
  text: string,
): { service: string; region: string; accountId: string; resource: string } | undefined {
  const [arn, , service, region, accountId, ...resource] = text.split(':');
  if (
    arn !== 'arn' ||
    service === undefined ||
    region === undefined ||
    accountId === undefined ||
    resource.length === 0
  ) {
    return undefined;
  }
  return { service, region, accountId, resource: resource.join(':') };
}
