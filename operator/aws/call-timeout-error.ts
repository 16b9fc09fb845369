import { AwsError } from './errors.ts';

/** Nothing came back within a call's timeout. */
export class CallTimeoutError extends AwsError {
  override name = 'TimeoutError';

  constructor(milliseconds: number) {
    super(`no answer within ${milliseconds} ms`);
  }
}
