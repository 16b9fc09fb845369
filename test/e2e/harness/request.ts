import type { LastRequest } from '../../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { PolicyScene } from './policy-scene.ts';

/** Asks by annotation, and waits until that is answered and its annotations are removed: the same words are new then. */
export async function request(scene: PolicyScene, values: Readonly<Record<string, string>>): Promise<LastRequest> {
  const answer = await scene.ask(values);
  await scene.untilTrue(`${JSON.stringify(values)} removed`, async () => {
    const left = await scene.annotations();
    return !Object.keys(values).some((name) => name in left);
  });
  return answer;
}
