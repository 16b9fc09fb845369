import type { Bench } from '../bench.ts';
import { firstContestant } from '../contestant.ts';
import { apiRequests } from '../rig/api-requests.ts';
import { Session } from '../session.ts';

/** Not to be chosen: every fleet begins with it. */
export const onboarding = {
  name: 'onboarding',
  title: 'the operator meets policies that nobody has looked after yet',
} as const;

/**
 * Lets the operator look after new policies until all are Protected, and then ends it: every contestant begins with a
 * fleet that was looked after before. What it took is measured.
 */
export async function onboard(bench: Bench, policies: number): Promise<void> {
  const { measurements, kube } = bench;
  const added = policies - bench.onboarded;
  if (added <= 0) return;
  const before = total(await apiRequests(kube));
  const startedAt = performance.now();
  await using session = await Session.open(bench, firstContestant, policies);
  const place = session.place(onboarding.name);
  const seconds = (performance.now() - startedAt) / 1000;
  measurements.add(place, 'new policies a second, until Protected', '1/s', added / seconds);
  measurements.add(place, 'API requests per new policy', '', (total(await apiRequests(kube)) - before) / added);
  bench.onboarded = policies;
}

const total = (requests: Readonly<Record<string, number>>): number =>
  Object.values(requests).reduce((sum, count) => sum + count, 0);
