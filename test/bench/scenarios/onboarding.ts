import type { Bench } from '../bench.ts';
import { firstContestant } from '../contestant.ts';
import { apiRequests } from '../rig/api-requests.ts';
import { Session } from '../session.ts';

/** Not to be chosen: every fleet begins with it. */
export const onboarding = {
  name: 'onboarding',
  title: 'the operator meets policies that nobody has looked after yet',
} as const;

/** More would take minutes: what the API server has to do for a new policy is the most of it. */
const MOST = 300;

/**
 * Lets the operator look after new policies until all are Protected. That is measured. All further policies are made with
 * the status that one of these has: every contestant begins with a fleet that was looked after before. None of these has an
 * endpoint of its own, as nearly none of the fleet has: what is learned of one has to be true of the others, or each session
 * would begin with a write of every status.
 */
export async function onboard(bench: Bench, policies: number): Promise<void> {
  const { measurements, kube, fleet } = bench;
  if (fleet.size > 0) return;
  await fleet.grow(Math.min(policies, MOST));
  const before = total(await apiRequests(kube));
  const startedAt = performance.now();
  await using session = await Session.open(bench, firstContestant, fleet.size, { isAllShared: true });
  const place = session.place(onboarding.name);
  const seconds = (performance.now() - startedAt) / 1000;
  measurements.add(place, 'new policies a second, until Protected', '1/s', fleet.size / seconds);
  measurements.add(place, 'API requests per new policy', '', (total(await apiRequests(kube)) - before) / fleet.size);
  await fleet.learnCalm(fleet.size);
}

const total = (requests: Readonly<Record<string, number>>): number =>
  Object.values(requests).reduce((sum, count) => sum + count, 0);
