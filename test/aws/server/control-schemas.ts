import { z } from 'zod';

/** What the control API's bodies look like; the types are those of LocalAws. */
export const outage = z.strictObject({ mode: z.enum(['refuse', 'blackhole']).exactOptional() }).default({});

export const lagCurve = z.union([
  z.number().nonnegative(),
  z.strictObject({ kind: z.literal('constant'), milliseconds: z.number() }),
  z.strictObject({ kind: z.literal('growing'), from: z.number(), millisecondsPerSecond: z.number() }),
  z.strictObject({
    kind: z.literal('points'),
    // A point without milliseconds: no sample from here on.
    points: z.array(z.strictObject({ after: z.number(), milliseconds: z.number().exactOptional() })),
  }),
]);

export const milliseconds = z.number().nonnegative();
export const count = z.number().int().positive().exactOptional();

export const faultKind = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['refuse', 'hang', 'garbage', 'accessDenied', 'expiredToken', 'hold']) }),
  z.strictObject({ kind: z.literal('throttle'), code: z.string().exactOptional() }),
  z.strictObject({
    kind: z.literal('serverError'),
    status: z.number().int().exactOptional(),
    code: z.string().exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('error'),
    code: z.string(),
    status: z.number().int(),
    message: z.string().exactOptional(),
  }),
  z.strictObject({ kind: z.enum(['stale', 'delay']), milliseconds }),
  z.strictObject({ kind: z.literal('effectWithoutAnswer'), how: z.enum(['drop', 'hang']) }),
]);

export const plan = z.strictObject({
  globalCluster: z.string().exactOptional(),
  outcome: z.enum(['complete', 'cancelled', 'failed', 'stuck']).exactOptional(),
  stuckIn: z.enum(['pending', 'promoting']).exactOptional(),
  fence: z.enum(['auto', 'succeeded', 'timed-out', 'none']).exactOptional(),
  durations: z
    .strictObject({
      pending: milliseconds.exactOptional(),
      promoting: milliseconds.exactOptional(),
      cancelling: milliseconds.exactOptional(),
      recreating: milliseconds.exactOptional(),
      resynchronizing: milliseconds.exactOptional(),
      snapshotting: milliseconds.exactOptional(),
    })
    .exactOptional(),
});

export const globalClusterOptions = z
  .strictObject({
    identifier: z.string().exactOptional(),
    accountId: z.string().exactOptional(),
    regions: z.array(z.string()).exactOptional(),
    clusterIdentifier: z.union([z.string(), z.record(z.string(), z.string())]).exactOptional(),
    engine: z.string().exactOptional(),
    engineVersion: z.string().exactOptional(),
    instances: z.union([z.number(), z.record(z.string(), z.number())]).exactOptional(),
    lag: lagCurve.exactOptional(),
    age: milliseconds.exactOptional(),
    hasEndpoints: z.boolean().exactOptional(),
  })
  .default({});
