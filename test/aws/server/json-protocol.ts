import { AwsError } from '../world/aws-error.ts';
import type { Input, Output } from '../world/actions/action.ts';

/** The service name in `X-Amz-Target` that CloudWatch goes by. */
export const cloudWatchTarget = 'GraniteServiceVersion20100801';

/** AWS JSON 1.0, as the SDK's CloudWatch client speaks it, in its query-compatible form. */
export function parseJson(target: string, body: string): { action: string; input: Input } {
  const action = target.split('.')[1] ?? '';
  try {
    return { action, input: JSON.parse(body === '' ? '{}' : body) as Input };
  } catch {
    throw new AwsError('SerializationException', 400, 'The body is not JSON.');
  }
}

/** Timestamps are seconds since the epoch. */
export function renderJson(output: Output): string {
  return JSON.stringify(output, function (this: Record<string, unknown>, key: string, value: unknown) {
    const original = this[key];
    return original instanceof Date ? original.getTime() / 1000 : value;
  });
}

/** The error in the body, and its Query code in a header for clients that knew the Query protocol. */
export function renderJsonError(error: AwsError): { body: string; headers: Record<string, string> } {
  return {
    body: JSON.stringify({ __type: `com.amazonaws.cloudwatch#${error.code}`, message: error.message }),
    headers: { 'x-amzn-query-error': `${error.code};${error.type}` },
  };
}
