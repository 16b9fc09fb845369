import type { RoleChangeCall } from '../rig/aws-commands.ts';
import { numberIn, priorityOf } from '../rig/fleet.ts';
import { range } from '../rig/side-by-side.ts';
import { rankCorrelation } from '../report/summary.ts';
import type { SessionScenario } from '../scenario.ts';
import { until, type Session } from '../session.ts';

const SCENARIO = 'mass';
const PRIMARY = 'us-east-1';
/** Detection takes three rounds of 10 s; then role changes go out at the rate that the operator is told. */
const DETECTION_MILLISECONDS = 120_000;
const MILLISECONDS_PER_POLICY = 25;
/** A call that is under way, or a policy that is being written, may be overtaken. */
const GRACE_MILLISECONDS = 5_000;
const CALLS_UNDER_WAY = 16;
/** Requests that a busy machine may deliver late and together. */
const BUNCHED = 10;

export const massFailover: SessionScenario = {
  kind: 'session',
  name: SCENARIO,
  title: 'a region that is the primary of all policies is lost',
  async run(session) {
    const { aws, bench, policies } = session;
    const { tell } = bench.props;
    const place = session.place(SCENARIO);
    const { measurements } = bench;
    const expected = range(1, policies).filter((number) => !session.moved.has(number));
    const before = (await aws.ask('roleChanges', 0)).length;
    tell(`${session.contestant.name}: ${PRIMARY} is lost, the primary of ${expected.length} policies`);
    const lostAt = await session.loseRegion(PRIMARY);
    const patience = DETECTION_MILLISECONDS + policies * MILLISECONDS_PER_POLICY;
    await until('a failover of every policy', patience, async () => {
      const missing = expected.length - (await aws.ask('roleChanges', before)).length;
      return missing <= 0 ? undefined : `${missing} are missing`;
    }).catch((error: unknown) => measurements.violate(place, error instanceof Error ? error.message : String(error)));
    await session.settle();
    const calls = await aws.ask('roleChanges', before);
    for (const number of expected) session.moved.add(number);
    session.checkRoleChanges(SCENARIO, calls, expected);
    const [first] = calls;
    const last = calls.at(-1);
    if (first === undefined || last === undefined || calls.length < 2) return;

    measurements.add(place, 'loss → first request', 's', (first.at - lostAt) / 1000);
    measurements.add(place, 'loss → last request', 's', (last.at - lostAt) / 1000);
    measurements.add(place, 'first → last request', 's', (last.at - first.at) / 1000);
    measurements.add(place, 'requests a second', '1/s', (calls.length - 1) / ((last.at - first.at) / 1000));
    const waits = calls.flatMap(({ at, globalClusterIdentifier }) => {
      const completedAt = session.decisions.completedAt.get(numberIn(globalClusterIdentifier));
      return completedAt === undefined ? [] : [(at - completedAt) / 1000];
    });
    if (waits.length > 0) measurements.add(place, 'round complete → request', 's', ...waits);
    checkOrder(session, calls);
    checkRate(session, calls);
  },
};

/** Higher priorities go first: 1 is the perfect order. Policies of equal priority may go in any. */
function checkOrder(session: Session, calls: readonly RoleChangeCall[]): void {
  const { measurements } = session.bench;
  const place = session.place(SCENARIO);
  const points = calls.map(({ globalClusterIdentifier }, index) => ({
    x: -priorityOf(numberIn(globalClusterIdentifier)),
    y: index,
  }));
  measurements.add(place, 'rank correlation of priority and order', '', rankCorrelation(points));
  const overtaking = overtakingCalls(calls, session.decisions.completedAt);
  measurements.add(place, 'calls while a higher priority waited', '', overtaking);
  // Each of several processes knows the order of its own policies.
  const { isOperator, replicas } = session.contestant;
  if (isOperator && replicas === 1 && overtaking > CALLS_UNDER_WAY) {
    measurements.violate(
      place,
      `${overtaking} calls were made while a policy of a higher priority had waited for ${GRACE_MILLISECONDS / 1000} s`,
    );
  }
}

/** Calls that went out while a policy of a higher priority, decided long enough before, still waited for its own. */
export function overtakingCalls(calls: readonly RoleChangeCall[], completedAt: ReadonlyMap<number, number>): number {
  let overtaking = 0;
  /** Of the calls after the one looked at, by priority: when the earliest of their rounds was complete. */
  const waitingSince = new Map<number, number>();
  for (const { at, globalClusterIdentifier } of calls.toReversed()) {
    const number = numberIn(globalClusterIdentifier);
    const priority = priorityOf(number);
    const isOvertaking = [...waitingSince].some(
      ([other, since]) => other > priority && since < at - GRACE_MILLISECONDS,
    );
    if (isOvertaking) overtaking += 1;
    const since = Math.min(waitingSince.get(priority) ?? Infinity, completedAt.get(number) ?? Infinity);
    waitingSince.set(priority, since);
  }
  return overtaking;
}

/** No more at any time than the token bucket that the operator was told allows. */
function checkRate(session: Session, calls: readonly RoleChangeCall[]): void {
  const { isOperator, replicas } = session.contestant;
  const { perSecond, burst } = session.bench.props.roleChanges;
  // Each process keeps the rate.
  const excess = overdraft(calls, { perSecond: perSecond * replicas, burst: burst * replicas });
  if (isOperator && excess > BUNCHED) {
    session.bench.measurements.violate(
      session.place(SCENARIO),
      `requests exceeded the rate of ${perSecond} a second with a burst of ${burst} by ${Math.ceil(excess)}`,
    );
  }
}

/** By how many requests the calls exceed a token bucket at the worst moment. */
export function overdraft(
  calls: readonly RoleChangeCall[],
  { perSecond, burst }: { readonly perSecond: number; readonly burst: number },
): number {
  let tokens = burst;
  let lastAt = calls[0]?.at ?? 0;
  let fewest = 0;
  for (const { at } of calls) {
    tokens = Math.min(burst, tokens + ((at - lastAt) / 1000) * perSecond) - 1;
    lastAt = at;
    fewest = Math.min(fewest, tokens);
  }
  return -fewest;
}
