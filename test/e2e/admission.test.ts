import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findCondition } from '../../operator/api/v1alpha1/conditions.ts';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { POLICY, type PolicyScene } from './harness/policy-scene.ts';
import { Stage } from './harness/stage.ts';

const TIMEOUT = 300_000;
const SECOND = 'tx-again';
const REGIONS = ['us-east-1', 'us-west-2', 'eu-west-1'];
const PRELOAD = pathToFileURL(join(import.meta.dirname, 'harness', 'unknown-names.ts')).href;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
}, TIMEOUT);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

async function second(scene: PolicyScene): Promise<DisasterRecoveryPolicy> {
  return JSON.parse(await scene.kubectl(['get', 'drp', SECOND, '--output=json'])) as DisasterRecoveryPolicy;
}

describe('what no rule of admission can see', () => {
  test.concurrent(
    'given a policy at work, when a second one names its global cluster, then that one says so, answers no, and takes over only when the first is gone',
    () =>
      stage.play({}, async (scene) => {
        await scene.protect();
        const manifest = scene.manifest();
        const again = { ...manifest, metadata: { ...manifest.metadata, name: SECOND } };
        await scene.kubectl(['apply', '-f', '-'], { input: JSON.stringify(again) });
        await scene.kubectl(['wait', 'drp', SECOND, '--for=jsonpath={.status.phase}=Unprotected', '--timeout=60s']);
        const { status } = await second(scene);
        expect(findCondition(status?.conditions, 'Ready')).toMatchObject({
          status: 'False',
          reason: 'GlobalClusterClaimed',
          message: expect.stringContaining(`is left to ${scene.namespace}/${POLICY}, which is older`) as unknown,
        });

        await scene.kubectl(['annotate', 'drp', SECOND, 'aurora-dr.io/force-failover=any']);
        const refused = '--for=jsonpath={.status.lastRequest.annotationsRemoved}=true';
        await scene.kubectl(['wait', 'drp', SECOND, refused, '--timeout=60s']);
        const asked = await second(scene);
        expect(asked.status?.lastRequest).toMatchObject({ result: 'Refused', reason: 'NotReady' });
        expect(asked.metadata.annotations).not.toHaveProperty(['aurora-dr.io/force-failover']);
        expect((await scene.status()).phase).toBe('Protected');
        expect(scene.mutatingCalls).toEqual([]);

        await scene.kubectl(['delete', 'drp', POLICY, '--timeout=60s']);
        await scene.kubectl(['wait', 'drp', SECOND, '--for=jsonpath={.status.phase}=Protected', '--timeout=60s']);
      }),
    TIMEOUT,
  );

  test.concurrent(
    'given a region whose RDS has no name where the operator runs, when a policy names it, then Ready says which and what to do',
    () =>
      stage.play(
        {
          aws: { regions: REGIONS },
          cluster: { regions: REGIONS },
          environment: {
            NODE_OPTIONS: `--import ${PRELOAD}`,
            AWS_ACCESS_KEY_ID: 'test',
            AWS_SECRET_ACCESS_KEY: 'test',
          },
        },
        async (scene) => {
          const endpoints = Object.entries(scene.aws.endpoints).filter(([region]) => region !== 'eu-west-1');
          scene.startOperator(endpoints.flatMap(([region, url]) => ['--aws-endpoint', `${region}=${url}`]));
          await scene.applyPolicy();
          const { conditions } = await scene.untilCondition('Ready', 'NoEndpoint', 'False');
          const told = findCondition(conditions, 'Ready')?.message;
          expect(told).toContain('the operator has no endpoint for eu-west-1: ');
          expect(told).toContain('ENOTFOUND rds.eu-west-1.amazonaws.com');
          expect(told).toContain('give it an endpoint with --aws-endpoint');
          // The others protect each other all the same.
          await scene.untilRegion('us-west-2', ({ promotable }) => promotable);
        },
      ),
    TIMEOUT,
  );
});
