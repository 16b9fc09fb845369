import type { DecisionSink } from '../../operator/controllers/decision-recorder.ts';
import type { OperationStatus } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { Decision } from '../../operator/failover/decision.ts';
import { Replay } from '../../operator/failover/replay.ts';
import type { Accuse } from './violation.ts';

/** How far a registration may be from the verdict that it rests on, milliseconds: writes take their time. */
const REGISTRATION_MILLISECONDS = 30_000;

/** What the operators of one simulation wrote down of their decisions, kept in memory. */
export class DecisionTrail implements DecisionSink {
  readonly #lines: string[] = [];

  append(_policy: string, compose: (standsAlone: boolean) => string): void {
    this.#lines.push(compose(false));
  }

  /** Whether everything that was decided is there, and replays to what was decided. */
  check(operations: Iterable<OperationStatus>, accuse: Accuse): void {
    const replay = new Replay();
    const decisions = this.#lines.flatMap((text) => text.split('\n')).map((line) => JSON.parse(line) as Decision);
    for (const decision of decisions) {
      const replayed = replay.take(decision);
      const why =
        replayed.kind === 'Same'
          ? (replayed.lost ?? 0) > 0 && `${replayed.lost ?? 0} records are lost`
          : text(replayed);
      if (why !== false) accuse('decision-log', `record ${decision.n} of ${decision.by}: ${why}`);
    }
    for (const { id, trigger, acceptedBy, startedAt } of operations) {
      if (trigger !== 'Automatic') continue;
      const hasReason = decisions.some(
        (decision) =>
          decision.by === acceptedBy &&
          (decision.kind === 'Verdict' || decision.kind === 'Round') &&
          decision.verdict.kind === 'FailOver' &&
          Math.abs(decision.now - Date.parse(startedAt)) <= REGISTRATION_MILLISECONDS,
      );
      if (!hasReason) accuse('decision-log', `no record says why ${id} was started`);
    }
  }
}

const text = (replayed: object): string => JSON.stringify(replayed);
