import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import type { Contestant } from '../contestant.ts';
import type { RunningPeer } from '../peers/peer.ts';
import { CuttingProxy } from '../rig/cutting-proxy.ts';
import { numberIn } from '../rig/fleet.ts';
import { processFigures } from '../rig/process-figures.ts';
import { range } from '../rig/side-by-side.ts';
import { slope } from '../report/summary.ts';
import type { TurnScenario } from '../scenario.ts';
import { Session, until } from '../session.ts';

const SCENARIO = 'soak';
/** Policies that come and go, beyond the fleet. */
const GUESTS = 50;
const SAMPLE_MILLISECONDS = 1_000;
const CALM_SAMPLES = 15;
/** Between two changes by people: twenty thousand an hour. */
const CHANGE_MILLISECONDS = 180;
const CUT_MILLISECONDS = 5_000;
const FAULT_MILLISECONDS = 3_000;
const LOSS_MILLISECONDS = 15_000;
const REGIONS = ['us-east-1', 'us-west-2'] as const;
const FAULTS = ['throttle', 'serverError', 'refuse'] as const;
const CALLS_DISTURBED = 5;
const DETECTION_MILLISECONDS = 120_000;
const CALM_AGAIN_MILLISECONDS = 120_000;
const HOUR = 3_600_000;
/** Rounds of many policies open connections together: what is counted at one moment differs by so much. */
const TOLERATED_SHARE = 1.3;
const TOLERATED_COUNT = 10;
const TOLERATED_HEAP_SHARE = 1.5;
const TOLERATED_HEAP_MEGABYTES = 20;
const MEGABYTE = 1_000_000;

/** What a process holds that may leak. */
interface Holdings {
  readonly sockets: number;
  readonly 'open files': number;
  /** Node's timers, sockets, requests and so on; or goroutines. */
  readonly 'active resources': number;
}

export const soak: TurnScenario = {
  kind: 'turn',
  name: SCENARIO,
  title: 'an hour of changes and faults in minutes: does anything stay behind?',
  // It is about time, not about size.
  largest: 1_000,
  async run(bench, policies, contestant) {
    await using proxy = await CuttingProxy.start(bench.plane);
    const options = { kubeconfig: proxy.kubeconfig, spare: GUESTS };
    await using session = await Session.open(bench, contestant, policies, options);
    await measureSoak(bench, contestant, session, proxy);
  },
};

async function measureSoak(bench: Bench, contestant: Contestant, session: Session, proxy: CuttingProxy): Promise<void> {
  const { measurements } = bench;
  const place = session.place(SCENARIO);
  const before = await lookAtCalm(session);
  bench.props.tell(`${contestant.name}: ${bench.props.effort.soakMilliseconds / 1000} s of churn`);
  const churn = new Churn(session, proxy);
  const memory = await churn.run(bench.props.effort.soakMilliseconds);
  const lost = await churn.end();
  bench.props.tell(`${contestant.name}: the churn is over; does it come to rest?`);

  for (const [what, count] of Object.entries(churn.counts)) measurements.add(place, what, '', count);
  const settled = memory.slice(Math.floor(memory.length / 3));
  measurements.add(place, 'resident memory, after warming up', 'MB', ...settled.map(({ y }) => y));
  measurements.add(place, 'growth of resident memory an hour, after warming up', 'MB', slope(settled) * HOUR);
  await checkFailovers(session, lost);

  let after = await lookAtCalm(session);
  const excess = (): readonly string[] =>
    (Object.keys(before.most) as (keyof Holdings)[])
      .filter((name) => after.most[name] > before.most[name] * TOLERATED_SHARE + TOLERATED_COUNT)
      .map((name) => `${name}: ${before.most[name]} before, ${after.most[name]} after`);
  const deadline = performance.now() + CALM_AGAIN_MILLISECONDS;
  while (excess().length > 0 && performance.now() < deadline) after = await lookAtCalm(session);
  for (const message of excess()) measurements.violate(place, `it keeps ${message}`);
  for (const name of Object.keys(before.most) as (keyof Holdings)[]) {
    measurements.add(place, `${name} before`, '', before.most[name]);
    measurements.add(place, `${name} after`, '', after.most[name]);
  }
  if (before.heapMegabytes > 0) {
    measurements.add(place, 'heap after collection, before', 'MB', before.heapMegabytes);
    measurements.add(place, 'heap after collection, after', 'MB', after.heapMegabytes);
    if (after.heapMegabytes > before.heapMegabytes * TOLERATED_HEAP_SHARE + TOLERATED_HEAP_MEGABYTES) {
      const [first, last] = [before.heapMegabytes, after.heapMegabytes].map((each) => each.toFixed(0));
      measurements.violate(place, `its heap was ${first} MB before and is ${last} MB after`);
    }
  }
  if (contestant.isOperator && after.series !== before.series) {
    measurements.violate(
      place,
      `it had ${before.series} policies in its metrics before, and has ${after.series} after`,
    );
  }
}

async function checkFailovers(session: Session, lost: readonly number[]): Promise<void> {
  const { aws, bench } = session;
  await until('every failover', DETECTION_MILLISECONDS, async () => {
    const calls = (await aws.ask('roleChanges', 0)).filter(({ result }) => result === 'ok');
    const called = new Set(calls.map(({ globalClusterIdentifier }) => numberIn(globalClusterIdentifier)));
    const missing = lost.find((number) => !called.has(number));
    return missing === undefined ? undefined : `policy ${missing}: ${await bench.fleet.whatIsUpWith(missing)}`;
  }).catch((error: unknown) => bench.measurements.violate(session.place(SCENARIO), String(error)));
  await session.settle();
  // A call that met a fault is made again: only one of each may have been answered with ok.
  const calls = (await aws.ask('roleChanges', 0)).filter(({ result }) => result === 'ok');
  session.checkRoleChanges(SCENARIO, calls, lost);
}

