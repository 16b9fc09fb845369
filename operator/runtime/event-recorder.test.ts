import { describe, expect, it } from '@jest/globals';

import {
  EventRecorder,
  EVENTS,
  type EventRecorderOptions,
  type EventToRecord,
  type KubeEvent,
} from './event-recorder.ts';
import { apiErrorFrom, KubeConnectionError } from './kube-errors.ts';
import { ManualClock } from './manual-clock.ts';
import { FakeKubeClient } from './testing/fake-kube-client.ts';

interface Setup {
  readonly clock: ManualClock;
  readonly client: FakeKubeClient;
  readonly recorder: EventRecorder;
  readonly dropped: string[];
  readonly stop: AbortController;
  readonly finished: Promise<void>;
  readonly events: () => KubeEvent[];
}

function startRecorder(options: Partial<EventRecorderOptions> = {}): Setup {
  const clock = new ManualClock();
  const client = new FakeKubeClient(clock);
  const dropped: string[] = [];
  let sequence = 0;
  const recorder = new EventRecorder({
    client,
    clock,
    random: () => (sequence = (sequence + 0.1) % 1),
    reportingController: 'example.io/operator',
    reportingInstance: 'pod-1',
    onDrop: (event) => dropped.push(event.reason),
    ...options,
  });
  const stop = new AbortController();
  const finished = recorder.run(stop.signal);
  return { clock, client, recorder, dropped, stop, finished, events: () => client.stored(EVENTS) as KubeEvent[] };
}

function event(reason: string, overrides: Partial<EventToRecord> = {}): EventToRecord {
  return {
    regarding: { apiVersion: 'example.io/v1', kind: 'Thing', metadata: { namespace: 'ns', name: 'thing', uid: 'u' } },
    type: 'Normal',
    reason,
    action: 'Testing',
    note: `note of ${reason}`,
    ...overrides,
  };
}

