import type { PublishedMessage } from './model.ts';

/** SNS topics and what was published to them. */
export class TopicStore {
  private readonly arns = new Set<string>();
  /** Every message, oldest first. */
  readonly messages: PublishedMessage[] = [];

  create(arn: string): void {
    this.arns.add(arn);
  }

  has(arn: string): boolean {
    return this.arns.has(arn);
  }

  get topicArns(): string[] {
    return [...this.arns];
  }
}