interface Calm {
  readonly most: Holdings;
  /** The least of several looks: what is left when garbage was collected; 0 where the process does not tell. */
  readonly heapMegabytes: number;
  /** Policies that its metrics know. */
  readonly series: number;
}

/** What the process holds while nothing happens, over more than a round. */
async function lookAtCalm(session: Session): Promise<Calm> {
  const peer = onlyPeerOf(session);
  const most = { sockets: 0, 'open files': 0, 'active resources': 0 };
  let heap = Infinity;
  for (let sample = 0; sample < CALM_SAMPLES; sample += 1) {
    const { sockets, openFiles } = processFigures(peer.pid);
    const resources = await peer.metric('nodejs_active_resources_total');
    const goroutines = await peer.metric('go_goroutines');
    most.sockets = Math.max(most.sockets, sockets);
    most['open files'] = Math.max(most['open files'], openFiles);
    most['active resources'] = Math.max(most['active resources'], resources + goroutines);
    heap = Math.min(heap, await peer.metric('nodejs_heap_size_used_bytes'));
    await delay(SAMPLE_MILLISECONDS);
  }
  return { most, heapMegabytes: heap / MEGABYTE, series: await peer.metric('aurora_dr_policy_phase') };
}

function onlyPeerOf({ peers: [peer] }: Session): RunningPeer {
  if (peer === undefined) throw new Error('a session has no process; report this as a bug');
  return peer;
}

/** People and networks that never rest. */
class Churn {
  readonly counts: Record<string, number> = {};
  readonly #session: Session;
  readonly #proxy: CuttingProxy;
  readonly #guests: readonly number[];
  readonly #present = new Set<number>();
  readonly #lost: number[] = [];
  #turn = 0;

  constructor(session: Session, proxy: CuttingProxy) {
    this.#session = session;
    this.#proxy = proxy;
    this.#guests = range(session.policies + 1, session.policies + GUESTS);
  }

  /** Gives the resident memory over time: milliseconds, megabytes. */
  async run(milliseconds: number): Promise<readonly { readonly x: number; readonly y: number }[]> {
    const ending = AbortSignal.timeout(milliseconds);
    const started = performance.now();
    const memory: { readonly x: number; readonly y: number }[] = [];
    await Promise.all([
      this.#every(CHANGE_MILLISECONDS, ending, () => this.#change()),
      this.#every(CUT_MILLISECONDS, ending, () => this.#count('connections cut', this.#proxy.cut())),
      this.#every(FAULT_MILLISECONDS, ending, () => this.#disturb()),
      this.#every(LOSS_MILLISECONDS, ending, () => this.#lose()),
      this.#every(SAMPLE_MILLISECONDS, ending, () => {
        memory.push({
          x: performance.now() - started,
          y: processFigures(onlyPeerOf(this.#session).pid).residentMegabytes,
        });
      }),
    ]);
    return memory;
  }

  /** Guests leave, and everything is as it was but for the lost: gives these. */
  async end(): Promise<readonly number[]> {
    const { fleet } = this.#session.bench;
    for (const number of this.#present) await fleet.remove(number);
    for (const number of this.#edited()) await fleet.edit(number, fleet.interval);
    return this.#lost;
  }

  async #every(milliseconds: number, ending: AbortSignal, work: () => void | Promise<void>): Promise<void> {
    for (;;) {
      await delay(milliseconds, undefined, { signal: ending }).catch(() => undefined);
      if (ending.aborted) return;
      await work();
    }
  }

  #count(what: string, count = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + count;
  }

  /** Policies that are edited and asked for drills: none that is lost. */
  #edited(): readonly number[] {
    const { policies } = this.#session;
    return range(Math.max(1, policies - 19), policies);
  }

  async #change(): Promise<void> {
    const { fleet } = this.#session.bench;
    this.#turn += 1;
    const edited = this.#edited();
    const known = edited[this.#turn % edited.length] ?? 1;
    const guest = this.#guests[this.#turn % this.#guests.length] ?? 0;
    switch (this.#turn % 4) {
      case 0:
      case 1:
        if (this.#present.delete(guest)) {
          await fleet.remove(guest);
          this.#count('policies deleted');
        } else {
          await this.#add(guest);
        }
        return;
      case 2:
        await fleet.edit(known, this.#turn % 8 < 4 ? '5s' : fleet.interval);
        this.#count('policies edited');
        return;
      default:
        await fleet.annotate(known, { 'aurora-dr.io/drill': 'Simulate' });
        this.#count('drills asked for');
    }
  }

  /** One that was deleted may still be held by its finalizer: then another time. */
  async #add(guest: number): Promise<void> {
    const { fleet } = this.#session.bench;
    if (await fleet.tryAdd(guest)) {
      this.#present.add(guest);
      this.#count('policies created');
    }
  }

  async #disturb(): Promise<void> {
    this.#turn += 1;
    const region = REGIONS[this.#turn % REGIONS.length] ?? REGIONS[0];
    const kind = FAULTS[this.#turn % FAULTS.length] ?? 'throttle';
    await this.#session.aws.ask('disturb', region, '*', kind, CALLS_DISTURBED);
    this.#count('AWS calls disturbed', CALLS_DISTURBED);
  }

  async #lose(): Promise<void> {
    const [number] = this.#session.takeSeparate(1);
    if (number === undefined || this.#edited().includes(number)) return;
    this.#lost.push(number);
    this.#session.moved.add(number);
    await this.#session.lose([number]);
    this.#count('primaries lost');
  }
}
