import { defined } from '../failover/defined.ts';
import type { Clock } from '../runtime/clock.ts';
import { classify } from './classify.ts';
import { AwsCallError } from './errors.ts';

/** One request to AWS that came to its end; each page of a list is one. */
export interface AwsRequest {
  readonly region: string;
  /** The API's action, for instance `DescribeGlobalClusters`. */
  readonly action: string;
  /**
   * `answered`; `fault` where AWS refused with an error of the API's own, `GlobalClusterNotFoundFault` for instance;
   * otherwise the cause of an attempt that did not end in an answer: `timeout`, `throttled`, `denied`, …
   */
  readonly result: string;
  /** From the moment that nothing of our own held it back any more; absent when it never came so far. */
  readonly durationMilliseconds?: number;
}

export type OnAwsRequest = (request: AwsRequest) => void;

export interface ReportProps {
  readonly clock: Clock;
  readonly region: string;
  readonly action: string;
  readonly onRequest: OnAwsRequest | undefined;
}

/** Runs a request and tells how it ended; `run` says when it begins, after any waiting of its own for a turn. */
export async function reported<T>(props: ReportProps, run: (begin: () => void) => Promise<T>): Promise<T> {
  const { clock, region, action, onRequest } = props;
  let start: number | undefined;
  const tell = (result: string): void => {
    const durationMilliseconds = start === undefined ? undefined : clock.monotonic() - start;
    onRequest?.(defined({ region, action, result, durationMilliseconds }));
  };
  try {
    const answer = await run(() => {
      start = clock.monotonic();
    });
    tell('answered');
    return answer;
  } catch (error) {
    // What never got its turn, for a reason of the caller's own, was no request.
    if (start !== undefined || error instanceof AwsCallError) tell(resultOf(error));
    throw error;
  }
}

function resultOf(error: unknown): string {
  const { classification, code } = error instanceof AwsCallError ? error : classify(error);
  return classification.cause === 'malformed' && code !== undefined ? 'fault' : classification.cause;
}
