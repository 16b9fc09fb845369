import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findCondition } from '../../operator/api/v1alpha1/conditions.ts';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { PolicyScene } from './harness/policy-scene.ts';
import { SCENE_TIMEOUT, Stage } from './harness/stage.ts';

const POLICIES = 24;
/** `--role-changes-per-second` and `--role-changes-burst`. */
const PER_SECOND = 1;
const BURST = 1;
const FAILOVER = 'FailoverGlobalCluster';
const POLL_MILLISECONDS = 250;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
}, SCENE_TIMEOUT);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

const nameOf = (index: number): string => `db-${String(index).padStart(2, '0')}`;
/** All different, in no order. */
const priorityOf = (index: number): number => (index * 7) % POLICIES;

/** Policies of global clusters of their own, all with their writer in us-east-1, as one `kubectl apply`. */
async function applyMany(scene: PolicyScene): Promise<void> {
  const { aws } = scene;
  const items = [];
  for (let index = 0; index < POLICIES; index += 1) {
    const name = nameOf(index);
    if (index > 0) await aws.addGlobalCluster({ identifier: name, clusterIdentifier: name });
    const { metadata, ...manifest } = scene.manifest({
      globalClusterIdentifier: name,
      regions: ['us-east-1', 'us-west-2'].map((region) => ({ name: region, clusterIdentifier: name })),
      detection: scene.detection({
        interval: '2s',
        timeout: '1800ms',
        signals: { controlPlane: {}, endpoint: {}, http: { url: aws.witnessUrl(name) } },
      }),
      failover: { priority: priorityOf(index) },
      publish: { configMap: { name: `${name}-writer` } },
    });
    items.push({ ...manifest, metadata: { ...metadata, name } });
  }
  await scene.kubectl(['apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
}

async function untilAll(
  scene: PolicyScene,
  what: string,
  isWanted: (policy: DisasterRecoveryPolicy) => boolean,
): Promise<readonly DisasterRecoveryPolicy[]> {
  const deadline = performance.now() + 180_000;
  for (;;) {
    const list = JSON.parse(await scene.kubectl(['get', 'drp', '-o', 'json'])) as { items: DisasterRecoveryPolicy[] };
    const missing = list.items.filter((policy) => !isWanted(policy));
    if (list.items.length === POLICIES && missing.length === 0) return list.items;
    if (performance.now() > deadline) {
      const states = missing.map(({ metadata, status }) => `${metadata.name} ${status?.phase ?? ''}`);
      throw new Error(`not of all policies: ${what}: ${states.join(', ')}`);
    }
    await delay(POLL_MILLISECONDS);
  }
}

const isAwaitingTurn = ({ status }: DisasterRecoveryPolicy): boolean =>
  findCondition(status?.conditions, 'Progressing')?.reason === 'AwaitingTurn';
const isCalled = ({ status }: DisasterRecoveryPolicy): boolean =>
  status?.operation !== undefined || (status?.history ?? []).length > 0;

describe('a region that many policies lose at once', () => {
  test(
    'given a rate that they exhaust, then each is failed over, once, at that rate, the higher priority first, and nothing is on record of those that wait',
    () =>
      stage.play(
        {
          cluster: { identifier: nameOf(0), clusterIdentifier: nameOf(0) },
          flags: ['--role-changes-per-second', `${PER_SECOND}`, '--role-changes-burst', `${BURST}`],
        },
        async (scene) => {
          const { aws } = scene;
          await applyMany(scene);
          const operator = scene.startOperator();
          await untilAll(scene, 'Protected', ({ status }) => status?.phase === 'Protected');
          const calls = (): ReturnType<typeof aws.callsOf> => aws.callsOf({ action: FAILOVER });

          await aws.loseRegion('us-east-1');
          const confirmed = await untilAll(
            scene,
            'called or waiting',
            (policy) => isCalled(policy) || isAwaitingTurn(policy),
          );
          const known = calls().length;
          const waiting = confirmed.filter((policy) => !isCalled(policy));
          // Three rounds confirm a loss; in that time a few have had their turns.
          expect(waiting.length).toBeGreaterThan(POLICIES / 3);
          for (const { status } of waiting) {
            expect(status).toMatchObject({ phase: 'Suspect', incident: { reason: 'AwaitingTurn' } });
            expect(status?.operation).toBeUndefined();
          }
          expect(await operator.metric('aurora_dr_role_changes_waiting', { region: 'us-west-2' })).toBeGreaterThan(0);

          const ended = await untilAll(
            scene,
            'failed over',
            ({ status }) => status?.history?.[0]?.outcome === 'Succeeded',
          );
          expect(calls().map(({ region, result }) => `${region} ${result}`)).toEqual(
            Array.from({ length: POLICIES }, () => 'us-west-2 ok'),
          );
          const names = calls().map(({ input }) => String(input['GlobalClusterIdentifier']));
          expect(names.toSorted()).toEqual(Array.from({ length: POLICIES }, (_, index) => nameOf(index)));
          // Two more of those that were called may have been on their way as the others were looked at.
          const late = names.slice(known + 2).map((name) => priorityOf(Number(name.slice('db-'.length))));
          expect(late.length).toBeGreaterThan(3);
          expect(late).toEqual(late.toSorted((a, b) => b - a));
          for (const [index, { at }] of calls().entries()) {
            const first = calls()[0]?.at ?? 0;
            // Two calls may come closer to each other on their way than they left.
            expect(index + 1).toBeLessThanOrEqual(BURST + ((at - first) / 1_000) * PER_SECOND + 1);
          }
          for (const { status } of ended) {
            expect(status).toMatchObject({ primaryRegion: 'us-west-2', published: { primaryRegion: 'us-west-2' } });
            expect(status?.history).toHaveLength(1);
          }
          expect(await operator.metric('aurora_dr_role_changes_waiting')).toBe(0);
          expect(operator.lines.filter((line) => line.includes('role changes wait for their turns'))).toHaveLength(1);
        },
      ),
    SCENE_TIMEOUT,
  );
});
