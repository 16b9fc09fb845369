import { setTimeout as delay } from 'node:timers/promises';
import type { SessionScenario } from '../scenario.ts';
import { forced, until, type Session } from '../session.ts';
import type { RoleChangeCall } from '../rig/aws-commands.ts';
import { numberIn } from '../rig/fleet.ts';
import { now } from '../rig/time.ts';
import { startStorm, type StormOptions } from '../rig/storm.ts';

const SCENARIO = 'reaction';
/** One policy is lost after the other, spread over the interval; what many at once take is another scenario's. */
const LOST_IN_A_ROUND = 6;
/** How long a failover may take until it counts as missing; not a limit on reactions: a busy machine is slow. */
const PATIENCE_MILLISECONDS = 240_000;
const ANNOTATION_PAUSE = 250;
/**
 * Status updates a second. Each costs the API server some ten milliseconds of a core: more of them would measure what an API
 * server on the same two cores can do.
 */
const STORM_PER_SECOND = 30;
/** With fewer policies that no reaction is measured of there is no storm. */
const FEWEST_OTHERS = 20;
export const reaction: SessionScenario = {
  kind: 'session',
  name: SCENARIO,
  title:
    'from the round that completes the detection window, and from an annotation, to FailoverGlobalCluster arriving at AWS',
  async run(session) {
    await measure(session, 'idle');
    const others = othersOf(session);
    if (others.length >= FEWEST_OTHERS) {
      await using _storm = await startStorm(session.bench, stormOn(others));
      await measure(session, 'storm');
    }
  },
};

async function measure(session: Session, circumstances: string): Promise<void> {
  const count = reactionsOf(session);
  session.bench.props.tell(
    `${session.contestant.name}: reactions to ${count} losses and as many annotations, ${circumstances}`,
  );
  await measureLosses(session, circumstances);
  await measureAnnotations(session, circumstances);
}

/** As many as wanted, or what a small fleet has: half for losses, half for annotations. */
function reactionsOf({ policies, bench }: Session): number {
  return Math.min(bench.props.effort.reactions, Math.max(1, Math.floor(policies / 2)));
}

/** Policies that no reaction is measured of. */
function othersOf(session: Session): readonly number[] {
  return session.othersThan(4 * session.bench.props.effort.reactions);
}

/** Not so many that they fight over the same few objects. */
function stormOn(others: readonly number[]): StormOptions {
  return { numbers: others, perSecond: Math.min(STORM_PER_SECOND, Math.floor(others.length / 2)) };
}

async function measureLosses(session: Session, circumstances: string): Promise<void> {
  const { aws, bench, decisions } = session;
  const place = session.place(SCENARIO);
  const lost = session.takeSeparate(reactionsOf(session));
  const before = (await aws.ask('roleChanges', 0)).length;
  await aws.ask('loopDelay');
  for (const number of lost) {
    await session.lose([number]);
    await delay(bench.props.effort.intervalMilliseconds / LOST_IN_A_ROUND);
  }
  const calls = await callsFor(session, lost, before, PATIENCE_MILLISECONDS);
  for (const { at, globalClusterIdentifier } of calls) {
    const number = numberIn(globalClusterIdentifier);
    const completedAt = decisions.completedAt.get(number);
    const decidedAt = decisions.decidedAt.get(number);
    if (completedAt === undefined || decidedAt === undefined) {
      bench.measurements.violate(place, `${globalClusterIdentifier} was failed over without a decision in the log`);
      continue;
    }
    bench.measurements.add(place, `round complete → request, ${circumstances}`, 'ms', at - completedAt);
    bench.measurements.add(place, `of it until the decision, ${circumstances}`, 'ms', decidedAt - completedAt);
  }
  const { p50, p99 } = await aws.ask('loopDelay');
  bench.measurements.add(place, `of it at most the local AWS's own delay, p50, ${circumstances}`, 'ms', p50);
  bench.measurements.add(place, `of it at most the local AWS's own delay, p99, ${circumstances}`, 'ms', p99);
}

async function measureAnnotations(session: Session, circumstances: string): Promise<void> {
  const { aws, bench } = session;
  const place = session.place(SCENARIO);
  const asked = session.takeSeparate(reactionsOf(session));
  const before = (await aws.ask('roleChanges', 0)).length;
  const sentAt = new Map<number, number>();
  const answeredAt = new Map<number, number>();
  for (const number of asked) {
    await bench.fleet.annotate(number, forced, () => sentAt.set(number, now()));
    answeredAt.set(number, now());
    await delay(ANNOTATION_PAUSE);
  }
  for (const { at, globalClusterIdentifier } of await callsFor(session, asked, before, PATIENCE_MILLISECONDS)) {
    const number = numberIn(globalClusterIdentifier);
    bench.measurements.add(
      place,
      `annotation sent → request, ${circumstances}`,
      'ms',
      at - (sentAt.get(number) ?? Number.NaN),
    );
    bench.measurements.add(
      place,
      `annotation stored → request, ${circumstances}`,
      'ms',
      at - (answeredAt.get(number) ?? Number.NaN),
    );
  }
}

/** Waits for one failover of each, and notes whoever got none, more than one, or was never meant. */
async function callsFor(
  session: Session,
  numbers: readonly number[],
  before: number,
  patience: number,
): Promise<readonly RoleChangeCall[]> {
  const { aws, bench } = session;
  const place = session.place(SCENARIO);
  const called = async (): Promise<readonly RoleChangeCall[]> => aws.ask('roleChanges', before);
  const isEach = async (): Promise<string | undefined> => {
    const found = new Set((await called()).map(({ globalClusterIdentifier }) => numberIn(globalClusterIdentifier)));
    const missing = numbers.filter((number) => !found.has(number));
    return missing.length === 0 ? undefined : missing.join(', ');
  };
  await until('every failover', patience, isEach, 500).catch(async (error: unknown) => {
    const why = await bench.fleet.whatIsUpWith(numberIn(/\d+/.exec(String(await isEach()))?.[0] ?? ''));
    bench.measurements.violate(place, `${error instanceof Error ? error.message : String(error)}; the first: ${why}`);
  });
  await session.settle();
  for (const number of numbers) session.moved.add(number);
  return session.checkRoleChanges(SCENARIO, await called(), numbers);
}
