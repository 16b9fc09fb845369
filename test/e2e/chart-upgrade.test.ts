import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { CHART, Helm } from '../chart/helm.ts';
import { ChartRelease } from './harness/chart-release.ts';
import { forceOtherRegion } from './harness/force-other-region.ts';
import { POLICY } from './harness/policy-scene.ts';
import { Stage } from './harness/stage.ts';

/** The first run builds Helm. */
const TIMEOUT = 600_000;
const CRD = 'disasterrecoverypolicies.aurora-dr.io';
const RELEASED = fileURLToPath(new URL('../chart/released', import.meta.url));

const partsOf = (version: string): number[] => version.split('.').map(Number);
const compare = (one: string, other: string): number =>
  partsOf(one)
    .map((part, index) => part - (partsOf(other)[index] ?? 0))
    .find((difference) => difference !== 0) ?? 0;

const version = (parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as { version: string }).version;
const released = readdirSync(RELEASED)
  .flatMap((file) => /^aurora-dr-operator-(.+)\.tgz$/.exec(file)?.[1] ?? [])
  .toSorted(compare);
const previous = released.at(-1) ?? '';
const previousChart = join(RELEASED, `aurora-dr-operator-${previous}.tgz`);

let stage: Stage;
let helm: Helm;
beforeAll(async () => {
  stage = await Stage.start();
  helm = await Helm.create(stage.plane.kubeconfig);
}, TIMEOUT);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await helm[Symbol.asyncDispose]();
});

describe('a release of the chart', () => {
  test('given the newest released version, then this one is newer', () => {
    expect(compare(version, previous)).toBeGreaterThan(0);
  });

  test(
    'given its previous version at work, when it is upgraded, rolled back, uninstalled and installed again, then policies stay protected and keep what they know',
    () =>
      stage.play({ spec: { failover: { cooldown: '1s' } } }, async (scene) => {
        const { plane } = stage;
        const release = new ChartRelease(plane, helm);
        const values = { logLevel: 'debug' };
        const crd = async (): Promise<{
          metadata: { uid: string; annotations?: Record<string, string>; labels?: Record<string, string> };
        }> => JSON.parse(await plane.kubectl(['get', 'crd', CRD, '-o', 'json'])) as never;
        const chartOfCrd = async (): Promise<string | undefined> => (await crd()).metadata.labels?.['helm.sh/chart'];

        // The CRD is there from kubectl: Helm takes over what a person began with.
        await expect(release.install(values, { chart: previousChart })).rejects.toThrow(/invalid ownership metadata/);
        await helm.run(['uninstall', 'aurora-dr-operator', '--namespace', 'aurora-dr', '--ignore-not-found']);
        await release.install(values, { chart: previousChart, flags: ['--take-ownership', '--force-conflicts'] });
        expect(await release.chartName()).toBe(`aurora-dr-operator-${previous}`);
        const { uid } = (await crd()).metadata;
        const old = await release.start(scene);
        await old.waitForLine('"leading"');
        await scene.applyPolicy();
        await scene.until('Protected', ({ phase }) => phase === 'Protected');
        const to = await forceOtherRegion(scene);
        const { history: [first] = [] } = await scene.untilHistory(1);
        expect(first).toMatchObject({ outcome: 'Succeeded', to });

        await release.upgrade(values);
        expect(await release.chartName()).toBe(`aurora-dr-operator-${version}`);
        expect(await chartOfCrd()).toBe(`aurora-dr-operator-${version}`);
        // As a Deployment does it: the new Pod is ready before the old one ends.
        const young = await release.start(scene);
        await young.waitForLine('another process leads');
        await old.stop();
        await young.waitForLine('"leading"');
        await forceOtherRegion(scene);
        const { history: upgraded = [] } = await scene.untilHistory(2);
        expect(upgraded[1]).toEqual(first);

        await release.rollBack();
        expect(await release.chartName()).toBe(`aurora-dr-operator-${previous}`);
        expect(await chartOfCrd()).toBe(`aurora-dr-operator-${previous}`);
        const again = await release.start(scene);
        await young.stop();
        await again.waitForLine('"leading"');
        await scene.until('Protected', ({ phase }) => phase === 'Protected');
        await forceOtherRegion(scene);
        const { history: rolledBack = [] } = await scene.untilHistory(3);
        expect(rolledBack.slice(1)).toEqual(upgraded);
        await again.stop();

        const published = await scene.published();
        await release.uninstall();
        expect(await release.chartName()).toBe('none');
        await expect(plane.kubectl(['get', 'serviceaccount', '-n', 'aurora-dr', 'aurora-dr-operator'])).rejects.toThrow(
          'not found',
        );
        await expect(plane.kubectl(['get', 'clusterrole', 'aurora-dr-operator'])).rejects.toThrow('not found');
        expect((await crd()).metadata).toMatchObject({ uid, annotations: { 'helm.sh/resource-policy': 'keep' } });
        expect((await scene.status()).history).toEqual(rolledBack);
        expect(await scene.published()).toEqual(published);

        await release.install(values);
        expect((await crd()).metadata.uid).toBe(uid);
        const last = await release.start(scene);
        await last.waitForLine('"leading"');
        await scene.until('Protected', ({ phase }) => phase === 'Protected');
        expect((await scene.status()).history).toEqual(rolledBack);
        await scene.kubectl(['delete', 'drp', POLICY, '--timeout=60s']);
      }),
    TIMEOUT,
  );
});
