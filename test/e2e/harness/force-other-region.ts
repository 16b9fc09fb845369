import type { PolicyScene } from './policy-scene.ts';

/** Forces a role change to the other one of two regions, once that can be promoted. Gives the region. */
export async function forceOtherRegion(scene: PolicyScene): Promise<string> {
  const region = scene.aws.primaryRegion() === 'us-east-1' ? 'us-west-2' : 'us-east-1';
  await scene.untilPassing();
  await scene.untilRegion(region, ({ promotable }) => promotable);
  await scene.annotate({ 'force-failover': region });
  return region;
}
