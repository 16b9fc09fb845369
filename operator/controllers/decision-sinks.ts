import type { Logger } from '../observability/logger.ts';
import type { OperatorMetrics } from '../observability/metrics.ts';
import { BoundedLog } from '../runtime/bounded-log.ts';
import type { DecisionSink } from './decision-recorder.ts';

export interface DecisionFilesProps {
  readonly directory: string;
  /** Of one policy's files together. */
  readonly maximumBytes: number;
  readonly metrics: Pick<OperatorMetrics, 'countDecisionRecords'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** Decisions in files, one bounded series for each policy. Losses are counted, and told when they begin and end. */
export class DecisionFiles implements DecisionSink {
  readonly #log: BoundedLog;
  readonly #props: DecisionFilesProps;
  /** Since the last record that was written. */
  #lost = 0;

  constructor(props: DecisionFilesProps) {
    this.#props = props;
    const { directory, maximumBytes } = props;
    this.#log = new BoundedLog({
      directory,
      maximumBytes,
      listener: {
        onWritten: (_policy, records) => this.#noteWritten(records),
        onLost: (policy, records, error) => this.#noteLost(policy, records, error),
      },
    });
  }

  append(policy: string, compose: (standsAlone: boolean) => string): void {
    this.#log.append(policy, compose);
  }

  /** Resolves when everything taken so far is written or lost. Never rejects. */
  flush(): Promise<void> {
    return this.#log.flush();
  }

  #noteWritten(records: number): void {
    this.#props.metrics.countDecisionRecords('written', records);
    if (this.#lost > 0) {
      this.#props.logger.info({ lost: this.#lost }, 'the decision log is written again');
      this.#lost = 0;
    }
  }

  #noteLost(policy: string, records: number, error: unknown): void {
    const { metrics, logger, directory } = this.#props;
    metrics.countDecisionRecords('lost', records);
    if (this.#lost === 0) {
      logger.warn({ policy, directory, error }, 'records of the decision log are lost; decisions go on');
    }
    this.#lost += records;
  }
}

/**
 * For an operator without a directory: the program's own log gets the records that change a verdict or answer a person,
 * each as a text that can be replayed alone.
 */
export const decisionsInLog = (logger: Pick<Logger, 'info'>): DecisionSink => ({
  append: (policy, compose, isTurningPoint) => {
    if (isTurningPoint) {
      logger.info({ policy, action: 'decide', decision: compose(true) }, 'decision');
    }
  },
});
