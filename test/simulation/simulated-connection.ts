import { CallTimeoutError } from '../../operator/aws/call-timeout-error.ts';
import { classifyTransportError } from '../../operator/aws/transport-error.ts';
import type { Attempt } from '../../operator/failover/observation.ts';
import type { World } from '../aws/world/world.ts';
import type { CallHooks, Evidence } from './call-hooks.ts';
import type { Network, Served } from './network.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** What a process needs to reach anything that is neither AWS nor an API server. */
export interface ConnectionProps {
  readonly process: SimulatedProcess;
  readonly network: Network;
  readonly world: World;
  readonly hooks: CallHooks;
}

/** One question over a connection of its own. */
export interface Question<T> {
  readonly place: string;
  /** For crashes and the story. */
  readonly what: string;
  readonly timeoutMilliseconds: number;
  readonly serve: () => Served<T>;
  /** @default - nothing is taken down */
  readonly evidence?: (answer: T) => Evidence | undefined;
}

/** Asks; never rejects, and never settles in a process that is dead. */
export function ask<T>(
  { process, network, hooks }: ConnectionProps,
  { place, what, timeoutMilliseconds, serve, evidence }: Question<T>,
): Promise<{ readonly attempt: Attempt; readonly answer?: T }> {
  return new Promise((resolve) => {
    if (!hooks.beforeCall(process, what)) return;
    const fail = (error: Error): void => {
      timer.cancel();
      const attempt = classifyTransportError(error)?.classification;
      resolve({ attempt: attempt ?? { kind: 'local', cause: 'notAttempted', message: error.message } });
    };
    const timer = process.setTimeout(() => fail(new CallTimeoutError(timeoutMilliseconds)), timeoutMilliseconds);
    const sentAt = process.scheduler.time;
    const succeed = (answer: T): void => {
      timer.cancel();
      const found = evidence?.(answer);
      if (found !== undefined) hooks.onEvidence(process, found, sentAt);
      resolve({ attempt: { kind: 'answered' }, answer });
    };
    network.send(process, place, serve, succeed, fail);
  });
}
