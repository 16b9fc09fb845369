import type { Operation } from '../../failover/operation.ts';
import { arnOf, T0 } from '../../failover/testing/a-round.ts';
import { EAST, WEST } from '../../failover/testing/a-settings.ts';

/** An automatic failover that AWS was just asked for. */
export const anOperation = (overrides: Partial<Operation> = {}): Operation => ({
  id: 'op-1',
  type: 'Failover',
  trigger: 'Automatic',
  from: EAST,
  to: WEST,
  fromClusterArn: arnOf(EAST),
  targetClusterArn: arnOf(WEST),
  step: 'Requested',
  isDataLossAllowed: true,
  detectedAt: T0,
  startedAt: T0 + 30_000,
  attempts: 1,
  fence: 'Unknown',
  ...overrides,
});
