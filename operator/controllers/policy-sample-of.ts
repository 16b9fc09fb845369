import { findCondition, type ConditionType } from '../api/v1alpha1/conditions.ts';
import { defined } from '../failover/defined.ts';
import type { LastDrill } from '../failover/drill.ts';
import type { DrillFigures, PolicySample } from '../observability/policy-metrics.ts';
import type { PolicyTurn } from './policy-turn.ts';
import { recoveryBegan } from './recovery-time.ts';
import { isOpenRescue } from './rescue-record.ts';

function drillFigures({ mode, result, completedAt, lastSucceededAt, ...drill }: LastDrill): DrillFigures {
  const { thereMilliseconds, backMilliseconds } = drill;
  return defined({ mode, result, completedAt, lastSucceededAt, thereMilliseconds, backMilliseconds });
}

/** The policy's gauges: what status says, with the live figures of the last round. */
export function policySampleOf({ policy, record, session, assessment, settings }: PolicyTurn): PolicySample {
  const is = (type: ConditionType): boolean => findCondition(policy.status?.conditions, type)?.status === 'True';
  const lastOperation = record.history.find(({ type }) => type !== 'Simulation');
  const { lastDrill } = record;
  return defined({
    isProtected: policy.status?.phase === 'Protected',
    isFailoverReady: is('FailoverReady'),
    hasSplitBrainRisk: is('SplitBrainRisk'),
    rescueSnapshotsPending: (record.rescueSnapshots ?? []).filter(isOpenRescue).length,
    lag: assessment.regions.flatMap(({ region, role }) => {
      const sample = session.memory.lag[region];
      return role !== 'Secondary' || sample === undefined
        ? []
        : [{ region, lagMilliseconds: sample.lagMilliseconds, sampleTime: sample.periodEnd }];
    }),
    signals: assessment.signals.map(({ name, state }) => ({ name, state })),
    recoveryBegan: recoveryBegan({ record, assessment }),
    recoveryTimeMilliseconds: settings.recoveryTimeMilliseconds,
    operationInFlight: record.operation?.type,
    cooldownUntil: record.cooldownUntil,
    lastDrill: lastDrill === undefined ? undefined : drillFigures(lastDrill),
    estimatedDataLossMilliseconds: (record.operation ?? lastOperation)?.estimatedDataLossMilliseconds,
  });
}
