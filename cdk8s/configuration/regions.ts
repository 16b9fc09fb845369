/** What is known of an AWS region. */
export interface AwsRegion {
  /** Whether an account has to opt in before it can use the region. */
  readonly isOptIn: boolean;
  /** Letters of the zones that are the default; which letters exist differs between accounts in some regions. */
  readonly zoneLetters: readonly string[];
}

const ABC = ['a', 'b', 'c'] as const;
const enabled = (zoneLetters: readonly string[] = ABC): AwsRegion => ({ isOptIn: false, zoneLetters });
const optIn = (zoneLetters: readonly string[] = ABC): AwsRegion => ({ isOptIn: true, zoneLetters });

/**
 * Regions of the partition `aws`; a global database cannot cross partitions.
 * Source: "AWS Regions" in the AWS Regions and Availability Zones guide, which says which ones are opt-in.
 */
export const AWS_REGIONS: ReadonlyMap<string, AwsRegion> = new Map([
  ['us-east-1', enabled()],
  ['us-east-2', enabled()],
  ['us-west-1', enabled(['a', 'b'])],
  ['us-west-2', enabled()],
  ['ca-central-1', enabled(['a', 'b', 'd'])],
  ['eu-central-1', enabled()],
  ['eu-north-1', enabled()],
  ['eu-west-1', enabled()],
  ['eu-west-2', enabled()],
  ['eu-west-3', enabled()],
  ['ap-northeast-1', enabled(['a', 'c', 'd'])],
  ['ap-northeast-2', enabled()],
  ['ap-northeast-3', enabled()],
  ['ap-south-1', enabled()],
  ['ap-southeast-1', enabled()],
  ['ap-southeast-2', enabled()],
  ['sa-east-1', enabled()],
  ['af-south-1', optIn()],
  ['ap-east-1', optIn()],
  ['ap-east-2', optIn()],
  ['ap-south-2', optIn()],
  ['ap-southeast-3', optIn()],
  ['ap-southeast-4', optIn()],
  ['ap-southeast-5', optIn()],
  ['ap-southeast-6', optIn()],
  ['ap-southeast-7', optIn()],
  ['ca-west-1', optIn()],
  ['eu-central-2', optIn()],
  ['eu-south-1', optIn()],
  ['eu-south-2', optIn()],
  ['il-central-1', optIn()],
  ['me-central-1', optIn()],
  ['me-south-1', optIn()],
  ['mx-central-1', optIn()],
]);
