import { judgeAutomatic } from '../../failover/automatic.ts';
import type { Settings } from '../../failover/settings.ts';
import { defined } from '../../failover/defined.ts';
import { SECOND, type RoundProps } from '../../failover/testing/a-round.ts';
import { aSettings, EAST, signalsNamed } from '../../failover/testing/a-settings.ts';
import { Watch } from '../../failover/testing/watch.ts';
import type { PolicyRecord } from '../policy-record.ts';
import type { StatusQuestion } from '../policy-status.ts';

/** By when a healthy system has votes and a lag sample that is young enough. */
const SETTLED = 180 * SECOND;

export interface QuestionProps extends Partial<Omit<StatusQuestion, 'settings' | 'record'>> {
  readonly settings?: Partial<Settings>;
  readonly record?: Partial<PolicyRecord>;
  /** What the last rounds see; before them all was well. */
  readonly sees?: RoundProps;
  readonly rounds?: number;
  readonly isFresh?: boolean;
}

/** What status is made of, after rounds that saw all well and then what `sees` says. */
export function aQuestion({ sees = {}, rounds = 1, isFresh = false, ...props }: QuestionProps = {}): StatusQuestion {
  const settings = aSettings({ signals: signalsNamed('controlPlane', 'endpoint', 'http'), ...props.settings });
  const record: PolicyRecord = { primaryRegion: EAST, history: [], ...props.record };
  const recorded = defined({ primaryRegion: record.primaryRegion, distrustedRegion: record.splitBrain?.region });
  const watch = new Watch(settings, undefined, recorded);
  if (!isFresh) {
    watch.seeAlike(3, SETTLED - 30 * SECOND, { witness: 200 });
  }
  watch.seeAlike(rounds, SETTLED, { witness: 200, ...sees });
  const now = watch.assessment.round.completedAt;
  const { cooldownUntil } = record;
  return {
    assessment: watch.assessment,
    memory: watch.memory,
    verdict: judgeAutomatic(defined({ assessment: watch.assessment, settings, now, cooldownUntil })),
    publication: { isPublished: true, reason: 'Published', message: 'clients are sent to the writer' },
    previous: [],
    previousStatus: undefined,
    generation: 1,
    now,
    ...props,
    settings,
    record,
  };
}
