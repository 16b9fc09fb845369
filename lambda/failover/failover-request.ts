import * as z from 'zod/mini';

import { isRegionName } from '../../operator/aws/region-name.ts';

/** Which of the two role changes; `auto` lets the signals say. */
export type RequestedType = 'auto' | 'switchover' | 'failover';

/** What a person asks of the failover function. */
export interface FailoverRequest {
  readonly targetRegion: string;
  /** A failover may lose what was not replicated. @default false */
  readonly hasAcceptedDataLoss: boolean;
  /** @default auto */
  readonly type: RequestedType;
  /** Whether to act although an operator is alive, or nobody can tell. @default false */
  readonly isForced: boolean;
}

/** The event is not a request: its message lists everything that is wrong. */
export class InvalidRequestError extends Error {
  override name = 'InvalidRequestError';
}

const EXAMPLE = '{"target_region": "us-west-2", "accept_data_loss": true}';

const flag = (name: string) => z._default(z.boolean({ error: `${name} must be true or false` }), false);

const SCHEMA = z.strictObject(
  {
    target_region: z
      .string({ error: 'target_region is missing: name the region that shall be the writer' })
      .check(z.refine(isRegionName, { error: 'target_region must be the name of an AWS region, such as us-west-2' })),
    accept_data_loss: flag('accept_data_loss'),
    type: z._default(
      z.enum(['auto', 'switchover', 'failover'], { error: 'type must be auto, switchover or failover' }),
      'auto',
    ),
    force: flag('force'),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown: ${issue.keys.join(', ')}`
        : 'the event must be an object with target_region',
  },
);

/**
 * Reads the event that the function is invoked with. Unknown members are refused: a misspelt one must not be taken for
 * consent, nor for its absence.
 *
 * @throws InvalidRequestError
 */
export function readRequest(event: unknown): FailoverRequest {
  const result = SCHEMA.safeParse(event);
  if (!result.success) {
    const problems = result.error.issues.map(({ message }) => message).join('; ');
    throw new InvalidRequestError(`cannot read the request: ${problems}; write it like ${EXAMPLE}`);
  }
  const { target_region: targetRegion, accept_data_loss: hasAcceptedDataLoss, type, force: isForced } = result.data;
  return { targetRegion, hasAcceptedDataLoss, type, isForced };
}
