import type { Scenario } from '../scenario.ts';
import { reaction } from './reaction.ts';
import { steadyState } from './steady-state.ts';

/** Every scenario; those of a session run in this order. */
export const scenarios: readonly Scenario[] = [steadyState, reaction];
