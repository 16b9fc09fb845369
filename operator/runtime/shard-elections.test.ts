import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { KubeConnectionError } from './kube-errors.ts';
import { LEASES, type Lease } from './lease.ts';
import { ManualClock } from './manual-clock.ts';
import { shardOrders } from './rendezvous.ts';
import { ShardElections, type ShardWork } from './shard-elections.ts';
import { FakeKubeClient } from './testing/fake-kube-client.ts';

const SHARDS = 8;
const SECOND = 1_000;
/** How long a shard has to be observed here before it is prepared. */
const PREPARATION = 20 * SECOND;

/** Work that notes what it is told, and takes as long as a test wants to end. */
class NotedWork implements ShardWork {
  readonly preparedSince = new Map<number, number>();
  readonly led = new Set<number>();
  /** For how long each shard had been prepared when it was led, in order. */
  readonly taken: { readonly shard: number; readonly preparedFor: number | undefined }[] = [];
  isRestless = false;
  drainMilliseconds = 0;
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  prepare(shard: number): void {
    if (!this.preparedSince.has(shard) && !this.led.has(shard)) this.preparedSince.set(shard, this.#clock.monotonic());
  }

  leave(shard: number): void {
    this.preparedSince.delete(shard);
  }

  isPrepared(shard: number): boolean {
    const since = this.preparedSince.get(shard);
    return since !== undefined && this.#clock.monotonic() - since >= PREPARATION;
  }

  isAtRest(): boolean {
    return !this.isRestless;
  }

  async lead(shard: number, leadership: AbortSignal): Promise<void> {
    const since = this.preparedSince.get(shard);
    this.taken.push({ shard, preparedFor: since === undefined ? undefined : this.#clock.monotonic() - since });
    this.preparedSince.delete(shard);
    this.led.add(shard);
    if (!leadership.aborted) {
      await new Promise((resolve) => leadership.addEventListener('abort', resolve, { once: true }));
    }
    if (this.drainMilliseconds > 0) await this.#clock.sleep(this.drainMilliseconds);
    this.led.delete(shard);
  }
}

interface Member {
  readonly identity: string;
  readonly elections: ShardElections;
  readonly work: NotedWork;
  readonly link: { isCut: boolean };
  readonly errors: unknown[];
  readonly stop: AbortController;
  readonly finished: Promise<void>;
}

/** One API server, and processes that come and go. */
class Fleet {
  readonly clock = new ManualClock();
  readonly server = new FakeKubeClient(this.clock);
  readonly members: Member[] = [];

  join(identity: string, shards = SHARDS): Member {
    const work = new NotedWork(this.clock);
    const link = { isCut: false };
    const errors: unknown[] = [];
    const elections = new ShardElections({
      client: viaOwnLink(this.server, link),
      namespace: 'system',
      name: 'operator',
      shards,
      identity,
      label: 'example.com/lease',
      clock: this.clock,
      random: () => 0.5,
      leaseDurationMilliseconds: 15 * SECOND,
      renewDeadlineMilliseconds: 10 * SECOND,
      retryPeriodMilliseconds: 2 * SECOND,
      work,
      listener: { onError: (error) => errors.push(error) },
    });
    const stop = new AbortController();
    const member = { identity, elections, work, link, errors, stop, finished: elections.run(stop.signal) };
    this.members.push(member);
    return member;
  }

  async leave(member: Member): Promise<void> {
    member.stop.abort();
    await this.clock.advance(0);
    await member.finished;
    this.members.splice(this.members.indexOf(member), 1);
  }

  /** Who owns which shards, by identity, in the end: each shard with the first of its order. */
  get preferred(): Record<string, number[]> {
    const identities = this.members.map(({ identity }) => identity);
    const owners: Record<string, number[]> = Object.fromEntries(identities.map((identity) => [identity, []]));
    for (const [shard, [first]] of shardOrders(SHARDS, identities).entries()) owners[first!]!.push(shard);
    return owners;
  }

  get owned(): Record<string, number[]> {
    return Object.fromEntries(
      this.members.map(({ identity, elections }) => [identity, elections.owned.toSorted((one, other) => one - other)]),
    );
  }

  /** Whether a member has said that it has observed a shard for long enough. */
  get isAnyPrepared(): boolean {
    return this.leases('-member-').some(
      ({ metadata }) => (metadata.annotations?.['example.com/lease-prepared'] ?? '') !== '',
    );
  }

  /** Shards for which more than one may act. */
  get doubled(): number[] {
    return Array.from({ length: SHARDS }, (_, shard) => shard).filter(
      (shard) => this.members.filter(({ elections }) => elections.leaseRemainingMilliseconds(shard) > 0).length > 1,
    );
  }

  /** Lets time pass in small steps. @returns for how long each shard had no owner, at most */
  async pass(milliseconds: number): Promise<number> {
    let longest = 0;
    const free = new Map<number, number>();
    for (let time = 0; time < milliseconds; time += 250) {
      await this.clock.advance(250);
      expect(this.doubled).toEqual([]);
      for (let shard = 0; shard < SHARDS; shard += 1) {
        const isOwned = this.members.some(({ elections }) => elections.leaseRemainingMilliseconds(shard) > 0);
        const since = isOwned ? 0 : (free.get(shard) ?? 0) + 250;
        free.set(shard, since);
        longest = Math.max(longest, since);
      }
    }
    return longest;
  }

  leases(part: string): Lease[] {
    return (this.server.stored(LEASES) as Lease[]).filter(({ metadata }) => metadata.name.includes(part));
  }
}

function viaOwnLink(server: FakeKubeClient, link: { readonly isCut: boolean }): FakeKubeClient {
  return new Proxy(server, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]): unknown => {
        if (link.isCut) return Promise.reject(new KubeConnectionError('link is down'));
        return (value as (...all: unknown[]) => unknown).apply(target, parameters);
      };
    },
  });
}

