import type { DecisionSink } from '../../operator/controllers/decision-recorder.ts';
import type { OperationStatus } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { Decision } from '../../operator/failover/decision.ts';
import { Replay } from '../../operator/failover/replay.ts';
import type { Accuse } from './violation.ts';

/** How far a registration may be from the verdict that it rests on, milliseconds: writes take their time. */
const REGISTRATION_MILLISECONDS = 30_000;
/** Of a file, after which the next one begins: so few that most runs fill several. */
const BYTES_OF_A_FILE = 16_000;

/** What one process wrote down of one policy, in files of bounded size. */
interface Series {
  /** The number of the present file. */
  file: number;
  bytes: number;
}

/** One line or several, and where they are. */
interface Entry {
  readonly text: string;
  readonly series: Series;
  readonly file: number;
}

/** What the operators of one simulation wrote down of their decisions, kept in memory. */
export class DecisionTrail {
  readonly #entries: Entry[] = [];
  readonly #series = new Map<string, Series>();

  /** Where one process writes. */
  sinkOf(process: string): DecisionSink {
    return {
      append: (policy, compose) => {
        const key = `${process} ${policy}`;
        const series = this.#series.get(key) ?? { file: 0, bytes: 0 };
        this.#series.set(key, series);
        const isFull = series.bytes > BYTES_OF_A_FILE;
        if (isFull) Object.assign(series, { file: series.file + 1, bytes: 0 });
        const text = compose(isFull);
        series.bytes += text.length;
        this.#entries.push({ text, series, file: series.file });
      },
    };
  }

  /**
   * Whether everything that was decided is there, and replays to what was decided: all of it, and what is left when the
   * older files are gone.
   */
  check(operations: Iterable<OperationStatus>, accuse: Accuse): void {
    const decisions = decisionsIn(this.#entries);
    checkReplay(decisions, '', accuse);
    const left = this.#entries.filter(({ series, file }) => file === series.file);
    if (left.length < this.#entries.length) checkReplay(decisionsIn(left), 'of the newest files, ', accuse);
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

function checkReplay(decisions: readonly Decision[], where: string, accuse: Accuse): void {
  const replay = new Replay();
  for (const decision of decisions) {
    const replayed = replay.take(decision);
    const why =
      replayed.kind === 'Same'
        ? (replayed.lost ?? 0) > 0 && `${replayed.lost ?? 0} records are lost`
        : JSON.stringify(replayed);
    if (why !== false) accuse('decision-log', `${where}record ${decision.n} of ${decision.by}: ${why}`);
  }
}

const decisionsIn = (entries: readonly Entry[]): readonly Decision[] =>
  entries.flatMap(({ text }) => text.split('\n')).map((line) => JSON.parse(line) as Decision);
