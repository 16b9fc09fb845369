import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { INCIDENTS, playIncident } from './incidents.ts';
import { DatabaseStage } from './scene.ts';
import { readLedger } from './verdict.ts';

/** Bounds for what never ends, not expectations. */
const SET_UP_MILLISECONDS = 300_000;
const INCIDENT_MILLISECONDS = 300_000;

/** The short set: a failover, and a hold. `npm run test:database` plays the others and random ones. */
const SHORT = ['region-loss', 'killed-recovers'];

let stage: DatabaseStage;

beforeAll(async () => {
  stage = await DatabaseStage.start();
}, SET_UP_MILLISECONDS);

afterAll(() => stage[Symbol.asyncDispose](), SET_UP_MILLISECONDS);

it.each(INCIDENTS.filter(({ name }) => SHORT.includes(name)))(
  '$title: what is expected holds, by the data',
  async (incident) => {
    await using scene = await stage.scene(incident.options);
    const { findings, data } = await playIncident(scene, incident).catch((error: unknown) => {
      throw new Error(scene.report(), { cause: error });
    });
    expect(findings.filter(({ hasHeld }) => !hasHeld)).toEqual([]);
    expect(data.acknowledged).toBeGreaterThan(50);
    // The eyes of the verdict are open: a hole that is made in the ledger is seen.
    const { server } = scene.rig.primary;
    await server.query('DELETE FROM payments.entries LIMIT 1');
    expect((await readLedger((sql) => server.query(sql))).broken).not.toEqual([]);
  },
  INCIDENT_MILLISECONDS,
);
