import { describe, expect, it } from '@jest/globals';
import { MINUTE } from '../failover/testing/a-round.ts';
import { EAST, WEST } from '../failover/testing/a-settings.ts';
import { noAnswer } from '../failover/testing/attempts.ts';
import { PublishingError } from '../publishing/publishing-error.ts';
import { Bench } from './testing/bench.ts';

const REQUIRED = { fencing: { mode: 'Required' } } as const;
const routing = { namespace: 'AuroraDR', metric: 'WriterRegion' };

/** At the moment at which AWS has promoted the target of an automatic failover. */
async function promoted(spec: ConstructorParameters<typeof Bench>[0] = {}): Promise<Bench> {
  const bench = await Bench.protected(spec);
  bench.aurora.lose(bench.now);
  await bench.see(4);
  bench.aurora.promote();
  return bench;
}

describe('Publication', () => {
  it('given a withdrawal that is still under way, when the new writer is published, then it comes last', async () => {
    const bench = await Bench.protected();
    let letGo: () => void = () => undefined;
    bench.holdWithdrawal = new Promise((resolve) => (letGo = resolve));
    bench.annotate({ 'force-failover': WEST });
    await bench.settle();
    bench.aurora.promote();
    const seen = bench.see(2);
    await bench.clock.settle();
    expect(bench.published).toEqual(['us-east-1']);
    letGo();
    await seen;
    expect(bench.published).toEqual(['us-east-1', 'fenced', WEST]);
  });

  it('given fencing None, when a role change is called, then the old name stays until the new one is published', async () => {
    const bench = await promoted({ fencing: { mode: 'None' } });
    await bench.see(2);
    expect(bench.published).toEqual(['us-east-1', WEST]);
  });

  it('given nothing to publish, when it is asked, then that counts as published', async () => {
    const bench = await promoted({ publish: {} });
    await bench.see(2);
    expect(bench.published).toEqual([]);
    expect(bench.condition('EndpointPublished')).toBe('True NotConfigured');
    expect(bench.status.history).toMatchObject([{ outcome: 'Succeeded' }]);
  });

  it('given a switchover that timed out while no region answers, when AWS may be at it, then clients are kept away', async () => {
    const bench = await Bench.protected();
    bench.annotate({ 'force-failover': WEST });
    await bench.settle();
    await bench.see(2);
    const isBlind = { regions: { [EAST]: { rds: noAnswer() }, [WEST]: { rds: noAnswer() } } };
    await bench.pass(15 * MINUTE);
    await bench.see(3, isBlind);
    expect(bench.status.history).toMatchObject([{ type: 'Switchover', outcome: 'TimedOut' }]);
    expect(bench.published).toEqual([EAST, 'fenced']);
    await bench.see(2);
    expect(bench.published).toEqual([EAST, 'fenced']);
    bench.aurora.cancel();
    await bench.see(2);
    expect(bench.published).toEqual([EAST, 'fenced', EAST]);
  });

  it('given objects that somebody may have edited, when minutes have passed, then they are checked again', async () => {
    const bench = await Bench.protected();
    const before = bench.publishings;
    await bench.see(60);
    expect(bench.publishings - before).toBe(2);
  });

  it('given a name that is taken, when it is published, then it says so, and is tried again', async () => {
    const bench = new Bench();
    await bench.settle();
    bench.publishFails = () => new PublishingError('NameTaken', 'cannot publish: taken');
    await bench.see(2);
    expect(bench.condition('EndpointPublished')).toBe('False NameTaken');
    expect(bench.eventReasons().filter((reason) => reason === 'PublishingFailed')).toHaveLength(1);
    bench.publishFails = () => undefined;
    await bench.see();
    expect(bench.condition('EndpointPublished')).toBe('True Published');
  });

  describe('fencing Required', () => {
    it('given no word of the fence, when AWS has promoted, then nothing is published, and people hear why', async () => {
      const bench = await promoted(REQUIRED);
      await bench.see(5);
      expect(bench.published.at(-1)).toBe('fenced');
      expect(bench.condition('Progressing')).toBe('True AwaitingFence');
      expect(bench.notifications.map(({ kind }) => kind)).toContain('FailoverBlocked');
    });

    it('given the person’s word, when it comes, then the new writer is published', async () => {
      const bench = await promoted(REQUIRED);
      await bench.see(2);
      bench.annotate({ 'confirm-fenced': bench.status.operation?.id ?? '' });
      await bench.see();
      expect(bench.published.at(-1)).toBe(WEST);
      expect(bench.status.history).toMatchObject([{ outcome: 'Succeeded' }]);
    });

    it('given a timeout without a fence, when it is over, then it still waits for the person’s word', async () => {
      const bench = await promoted(REQUIRED);
      await bench.see(2);
      const { id = '' } = bench.status.operation ?? {};
      await bench.pass(15 * MINUTE);
      await bench.see(2);
      expect(bench.status.history).toMatchObject([{ outcome: 'TimedOut' }]);
      expect(bench.condition('EndpointPublished')).toBe('False AwaitingFence');
      bench.annotate({ 'confirm-fenced': id });
      await bench.see(3);
      expect(bench.published.at(-1)).toBe(WEST);
      expect(bench.status.history).toMatchObject([{ outcome: 'Succeeded', reason: 'SucceededLate' }]);
    });
  });

  describe('the routing metric', () => {
    it('given rounds, when a minute has passed, then it is put again, and at once on change', async () => {
      const bench = await Bench.protected({ publish: { routing } });
      const before = bench.puts.length;
      await bench.see(12);
      expect(bench.puts.length - before).toBe(2);
      bench.annotate({ 'force-failover': WEST });
      await bench.settle();
      await bench.see(8);
      expect(bench.puts.length - before).toBe(2);
      bench.aurora.promote();
      await bench.see(1);
      expect(bench.puts.at(-1)).toBe(WEST);
    });

    it('given a put that left the writer’s region out because it was late to answer, then it is put again soon', async () => {
      const bench = await Bench.protected({ publish: { routing } });
      const isLate = { regions: { [EAST]: { rds: noAnswer() } } };
      let before = bench.puts.length;
      for (let rounds = 0; bench.puts.length === before && rounds < 12; rounds += 1) {
        await bench.see(1, isLate);
      }
      before = bench.puts.length;
      await bench.see(2);
      expect(bench.puts.length).toBe(before + 1);
      await bench.see(3);
      expect(bench.puts.length).toBe(before + 1);
    });

    it('given news of the writer that a region did not take, then it is put again soon, once', async () => {
      const bench = await Bench.protected({ publish: { routing } });
      bench.annotate({ 'force-failover': WEST });
      await bench.settle();
      await bench.see(1);
      bench.putFails = (region) => (region === WEST ? new Error('no answer') : undefined);
      bench.aurora.promote();
      await bench.see(1);
      const before = bench.puts.length;
      await bench.see(2);
      expect(bench.puts.length).toBe(before + 1);
      await bench.see(3);
      expect(bench.puts.length).toBe(before + 1);
    });

    it('given a role change in flight, when minutes pass, then the heartbeat goes on and the routing metric rests', async () => {
      const bench = await Bench.protected({ publish: { routing } });
      bench.annotate({ 'force-failover': WEST });
      await bench.settle();
      const { heartbeats, puts } = bench;
      const before = puts.length;
      await bench.see(18);
      expect(bench.status.operation).toBeDefined();
      expect(puts).toHaveLength(before);
      expect(bench.heartbeats - heartbeats).toBeGreaterThanOrEqual(2);
      bench.aurora.promote();
      await bench.see(1);
      expect(puts.at(-1)).toBe(WEST);
    });

    it('given another writer that could not be put on record, when the rounds are too old, then nobody is sent to the former', async () => {
      const bench = await Bench.protected({ publish: { routing, service: { name: 'orders-writer' } } });
      bench.probe = (what) => {
        if (what.startsWith('status')) throw new Error('no answer in time');
      };
      await bench.see(2, { writer: WEST });
      const seenAt = bench.clock.now();
      await bench.see(2, { regions: { [EAST]: { rds: noAnswer() }, [WEST]: { rds: noAnswer() } } });
      expect(bench.status.primaryRegion).toBe(EAST);
      const { puts, publishings, heartbeats } = bench;
      const before = puts.length;
      await bench.pass(10 * MINUTE);
      bench.syncCache();
      await bench.settle();
      expect(bench.heartbeats).toBe(heartbeats + 1);
      expect(puts).toHaveLength(before);
      expect(bench.publishings).toBe(publishings);
      bench.probe = () => undefined;
      await bench.see(1, { writer: WEST });
      expect(bench.status.primaryRegion).toBe(WEST);
      expect([puts.at(-1), bench.published.at(-1)]).toEqual([WEST, WEST]);
      expect(Date.parse(bench.status.history?.[0]?.promotedAt ?? '')).toBeLessThan(seenAt);
    });

    it('given a policy without routing, when rounds pass, then no heartbeat is put: nobody said where', async () => {
      const bench = await Bench.protected({ publish: { service: { name: 'orders-writer' } } });
      await bench.see(20);
      expect(bench.heartbeats).toBe(0);
    });

    it('given a new writer that is published, when its operation still waits for a proof, then it is routed to', async () => {
      const bench = await Bench.protected({ publish: { routing, service: { name: 'orders-writer' } } });
      bench.annotate({ 'force-failover': WEST });
      await bench.settle();
      bench.aurora.promote();
      await bench.see(1, { writer: WEST, regions: { [WEST]: { status: 'modifying' } } });
      expect(bench.status.operation?.step).toBe('Published');
      expect(bench.puts.at(-1)).toBe(WEST);
    });
  });
});
