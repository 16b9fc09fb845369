import { AwsQueryProtocol } from '@aws-sdk/core/protocols';
import { collectBody } from '@smithy/core/protocols';
import { hasLeanAnswer, readLeanAnswer } from './lean-answers.ts';

type Deserialize = AwsQueryProtocol['deserializeResponse'];
type Parameter<N extends 0 | 1 | 2> = Parameters<Deserialize>[N];

/** The SDK's Query protocol, which reads only what is looked at of the answers that are read all the time. */
export class LeanQueryProtocol extends AwsQueryProtocol {
  override async deserializeResponse<Output extends Awaited<ReturnType<Deserialize>>>(
    operation: Parameter<0>,
    context: Parameter<1>,
    response: Parameter<2>,
  ): Promise<Output> {
    const action = operation.name.split('#').at(-1) ?? '';
    if (response.statusCode === 200 && hasLeanAnswer(action)) {
      const bytes = await collectBody(response.body, context);
      const answer = readLeanAnswer(action, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
      if (answer !== undefined) return { ...answer, $metadata: this.deserializeMetadata(response) } as Output;
      response.body = bytes;
    }
    return super.deserializeResponse(operation, context, response);
  }
}
