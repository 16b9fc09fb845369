import { z } from 'zod';
import { numberIn } from './fleet.ts';

/** What every contestant logs when it decides on a failover by itself. */
const decisionLine = z.object({
  time: z.string(),
  action: z.literal('failover'),
  policy: z.string(),
  round: z.object({ completedAt: z.string() }),
});

/** When each decision was made, and when the round was complete that it rests on: from a contestant's log. */
export class DecisionLines {
  /** Milliseconds since the epoch, by the policy's number; the first of several decisions. */
  readonly completedAt = new Map<number, number>();
  /** The same, of the decision itself. */
  readonly decidedAt = new Map<number, number>();

  take(line: string): void {
    // Cheaper than to parse every line of a log.
    if (!line.includes('"action":"failover"')) return;
    const decision = decisionLine.safeParse(JSON.parse(line));
    if (!decision.success) return;
    const number = numberIn(decision.data.policy);
    if (this.completedAt.has(number)) return;
    this.completedAt.set(number, Date.parse(decision.data.round.completedAt));
    this.decidedAt.set(number, Date.parse(decision.data.time));
  }
}
