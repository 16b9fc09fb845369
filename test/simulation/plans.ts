import type { PlanProps, PolicyProps, Scenario, ScenarioEvent } from './scenario.ts';
import { SeededRandom } from './seeded-random.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** What a run with plans is longer by, so that there is time for them after the trouble. */
export const PLANS_TAKE = 4 * MINUTE;

/** Windows and schedules that matter within the minutes that a run lasts. */
function plansFrom(random: SeededRandom): PlanProps {
  const windows = random.pick<NonNullable<PlanProps['failback']>['windows']>([
    [],
    [{ schedule: '*/2 * * * *', duration: '1m', timeZone: 'UTC' }],
    [{ schedule: '*/3 * * * *', duration: '40s', timeZone: 'Europe/Paris' }],
  ]);
  const mode = random.pick(['Simulate', 'Switchover', 'Switchover'] as const);
  const schedule = random.pick([`${random.integer(1, 8)} 0 * * *`, '2,5 0 * * *', '']);
  return {
    ...(random.chance(0.7) ? { failback: { stabilization: random.integer(5, 60) * SECOND, windows } } : {}),
    ...(random.chance(0.7) ? { drill: schedule === '' ? { mode } : { mode, schedule } } : {}),
  };
}

/** Automatic failback needs somewhere to return to. */
function withPreferred({ regions, ...policy }: PolicyProps, plans: PlanProps): PolicyProps {
  const isNeeded = plans.failback !== undefined && regions.every(({ promotion }) => promotion !== 'Prefer');
  const [first, ...others] = regions;
  const preferred =
    first === undefined || !isNeeded ? regions : [{ ...first, promotion: 'Prefer' as const }, ...others];
  return { ...policy, regions: preferred, plans };
}

/**
 * Failbacks by the operator itself and drills, for three seeds in ten: planned, and asked for at any moment. Made of numbers
 * of its own, so that everything else of a seed is what it was without them.
 */
export function withPlans(scenario: Scenario): Scenario {
  const random = new SeededRandom(scenario.seed).fork('plans');
  if (!random.chance(0.3)) return scenario;
  const plans = plansFrom(random);
  const length = Math.max(MINUTE, ...scenario.events.map(({ at }) => at));
  const drills = Array.from({ length: random.integer(0, 2) }, (): ScenarioEvent => {
    const value = random.pick(['Simulate', 'Switchover', 'Switchover']);
    const annotations = { 'aurora-dr.io/drill': value };
    return { at: random.integer(0, length), action: { kind: 'annotate', annotations } };
  });
  const events = [...scenario.events, ...drills].toSorted((a, b) => a.at - b.at);
  return { ...scenario, policy: withPreferred(scenario.policy, plans), events };
}