describe('EventRecorder', () => {
  it('keeps events no longer than they may repeat, and of what they are about only its names', async () => {
    const dropped: EventToRecord[] = [];
    const { clock, client, recorder, stop, finished } = startRecorder({ onDrop: (lost) => dropped.push(lost) });
    for (const reason of ['A', 'B', 'C']) recorder.record(event(reason));
    await clock.advance(4 * 60_000);
    recorder.record(event('A'));
    await clock.advance(3 * 60_000);
    recorder.record(event('D'));
    await clock.settle();
    expect(recorder.kept).toBe(2);
    client.before = () => {
      throw apiErrorFrom('create', 403, { kind: 'Status', reason: 'Forbidden' });
    };
    const { regarding } = event('E');
    const whole = { ...regarding, spec: { text: 'long' }, metadata: { ...regarding.metadata, labels: { a: 'b' } } };
    recorder.record(event('E', { regarding: whole, related: whole }));
    await clock.settle();
    expect(dropped.map(({ regarding: about, related }) => [about, related])).toEqual([[regarding, regarding]]);
    stop.abort();
    await finished;
  });

  it('given an event, when recorded, sends it with everything that the API demands', async () => {
    const { clock, recorder, stop, finished, events } = startRecorder();
    recorder.record(
      event('Started', { related: { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'ns', name: 'svc' } } }),
    );
    await clock.settle();
    const [sent] = events();
    expect(sent).toMatchObject({
      metadata: { namespace: 'ns' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'example.io/operator',
      reportingInstance: 'pod-1',
      action: 'Testing',
      reason: 'Started',
      type: 'Normal',
      note: 'note of Started',
      regarding: { apiVersion: 'example.io/v1', kind: 'Thing', namespace: 'ns', name: 'thing', uid: 'u' },
      related: { apiVersion: 'v1', kind: 'Service', namespace: 'ns', name: 'svc' },
    });
    expect(sent).not.toHaveProperty('series');
    expect(sent?.metadata.name).toMatch(/^thing\.[0-9a-f]+$/);
    stop.abort();
    await finished;
  });

  it('given the same event many times, when within six minutes of each other, keeps one with a count', async () => {
    const { clock, client, recorder, stop, finished, events } = startRecorder();
    for (let repetition = 0; repetition < 50; repetition += 1) {
      recorder.record(event('Repeated'));
      await clock.advance(1_000);
    }
    await clock.advance(20_000);
    expect(events()).toHaveLength(1);
    expect(events()[0]?.series).toEqual({ count: 50, lastObservedTime: '2026-01-01T00:00:49.000000Z' });
    expect(client.count('patch')).toBeLessThanOrEqual(6);

    await clock.advance(7 * 60_000);
    recorder.record(event('Repeated'));
    await clock.settle();
    expect(events()).toHaveLength(2);
    stop.abort();
    await finished;
  });

  it('given different notes, types or objects, when recorded, keeps them apart', async () => {
    const { clock, recorder, stop, finished, events } = startRecorder();
    recorder.record(event('Same'));
    recorder.record(event('Same', { note: 'another' }));
    recorder.record(event('Same', { type: 'Warning' }));
    recorder.record(event('Same', { regarding: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node' } } }));
    await clock.settle();
    expect(events().map(({ metadata }) => metadata.namespace)).toEqual(['ns', 'ns', 'ns', 'default']);
    stop.abort();
    await finished;
  });

  it('given an API server that is away, when it is back, sends what waited and never throws meanwhile', async () => {
    const { clock, client, recorder, dropped, stop, finished, events } = startRecorder();
    client.before = () => Promise.reject(new KubeConnectionError('refused'));
    recorder.record(event('During'));
    recorder.record(event('During'));
    await clock.advance(60_000);
    expect(events()).toEqual([]);
    client.before = () => undefined;
    await clock.advance(60_000);
    expect(events()).toHaveLength(1);
    expect(events()[0]?.series?.count).toBe(2);
    expect(dropped).toEqual([]);
    stop.abort();
    await finished;
  });

  it('given an answer that is lost, when sent again, counts the event once', async () => {
    const { clock, client, recorder, stop, finished, events } = startRecorder();
    client.after = () => {
      client.after = () => undefined;
      throw new KubeConnectionError('reset');
    };
    recorder.record(event('Once'));
    await clock.advance(60_000);
    expect(events()).toHaveLength(1);
    stop.abort();
    await finished;
  });

  it('given an event that the API server refuses, when sent, drops it, says so and goes on', async () => {
    const { clock, client, recorder, dropped, stop, finished, events } = startRecorder();
    client.before = () => {
      client.before = () => undefined;
      throw apiErrorFrom('create', 403, { kind: 'Status', reason: 'Forbidden' });
    };
    recorder.record(event('Refused'));
    recorder.record(event('Accepted'));
    await clock.advance(60_000);
    expect(dropped).toEqual(['Refused']);
    expect(events().map(({ reason }) => reason)).toEqual(['Accepted']);
    stop.abort();
    await finished;
  });

  it('given an API server that stays away, when attempts are used up, drops the event', async () => {
    const { clock, client, recorder, dropped, stop, finished } = startRecorder({ attempts: 3 });
    client.before = () => Promise.reject(new KubeConnectionError('refused'));
    recorder.record(event('Lost'));
    await clock.advance(600_000);
    expect(dropped).toEqual(['Lost']);
    expect(client.calls).toHaveLength(3);
    stop.abort();
    await finished;
  });

  it('given too many events at once, when full, drops new ones; sent ones make room', async () => {
    const { clock, client, recorder, dropped, stop, finished, events } = startRecorder({ capacity: 2 });
    for (const reason of ['A', 'B', 'C']) recorder.record(event(reason));
    expect(dropped).toEqual(['C']);
    await clock.settle();
    for (const reason of ['D', 'E']) recorder.record(event(reason));
    await clock.settle();
    expect(events().map(({ reason }) => reason)).toEqual(['A', 'B', 'D', 'E']);
    expect(recorder.dropped).toBe(1);
    expect(client.count('create')).toBe(4);
    stop.abort();
    await finished;
  });

  it('given a series that expired on the server, when it goes on, is created anew', async () => {
    const { clock, client, recorder, stop, finished, events } = startRecorder();
    recorder.record(event('Again'));
    await clock.settle();
    client.drop(EVENTS, { namespace: 'ns', name: events()[0]!.metadata.name });
    recorder.record(event('Again'));
    await clock.advance(20_000);
    expect(events()).toHaveLength(1);
    expect(events()[0]?.series?.count).toBe(2);
    stop.abort();
    await finished;
  });

  it('given a long note, when sent, is cut to 1 kB between characters', async () => {
    const { clock, recorder, stop, finished, events } = startRecorder();
    recorder.record(event('Long', { note: 'ä€😀'.repeat(500) }));
    await clock.settle();
    const { note } = events()[0]!;
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
    expect(Buffer.byteLength(note)).toBeGreaterThan(1015);
    expect(note).not.toContain('\ufffd');
    expect(note.endsWith('…')).toBe(true);
    stop.abort();
    await finished;
  });

  it('given a shutdown, when events wait, sends them first and drops later ones', async () => {
    const { clock, recorder, dropped, stop, finished, events } = startRecorder();
    recorder.record(event('Repeated'));
    await clock.settle();
    recorder.record(event('Repeated'));
    recorder.record(event('Last'));
    stop.abort();
    await finished;
    expect(events().map(({ reason, series }) => [reason, series?.count])).toEqual([
      ['Repeated', 2],
      ['Last', undefined],
    ]);
    recorder.record(event('TooLate'));
    expect(dropped).toEqual(['TooLate']);
    expect(clock.pendingTimers).toBe(0);
  });
});
