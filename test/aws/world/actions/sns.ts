import { parseArn, topicArn } from '../arn.ts';
import { AwsError } from '../aws-error.ts';
import type { Action, Input } from './action.ts';
import { optionalString, optionalStructure, requiredString, structures } from './input.ts';

/** The limit of a message, in bytes. */
const messageLimit = 256 * 1024;

export const createTopic: Action = ({ world, caller, region }, input) => {
  const arn = topicArn(region, caller.accountId, requiredString(input, 'Name'));
  world.topics.create(arn);
  return { TopicArn: arn };
};

export const publish: Action = ({ world, region, now }, input) => {
  const arn = optionalString(input, 'TopicArn') ?? optionalString(input, 'TargetArn') ?? '';
  const message = optionalString(input, 'Message');
  const subject = optionalString(input, 'Subject');
  if (message === undefined || Buffer.byteLength(message) > messageLimit) {
    throw invalidParameter(message === undefined ? 'Empty message' : 'Message too long');
  }
  if (subject !== undefined && !isValidSubject(subject)) {
    throw invalidParameter('Subject');
  }
  if (parseArn(arn)?.service !== 'sns') {
    throw invalidParameter('TopicArn or TargetArn Reason: no value for required parameter');
  }
  // Another region's topic cannot be published to from here.
  if (parseArn(arn)?.region !== region) {
    throw invalidParameter('TopicArn');
  }
  if (!world.topics.has(arn)) {
    throw new AwsError('NotFound', 404, 'Topic does not exist');
  }
  const number = world.nextNumber().toString(16).padStart(12, '0');
  const messageId = `00000000-0000-4000-8000-${number}`;
  world.topics.messages.push({
    messageId,
    topicArn: arn,
    region,
    at: now,
    subject,
    message,
    attributes: attributesOf(input),
  });
  return { MessageId: messageId };
};

/** Up to 100 characters of printable ASCII, as the SNS API reference asks. */
function isValidSubject(subject: string): boolean {
  return /^[\x20-\x7e]{1,100}$/.test(subject);
}

/** MessageAttributes: entries with Name and Value in the Query protocol, a map from simulations. */
function attributesOf(input: Input): Record<string, string> {
  const entries = structures(input, 'MessageAttributes').map((entry): [string, Input] => [
    requiredString(entry, 'Name'),
    optionalStructure(entry, 'Value') ?? {},
  ]);
  const map = Object.entries(optionalStructure(input, 'MessageAttributes') ?? {}) as [string, Input][];
  return Object.fromEntries(
    [...entries, ...map].map(([name, value]) => [name, optionalString(value, 'StringValue') ?? '']),
  );
}

function invalidParameter(reason: string): AwsError {
  return new AwsError('InvalidParameter', 400, `Invalid parameter: ${reason}`);
}
