import { describe, expect, it } from '@jest/globals';
import type { FailoverEvent } from '../aws/aws-gateway.ts';
import { MINUTE, SECOND, T0 } from '../failover/testing/a-round.ts';
import { aSettings, EAST, WEST } from '../failover/testing/a-settings.ts';
import { FenceReader } from './fence-reader.ts';
import { recordFrom } from './policy-record.ts';
import type { PolicyTurn } from './policy-turn.ts';
import { Bench } from './testing/bench.ts';
import { awsError, REFUSED } from './testing/fake-aurora.ts';

const event = (eventId: string, region = EAST, clusterIdentifier = 'orders', at = T0 + 10 * MINUTE): FailoverEvent => ({
  eventId,
  at,
  message: '',
  sourceIdentifier: 'orders-1',
  about: { clusterIdentifier, region },
});

async function failingOver(): Promise<Bench> {
  const bench = await Bench.protected({ fencing: { mode: 'Required' } });
  bench.aurora.lose(bench.now);
  await bench.see(4);
  return bench;
}

describe('FenceReader', () => {
  it.each([
    ['RDS-EVENT-0390', 'Succeeded'],
    ['RDS-EVENT-0391', 'TimedOut'],
  ])('given %s of the old primary, when it is read, then the operation says %s', async (eventId, fence) => {
    const bench = await failingOver();
    bench.aurora.events = [event(eventId)];
    await bench.see(2);
    expect(bench.status.operation?.fence).toBe(fence);
  });

  it.each([
    ['another region', event('RDS-EVENT-0390', WEST)],
    ['another cluster', event('RDS-EVENT-0390', EAST, 'invoices')],
    ['something else', event('RDS-EVENT-0238')],
    ['a failover before this one', event('RDS-EVENT-0390', EAST, 'orders', T0)],
  ])('given an event about %s, when it is read, then nothing is concluded', async (_name, other) => {
    const bench = await failingOver();
    bench.aurora.events = [other];
    await bench.see(2);
    expect(bench.status.operation?.fence).toBe('Unknown');
  });

  describe('given a failover of somebody else’s, whose fence RDS told before it was seen here', () => {
    /** Seen while it is in flight, or once it is over. */
    const elsewhere = async (isSeenInFlight: boolean, told: number): Promise<Bench> => {
      const bench = await Bench.protected({ fencing: { mode: 'Required' } });
      bench.aurora.lose(bench.now);
      bench.aurora.events = [event('RDS-EVENT-0390', EAST, 'orders', T0 + bench.now + told)];
      bench.aurora.begin(WEST, true);
      if (isSeenInFlight) {
        await bench.see(2);
        expect(bench.status.operation).toMatchObject({ trigger: 'External', type: 'Failover' });
      }
      bench.aurora.promote();
      await bench.see(6);
      expect(bench.status.history?.[0]).toMatchObject({ trigger: 'External', type: 'Failover' });
      return bench;
    };

    it.each([true, false])('when it is read (seen in flight: %s), then the writer is published', async (isSeen) => {
      const bench = await elsewhere(isSeen, -5 * SECOND);
      expect(bench.status.splitBrain?.fence).toBe('Succeeded');
      expect(bench.published.at(-1)).toBe(WEST);
    });

    it('when it leaves a writer that somebody had moved just before, then it is read too', async () => {
      const bench = await Bench.protected({ fencing: { mode: 'Required' } });
      bench.aurora.promote();
      await bench.see();
      // The round that shows it for the second time shows that it is being left, too.
      bench.aurora.events = [event('RDS-EVENT-0390', WEST, 'orders', T0 + bench.now - SECOND)];
      bench.aurora.begin(EAST, true);
      await bench.see(2);
      expect(bench.status.history?.[0]).toMatchObject({ trigger: 'External', to: WEST });
      expect(bench.status.operation).toMatchObject({ trigger: 'External', from: WEST, fence: 'Succeeded' });
    });

    it('when it is of long before, then nothing is concluded', async () => {
      const bench = await elsewhere(false, -16 * MINUTE);
      expect(bench.status.splitBrain?.fence).toBe('Unknown');
      expect(bench.condition('EndpointPublished')).toBe('False AwaitingFence');
    });
  });

  it('given a region that never answers, when another one does, then its word counts at once', async () => {
    const bench = await failingOver();
    bench.aurora.events = [event('RDS-EVENT-0390')];
    bench.aurora.hangsEventsIn = EAST;
    await bench.see(2);
    expect(bench.status.operation?.fence).toBe('Succeeded');
  });

  it('given a region that never answers, when another one has nothing to tell at first, then it is asked again', async () => {
    const bench = await failingOver();
    bench.aurora.hangsEventsIn = EAST;
    await bench.see(3);
    expect(bench.status.operation?.fence).toBe('Unknown');
    bench.aurora.events = [event('RDS-EVENT-0390')];
    await bench.see(2);
    expect(bench.status.operation?.fence).toBe('Succeeded');
  });

  it('given a region that refuses its events, when the writer is withheld for want of them, then people hear why, once', async () => {
    const bench = await failingOver();
    bench.aurora.refuseEvents = () => awsError({ ...REFUSED, action: 'DescribeEvents' });
    bench.aurora.promote();
    await bench.see(4);
    expect(bench.condition('Progressing')).toBe('True FenceUnreadable');
    const told = bench.status.conditions?.find(({ type }) => type === 'EndpointPublished');
    expect(told?.message).toMatch(
      /waiting for RDS to confirm.*; cannot call DescribeEvents in us-west-2: AccessDenied/,
    );
    expect(bench.eventReasons().filter((reason) => reason === 'FenceUnreadable')).toHaveLength(1);
    expect(bench.notifications.map(({ kind }) => kind)).toContain('FailoverBlocked');
    // The right is granted, and RDS has something to tell.
    bench.aurora.refuseEvents = () => undefined;
    await bench.see(2);
    expect(bench.condition('Progressing')).toBe('True AwaitingFence');
    bench.aurora.events = [event('RDS-EVENT-0390')];
    await bench.see(4);
    expect(bench.published.at(-1)).toBe(WEST);
  });

  it('given a refusal that lasts beyond the timeout, then what is published says so too', async () => {
    const bench = await failingOver();
    bench.aurora.refuseEvents = () => awsError({ ...REFUSED, action: 'DescribeEvents' });
    bench.aurora.promote();
    await bench.see(2);
    await bench.pass(15 * MINUTE);
    await bench.see(2);
    expect(bench.status.operation).toBeUndefined();
    // Words alone are written with the next refresh.
    await bench.pass(6 * MINUTE);
    await bench.see(2);
    const told = bench.status.conditions?.find(({ type }) => type === 'EndpointPublished');
    expect(told).toMatchObject({ reason: 'AwaitingFence' });
    expect(told?.message).toMatch(/confirm-fenced; cannot call DescribeEvents/);
  });

  it('given many policies that leave a region, when they ask at the same time, then RDS is asked once a region', async () => {
    const reader = new FenceReader();
    const { aurora, clock, status } = await failingOver();
    const dependencies = { gateway: aurora.gateway, clock, enqueue: () => undefined, settings: {} };
    const turns = ['orders', 'invoices'].map((key) => {
      const session = { fenceReads: new Map(), fenceRefusals: new Map() };
      return { key, account: {}, settings: aSettings(), record: recordFrom(status), session, dependencies };
    }) as unknown as PolicyTurn[];
    aurora.events = [event('RDS-EVENT-0390')];
    const before = aurora.eventReads;
    for (const turn of turns) reader.readIfDue(turn);
    await clock.settle();
    expect(aurora.eventReads - before).toBe(2);
    expect(turns.map(({ session }) => session.fence?.state)).toEqual(['Succeeded', 'Succeeded']);
  });

  it('given a switchover, when it is in flight, then nobody asks for a fence', async () => {
    const bench = await Bench.protected();
    bench.annotate({ 'force-failover': WEST });
    await bench.settle();
    await bench.see(3);
    expect(bench.aurora.eventReads).toBe(0);
  });

  it('given no word at the end of a failover, when it comes later, then the old primary counts as fenced', async () => {
    const bench = await Bench.protected();
    bench.aurora.lose(bench.now);
    await bench.see(4);
    bench.aurora.promote();
    await bench.see(4);
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryNotRejoined');
    bench.aurora.events = [event('RDS-EVENT-0390')];
    await bench.see(4);
    expect(bench.condition('SplitBrainRisk')).toBe('True OldPrimaryFenced');
    const reads = bench.aurora.eventReads;
    await bench.see(6);
    expect(bench.aurora.eventReads).toBe(reads);
  });

  it('given no word for a quarter of an hour, when it is over, then nobody asks any more', async () => {
    const bench = await Bench.protected();
    bench.aurora.lose(bench.now);
    await bench.see(4);
    bench.aurora.promote();
    await bench.see(4);
    await bench.pass(15 * MINUTE + SECOND);
    const reads = bench.aurora.eventReads;
    await bench.see(6);
    expect(bench.aurora.eventReads).toBe(reads);
  });
});
