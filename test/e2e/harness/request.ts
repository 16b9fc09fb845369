import { setTimeout as delay } from 'node:timers/promises';
import type { LastRequest } from '../../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { PolicyScene } from './policy-scene.ts';

const POLL_MILLISECONDS = 40;
const ATTEMPTS = 500;

/** Asks by annotation, and waits until that is answered and its annotations are removed: the same words are new then. */
export async function request(scene: PolicyScene, values: Readonly<Record<string, string>>): Promise<LastRequest> {
  const answer = await scene.ask(values);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const left = await scene.annotations();
    if (!Object.keys(values).some((name) => name in left)) {
      return answer;
    }
    await delay(POLL_MILLISECONDS);
  }
  throw new Error(`cannot see ${JSON.stringify(values)} removed\n${await scene.report()}`);
}
