import type { LambdaContext } from '../shared/lambda-context.ts';
import type { FailoverAnswer } from './failover-answer.ts';
import { failOver } from './failover.ts';

/** What Lambda calls, with a request such as `{"target_region": "us-west-2", "accept_data_loss": true}`. */
export const handler = (event: unknown, context: LambdaContext): Promise<FailoverAnswer> =>
  failOver(event, context, process.env);
