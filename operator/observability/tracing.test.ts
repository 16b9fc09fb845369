import { afterEach, describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.ts';
import { OtlpCollector } from './testing/otlp-collector.ts';
import { noTracing, startTracing, type Tracing } from './tracing.ts';

/** Of the running test alone: what an earlier one gave up may still come to its end. */
let lines: string[] = [];
let counts: [result: string, spans: number][] = [];
const stops: (() => void)[] = [];

/** As the process would have them: the exporter reads the process's own. */
async function start(env: Readonly<Record<string, string>>): Promise<Tracing> {
  for (const [name, value] of Object.entries(env)) {
    process.env[name] = value;
    stops.push(() => void Reflect.deleteProperty(process.env, name));
  }
  const [ownLines, ownCounts] = [lines, counts];
  const logger = createLogger({ level: 'info', destination: { write: (line) => ownLines.push(line) } });
  return startTracing({
    env,
    version: '1.2.3',
    identity: 'pod-1',
    logger,
    onSpans: (result, spans) => ownCounts.push([result, spans]),
  });
}

async function startOtlpCollector(answer?: (done: () => void) => void): Promise<OtlpCollector> {
  const collector = await OtlpCollector.start(answer);
  stops.push(() => collector.stop());
  return collector;
}

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  lines = [];
  counts = [];
});

const finished = { name: 'DescribeDBClusters', start: 1_000, end: 1_250, attributes: { 'cloud.region': 'r' } };

describe('tracing', () => {
  it.each<[string, Record<string, string>]>([
    ['no endpoint', {}],
    ['the SDK disabled', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' }],
    ['no exporter', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_EXPORTER: 'none' }],
  ])('given %s, then it is off', async (_what, env) => {
    expect(await start(env)).toBe(noTracing);
  });

  it('given a collector, then it gets the work with what was recorded in it, and who sent it', async () => {
    const collector = await startOtlpCollector();
    const tracing = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=payments',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    });
    tracing.record({ ...finished, name: 'outside of any work' });
    const answer = await tracing.run('reconcile', { 'aurora_dr.policy': 'a/b', left: undefined }, async () => {
      await Promise.resolve();
      tracing.record(finished);
      return 42;
    });
    await tracing.close();
    expect(answer).toBe(42);
    expect(collector.spans.map(({ name }) => name).toSorted()).toEqual(['DescribeDBClusters', 'reconcile']);
    const work = collector.spans.find(({ name }) => name === 'reconcile');
    const call = collector.spans.find(({ name }) => name === 'DescribeDBClusters');
    expect(call).toMatchObject({ traceId: work?.traceId, parentSpanId: work?.spanId });
    expect(work?.attributes).toEqual([{ key: 'aurora_dr.policy', value: { stringValue: 'a/b' } }]);
    expect(collector.headers[0]).toMatchObject({ 'x-tenant': 'payments' });
    expect(collector.resources[0]).toMatchObject({
      'service.name': 'aurora-dr-operator',
      'service.version': '1.2.3',
      'service.instance.id': 'pod-1',
      'deployment.environment.name': 'test',
    });
    expect(counts).toEqual([['sent', 2]]);
  });

  it('given work side by side, then each keeps its own parts', async () => {
    const collector = await startOtlpCollector();
    const tracing = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    const work = (name: string): Promise<void> =>
      tracing.run(name, {}, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        tracing.record({ ...finished, name: `call of ${name}` });
      });
    await Promise.all([work('one'), work('two')]);
    await tracing.close();
    for (const name of ['one', 'two']) {
      const parent = collector.spans.find((span) => span.name === name);
      const child = collector.spans.find((span) => span.name === `call of ${name}`);
      expect(child?.parentSpanId).toBe(parent?.spanId);
    }
  });

  it('given work that leaves something running, then what that does after its end is no part of it', async () => {
    const collector = await startOtlpCollector();
    const tracing = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    const hasEnded = Promise.withResolvers<undefined>();
    let rest: Promise<void> | undefined;
    await tracing.run('reconcile', {}, () => {
      rest = hasEnded.promise.then(() => tracing.record(finished));
      return Promise.resolve();
    });
    hasEnded.resolve(undefined);
    await rest;
    await tracing.close();
    expect(collector.spans.map(({ name }) => name)).toEqual(['reconcile']);
  });

  it('given work that fails, then it fails, and its span says why without secrets', async () => {
    const collector = await startOtlpCollector();
    const tracing = await start({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces` });
    const failing = tracing.run('reconcile', {}, () => Promise.reject(new Error('refused AKIAABCDEFGHIJKLMNOP')));
    await expect(failing).rejects.toThrow('refused');
    await tracing.close();
    expect(collector.spans[0]?.status).toEqual({ code: 2, message: 'Error: refused [redacted]' });
  });

  it('given something that is over, then it is a trace of its own with its parts', async () => {
    const collector = await startOtlpCollector();
    const tracing = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    const parts = [{ name: 'detect', start: 1_000, end: 2_000, attributes: {} }];
    tracing.tell({ name: 'failover', start: 1_000, end: 9_000, attributes: {}, failure: 'TimedOut' }, parts);
    await tracing.close();
    const [whole, part] = ['failover', 'detect'].map((name) => collector.spans.find((span) => span.name === name));
    expect(part?.parentSpanId).toBe(whole?.spanId);
    expect(whole).toMatchObject({
      startTimeUnixNano: '1000000000',
      endTimeUnixNano: '9000000000',
      status: { code: 2, message: 'TimedOut' },
    });
  });

  it('given a sampler that takes nothing, then nothing is sent and the work is done', async () => {
    const collector = await startOtlpCollector();
    const tracing = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0',
    });
    expect(await tracing.run('reconcile', {}, () => Promise.resolve(1))).toBe(1);
    await tracing.close();
    expect(collector.spans).toEqual([]);
  });

  it('given a collector that never answers, then work goes on, and the end does not wait for it', async () => {
    const collector = await startOtlpCollector(() => undefined);
    const tracing = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    for (let count = 0; count < 5_000; count += 1) {
      expect(await tracing.run('reconcile', {}, () => Promise.resolve(count))).toBe(count);
    }
    await tracing.close();
    expect(counts.every(([result]) => result === 'lost')).toBe(true);
    expect(lines.length).toBeLessThanOrEqual(1);
  }, 60_000);

  it('given no collector at all, then the loss is counted and logged', async () => {
    const collector = await startOtlpCollector();
    const { url } = collector;
    collector.stop();
    const tracing = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
    await tracing.run('reconcile', {}, () => Promise.resolve());
    await tracing.close();
    expect(counts).toEqual([['lost', 1]]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'warn',
      msg: expect.stringContaining('cannot send spans') as unknown,
    });
  }, 30_000);

  it('given an endpoint that is none, then the operator goes on without', async () => {
    const tracing = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'no url at all' });
    expect(await tracing.run('reconcile', {}, () => Promise.resolve(1))).toBe(1);
    await tracing.close();
  });
});