describe('ShardElections', () => {
  it('given one member, then it owns every shard, by a lease for each', async () => {
    const fleet = new Fleet();
    const one = fleet.join('one');
    await fleet.pass(5 * SECOND);

    expect(fleet.owned).toEqual({ one: [0, 1, 2, 3, 4, 5, 6, 7] });
    expect(one.elections.orphans).toEqual([]);
    expect(fleet.leases('-of-8')).toHaveLength(SHARDS);
    expect(fleet.leases('-member-')).toHaveLength(1);
    await fleet.leave(one);
    expect(fleet.leases('-member-')).toEqual([]);
    expect(fleet.leases('-of-8').map(({ spec }) => spec?.holderIdentity)).toEqual(Array(SHARDS).fill(''));
    expect(fleet.clock.pendingTimers).toBe(0);
  });

  it('given members that join, then each gets its shards once it is prepared, and every shard has an owner all the time', async () => {
    const fleet = new Fleet();
    fleet.join('one');
    await fleet.pass(5 * SECOND);
    const [two, three] = [fleet.join('two'), fleet.join('three')];

    expect(await fleet.pass(PREPARATION - 3 * SECOND)).toBe(0);
    expect(fleet.owned).toMatchObject({ two: [], three: [] });
    expect(await fleet.pass(20 * SECOND)).toBeLessThanOrEqual(250);
    expect(fleet.owned).toEqual(fleet.preferred);
    for (const { work } of [two, three]) {
      expect(work.taken.length).toBeGreaterThan(0);
      for (const { preparedFor } of work.taken) expect(preparedFor).toBeGreaterThanOrEqual(PREPARATION);
    }
    expect(two.elections.members).toEqual(['one', 'three', 'two']);
    for (const member of [...fleet.members]) await fleet.leave(member);
    expect(fleet.clock.pendingTimers).toBe(0);
  });

  it('given an operation in flight, when a successor is ready, then the owner keeps the shard until that has ended', async () => {
    const fleet = new Fleet();
    const one = fleet.join('one');
    await fleet.pass(5 * SECOND);
    one.work.isRestless = true;
    fleet.join('two');
    await fleet.pass(60 * SECOND);
    expect(fleet.owned).toMatchObject({ two: [] });
    one.work.isRestless = false;
    await fleet.pass(5 * SECOND);
    expect(fleet.owned).toEqual(fleet.preferred);
    for (const member of [...fleet.members]) await fleet.leave(member);
  });

  it('given a member that begins anew, when the watch of an owner still shows what it said before, then it keeps the shard', async () => {
    const fleet = new Fleet();
    const one = fleet.join('one');
    await fleet.pass(5 * SECOND);
    one.work.isRestless = true;
    const two = fleet.join('two');
    await fleet.pass(PREPARATION + 10 * SECOND);
    fleet.server.isSilent = true;
    for (const shard of two.work.preparedSince.keys()) two.work.preparedSince.set(shard, fleet.clock.monotonic());
    await fleet.pass(3 * SECOND);
    one.work.isRestless = false;
    await fleet.pass(10 * SECOND);
    expect(fleet.owned).toMatchObject({ two: [] });
    fleet.server.isSilent = false;
    await fleet.pass(60 * SECOND);
    expect(fleet.owned).toEqual(fleet.preferred);
    for (const { preparedFor } of two.work.taken) expect(preparedFor).toBeGreaterThanOrEqual(PREPARATION);
    for (const member of [...fleet.members]) await fleet.leave(member);
  });

  it('given an owner that needs time to end its work, when it hands over, then it keeps the lease until it has', async () => {
    const fleet = new Fleet();
    const one = fleet.join('one');
    one.work.drainMilliseconds = 4 * SECOND;
    await fleet.pass(5 * SECOND);
    const two = fleet.join('two');
    for (let time = 0; time < 60 * SECOND; time += 250) {
      await fleet.pass(250);
      for (const shard of two.work.led) expect(one.work.led.has(shard)).toBe(false);
    }
    expect(fleet.owned).toEqual(fleet.preferred);
    for (const member of [...fleet.members]) {
      member.work.drainMilliseconds = 0;
      await fleet.leave(member);
    }
  });

  it('given a watch that still shows an owner its own lease, when it has handed over, then it does not take that back', async () => {
    const fleet = new Fleet();
    const one = fleet.join('one');
    await fleet.pass(5 * SECOND);
    const two = fleet.join('two');
    one.work.drainMilliseconds = 4 * SECOND;
    while (!fleet.isAnyPrepared) await fleet.pass(250);
    await fleet.pass(500);
    fleet.server.isSilent = true;
    await fleet.pass(8 * SECOND);
    expect(fleet.owned).toEqual(fleet.preferred);
    expect(one.work.taken).toHaveLength(SHARDS);
    expect(two.work.taken.every(({ preparedFor = 0 }) => preparedFor >= PREPARATION)).toBe(true);
    fleet.server.isSilent = false;
    one.work.drainMilliseconds = 0;
    for (const member of [...fleet.members]) await fleet.leave(member);
  });

  it('given a lease that somebody deletes during its handover, then its former owner does not take it back', async () => {
    const fleet = new Fleet();
    const one = fleet.join('one');
    await fleet.pass(5 * SECOND);
    const two = fleet.join('two');
    one.work.drainMilliseconds = 4 * SECOND;
    while (!fleet.isAnyPrepared) await fleet.pass(250);
    await fleet.pass(500);
    const handedOver = fleet.preferred['two']!.map((shard) => `-${shard}-of-8`);
    for (const { metadata } of fleet.leases('-of-8')) {
      const isHandedOver = handedOver.some((ending) => metadata.name.endsWith(ending));
      if (isHandedOver) fleet.server.drop(LEASES, { namespace: 'system', name: metadata.name });
    }
    await fleet.pass(40 * SECOND);
    expect(fleet.owned).toEqual(fleet.preferred);
    expect(one.work.taken).toHaveLength(SHARDS);
    expect(two.work.taken.every(({ preparedFor = 0 }) => preparedFor >= PREPARATION)).toBe(true);
    one.work.drainMilliseconds = 0;
    for (const member of [...fleet.members]) await fleet.leave(member);
  });

  it('given a member that stops in order, then the others own its shards within a retry period', async () => {
    const fleet = new Fleet();
    fleet.join('one');
    const two = fleet.join('two');
    fleet.join('three');
    await fleet.pass(60 * SECOND);
    await fleet.leave(two);
    expect(await fleet.pass(10 * SECOND)).toBeLessThanOrEqual(2 * SECOND);
    expect(fleet.owned).toEqual(fleet.preferred);
    for (const member of [...fleet.members]) await fleet.leave(member);
  });

  it('given a member that vanishes, then the others own its shards soon after its leases have expired, and its lease goes', async () => {
    const fleet = new Fleet();
    fleet.join('one');
    const two = fleet.join('two');
    await fleet.pass(60 * SECOND);
    two.link.isCut = true;
    expect(await fleet.pass(40 * SECOND)).toBeLessThanOrEqual(8 * SECOND);
    expect(fleet.owned['one']).toHaveLength(SHARDS);
    expect(fleet.leases('-member-')).toHaveLength(2);
    await fleet.pass(330 * SECOND);
    expect(fleet.leases('-member-')).toHaveLength(1);
    two.link.isCut = false;
    expect(await fleet.pass(60 * SECOND)).toBeLessThanOrEqual(2 * SECOND);
    expect(fleet.owned).toEqual(fleet.preferred);
    for (const member of [...fleet.members]) await fleet.leave(member);
  });

  it('given leases that somebody deletes while their owner is cut off, then others take them once they would have expired', async () => {
    const fleet = new Fleet();
    fleet.join('one');
    const two = fleet.join('two');
    fleet.join('three');
    await fleet.pass(60 * SECOND);
    const lost = two.elections.owned.length;
    expect(lost).toBeGreaterThan(0);
    two.link.isCut = true;
    for (const { metadata, spec } of fleet.leases('-of-8')) {
      if (spec?.holderIdentity === 'two') fleet.server.drop(LEASES, { namespace: 'system', name: metadata.name });
    }
    await fleet.pass(40 * SECOND);
    expect(two.elections.owned).toEqual([]);
    expect(fleet.owned['one']!.length + fleet.owned['three']!.length).toBe(SHARDS);
    two.link.isCut = false;
    await fleet.pass(60 * SECOND);
    for (const member of [...fleet.members]) await fleet.leave(member);
  });

  it('given a lease that somebody deletes, then its owner is the one that goes on', async () => {
    const fleet = new Fleet();
    fleet.join('one');
    fleet.join('two');
    await fleet.pass(60 * SECOND);
    for (const { metadata } of fleet.leases('-of-8')) {
      fleet.server.drop(LEASES, { namespace: 'system', name: metadata.name });
    }
    expect(await fleet.pass(10 * SECOND)).toBeLessThanOrEqual(4 * SECOND);
    expect(fleet.owned).toEqual(fleet.preferred);
    for (const member of [...fleet.members]) await fleet.leave(member);
  });

  it('given a shard of which nothing can be prepared, then the process goes on with the others, and says so', async () => {
    const fleet = new Fleet();
    fleet.join('one');
    await fleet.pass(5 * SECOND);
    const two = fleet.join('two');
    const [broken, ...others] = fleet.preferred['two']!;
    const prepare = two.work.prepare.bind(two.work);
    two.work.prepare = (shard) => {
      if (shard === broken) throw new Error('cannot prepare it');
      prepare(shard);
    };
    await fleet.pass(60 * SECOND);
    expect(two.elections.owned.toSorted((one, other) => one - other)).toEqual(others);
    expect(fleet.owned['one']).toContain(broken);
    expect(two.errors.map(String)).toContain('Error: cannot prepare it');
    for (const member of [...fleet.members]) await fleet.leave(member);
  });

  it('given a preferred member that never takes its shards, when they become free, then the next takes them', async () => {
    const fleet = new Fleet();
    const now = fleet.clock.now();
    const lease = (): Lease => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        namespace: 'system',
        name: 'operator-member-mute',
        annotations: { 'example.com/lease-shards': '8', 'example.com/lease-prepared': '' },
      },
      spec: { holderIdentity: 'mute', leaseDurationSeconds: 15, renewTime: String(now + fleet.clock.monotonic()) },
    });
    fleet.server.put(LEASES, lease());
    fleet.join('one');
    for (let count = 0; count < 10; count += 1) {
      await fleet.pass(2 * SECOND);
      fleet.server.put(LEASES, lease());
    }
    expect(fleet.owned['one']).toHaveLength(SHARDS);
    for (const member of [...fleet.members]) await fleet.leave(member);
  });

  it('given links that fail and members that come, go and vanish at any time, then no shard ever has two owners, and all have the right one in the end', async () => {
    const fault = fc.record({
      do: fc.constantFrom('cut', 'restore', 'leave', 'join', 'slow', 'restless', 'silent'),
      who: fc.nat(3),
      for: fc.integer({ min: 1, max: 30 }),
    });
    let moves = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { minLength: 3, maxLength: 10 }), async (faults) => {
        const fleet = new Fleet();
        let joined = 2;
        fleet.join('m0');
        fleet.join('m1');
        for (const { do: action, who, for: seconds } of faults) {
          const member = fleet.members[who % Math.max(1, fleet.members.length)];
          if (action === 'join' && fleet.members.length < 4) fleet.join(`m${(joined += 1)}`);
          else if (action === 'cut' && member !== undefined) member.link.isCut = true;
          else if (action === 'restore' && member !== undefined) member.link.isCut = false;
          else if (action === 'leave' && fleet.members.length > 1) member?.stop.abort();
          else if (action === 'restless' && member !== undefined) member.work.isRestless = !member.work.isRestless;
          else if (action === 'slow') fleet.server.before = () => fleet.clock.sleep(who * 900);
          else if (action === 'silent') fleet.server.isSilent = !fleet.server.isSilent;
          await fleet.pass(seconds * SECOND);
        }
        fleet.server.before = () => undefined;
        fleet.server.isSilent = false;
        for (const { link, work } of fleet.members) {
          link.isCut = false;
          work.isRestless = false;
        }
        await fleet.pass(60 * SECOND);
        for (const gone of fleet.members.filter(({ stop }) => stop.signal.aborted)) await fleet.leave(gone);
        if (fleet.members.length === 0) fleet.join('last');
        await fleet.pass(120 * SECOND);
        expect(fleet.owned).toEqual(fleet.preferred);
        moves += fleet.members.reduce((sum, { work }) => sum + work.taken.length, 0);
        for (const member of [...fleet.members]) await fleet.leave(member);
        expect(fleet.clock.pendingTimers).toBe(0);
      }),
      { numRuns: 12 },
    );
    expect(moves).toBeGreaterThan(50);
  }, 120_000);
});
