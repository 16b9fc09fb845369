import { NodeHttpHandler } from '@smithy/node-http-handler';
import { AwsError } from './errors.ts';

/** A request that the HTTP handler could not carry out; the cause says why. */
export class TransportError extends AwsError {
  override name = 'TransportError';

  constructor(cause: unknown) {
    super('cannot exchange a request for an answer', { cause });
  }
}

/**
 * Wraps what goes wrong below HTTP. The SDK hands its own errors through, but makes new ones, without code, out of those
 * of another realm, as a socket's are in tests and sandboxes: a refused connection would no longer look like one.
 */
export class TransportKeepingHandler extends NodeHttpHandler {
  override async handle(...parameters: Parameters<NodeHttpHandler['handle']>): ReturnType<NodeHttpHandler['handle']> {
    try {
      return await super.handle(...parameters);
    } catch (error) {
      throw new TransportError(error);
    }
  }
}
