import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LOG_KEYS } from '../../operator/observability/log-fields.ts';
import { OtlpCollector } from '../../operator/observability/testing/otlp-collector.ts';
import { knownMetrics } from '../observability/known-metrics.ts';
import { filledIn, loadDashboards, queriesOf } from '../observability/dashboards.ts';
import { ensurePromtool } from '../observability/promtool.ts';
import { samplesOf } from '../observability/scrapes.ts';
import { withoutResult } from '../observability/evaluate.ts';
import type { OperatorProcess } from './harness/operator-process.ts';
import { POLICY, type PolicyScene } from './harness/policy-scene.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';

const run = promisify(execFile);
let stage: Stage;
let promtool: string;
let collector: OtlpCollector;
beforeAll(async () => {
  collector = await OtlpCollector.start();
  // Operators inherit it.
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = collector.url;
  promtool = await ensurePromtool();
  stage = await Stage.start();
}, SCENE_TIMEOUT);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  collector.stop();
});

async function scrape(operator: OperatorProcess): Promise<string> {
  const { port } = JSON.parse(await operator.waitForLine('"server":"metrics"')) as { port: number };
  return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

/** A drill, then the loss of a region: scraped at rest, after the drill, while AWS promotes, and when all is over. */
async function playAll(scene: PolicyScene): Promise<string[]> {
  await scene.protect({ notifications: scene.addTopics(), drill: {} });
  const [operator] = scene.operators;
  if (operator === undefined) throw new Error('cannot scrape: no operator was started');
  const scrapes = [await scrape(operator)];
  const rememberedAt = async (): Promise<void> => void scrapes.push(await scrape(operator));

  await scene.ask({ drill: 'Switchover' });
  await scene.until('the drill is over', ({ lastDrill, phase }) => lastDrill !== undefined && phase === 'Protected');
  await rememberedAt();
  scene.aws.nextOperation({ outcome: 'stuck', stuckIn: 'promoting' });
  await scene.aws.loseRegion('us-east-1');
  await scene.until('AWS promotes', ({ operation }) => operation?.step === 'Promoting');
  await rememberedAt();
  await scene.aws.releaseOperation('complete');
  await scene.until('it has failed over', ({ history }) => history?.[0]?.type === 'Failover');
  await scene.letRoundsPass(2);
  await rememberedAt();
  return scrapes;
}

describe('what a Prometheus sees of an operator', () => {
  test(
    'given a drill and a failover, then every metric of the reference is there, well formed, every dashboard shows something, the log has its keys, and a collector the traces',
    () =>
      stage.play({ flags: ['--leader-elect'] }, async (scene) => {
        const scrapes = await playAll(scene);

        const present = new Set(
          scrapes.flatMap((text) => samplesOf(text).map(({ series }) => series.replace(/\{.*/, ''))),
        );
        // Some of Node's own are there only while there is something to count.
        // Those of shards are there where there are several: test/e2e/sharding.test.ts.
        const wanted = [...(await knownMetrics()).keys()].filter(
          (name) => !/^(nodejs|process|aurora_dr_shard)/.test(name),
        );
        const missing = wanted.filter((name) => !present.has(name));
        expect(missing).toEqual([]);

        // Of prom-client's own names some are not as Prometheus would have them.
        const own = scrapes
          .at(-1)
          ?.split('\n')
          .filter((line) => !/^(# \w+ )?(nodejs|process)_/.test(line));
        const checked = run(promtool, ['check', 'metrics']);
        checked.child.stdin?.end(`${own?.join('\n') ?? ''}\n`);
        expect((await checked).stderr).toBe('');

        const keys = new Set(scene.operators.flatMap(({ entries }) => entries.flatMap((entry) => Object.keys(entry))));
        expect([...keys].filter((key) => !(key in LOG_KEYS))).toEqual([]);
        expect(scene.operators.flatMap(({ lines }) => lines).filter((line) => !line.startsWith('{'))).toEqual([]);

        await scene.operators[0]?.stop();
        const { spans } = collector;
        const failover = spans.find(({ name }) => name === 'failover');
        const parts = spans.filter(({ parentSpanId }) => parentSpanId === failover?.spanId).map(({ name }) => name);
        expect(parts).toEqual(['detect', 'promote', 'publish', 'confirm']);
        // The reconcile that called AWS, with the writes around the call.
        const call = spans.find(({ name }) => name === 'FailoverGlobalCluster');
        const reconcile = spans.find(({ spanId }) => spanId === call?.parentSpanId);
        expect(reconcile?.name).toBe('reconcile');
        const around = spans.filter(({ parentSpanId }) => parentSpanId === reconcile?.spanId).map(({ name }) => name);
        expect(around).toContainEqual(expect.stringMatching(/^PUT .*\/disasterrecoverypolicies\/tx\/status$/));

        const queries = loadDashboards()
          .flatMap(queriesOf)
          .map(({ text }) => filledIn(text, { namespace: scene.namespace, policy: POLICY }));
        expect(await withoutResult(promtool, scrapes, queries)).toEqual([]);
      }),
    SCENE_TIMEOUT,
  );
});
