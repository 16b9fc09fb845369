import type { Scenario } from '../scenario.ts';
import { floor } from './floor.ts';
import { massFailover } from './mass-failover.ts';
import { reaction } from './reaction.ts';
import { soak } from './soak.ts';
import { start } from './start.ts';
import { steadyState } from './steady-state.ts';
import { takeover } from './takeover.ts';
import { twoLambdas } from './two-lambdas.ts';

/** Every scenario; those of a session run in this order. */
export const scenarios: readonly Scenario[] = [
  steadyState,
  reaction,
  massFailover,
  start,
  takeover,
  floor,
  twoLambdas,
  soak,
];
