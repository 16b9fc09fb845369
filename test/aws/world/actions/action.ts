import type { Caller } from '../session-store.ts';
import type { World } from '../world.ts';

/** The services that a region's endpoint serves. */
export type Service = 'rds' | 'monitoring' | 'sns' | 'sts';

/** The input of a call, in the names of the service model; lists are arrays. */
export type Input = Readonly<Record<string, unknown>>;

/** The output of a call in the SDK's shape: timestamps are Dates. */
export type Output = Record<string, unknown>;

/** Everything an action may look at. */
export interface ActionContext {
  readonly world: World;
  readonly region: string;
  readonly caller: Caller;
  /** Now. */
  readonly now: number;
  /** The time whose state reads answer: now, or earlier for a stale answer. */
  readonly readAt: number;
}

/** One action of a service. Throws AwsError. */
export type Action = (context: ActionContext, input: Input) => Output;
