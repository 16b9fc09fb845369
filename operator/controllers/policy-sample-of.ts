import { findCondition, type ConditionType } from '../api/v1alpha1/conditions.ts';
import type { HistoryEntry } from '../api/v1alpha1/disaster-recovery-policy.ts';
import { defined } from '../failover/defined.ts';
import { detectionWindow } from '../failover/detection-window.ts';
import type { LastDrill } from '../failover/drill.ts';
import type { Settings } from '../failover/settings.ts';
import type {
  DrillFigures,
  LastOperationFigures,
  ObjectiveFigures,
  PolicySample,
} from '../observability/policy-metrics.ts';
import type { PolicyTurn } from './policy-turn.ts';
import { recoveryBegan } from './recovery-time.ts';
import { isOpenRescue } from './rescue-record.ts';

function drillFigures({ mode, result, completedAt, lastSucceededAt, ...drill }: LastDrill): DrillFigures {
  const { thereMilliseconds, backMilliseconds } = drill;
  return defined({ mode, result, completedAt, lastSucceededAt, thereMilliseconds, backMilliseconds });
}

const instant = (timestamp: string | undefined): number | undefined =>
  timestamp === undefined ? undefined : Date.parse(timestamp);

/** The newest role change on record; undefined without one. */
function lastOperationOf(history: readonly HistoryEntry[]): LastOperationFigures | undefined {
  const entry = history.find(({ type }) => type !== 'Simulation');
  if (entry === undefined || entry.type === 'Simulation') {
    return undefined;
  }
  const { type, trigger, outcome, startedAt, completedAt } = entry;
  return defined({
    type,
    trigger,
    outcome,
    detectedAt: instant(entry.detectedAt),
    startedAt: Date.parse(startedAt),
    promotedAt: instant(entry.promotedAt),
    publishedAt: instant(entry.publishedAt),
    completedAt: Date.parse(completedAt),
    recoveryMilliseconds: entry.recoveryTimeMilliseconds,
  });
}

function objectivesOf(settings: Settings): ObjectiveFigures {
  return defined({
    recoveryTimeMilliseconds: settings.recoveryTimeMilliseconds,
    recoveryPointMilliseconds: settings.recoveryPointMilliseconds,
    drillMaximumAgeMilliseconds: settings.drill?.maximumAgeMilliseconds,
    detectionWindowMilliseconds: detectionWindow(settings),
  });
}

/** The policy's gauges: what status says, with the live figures of the last round. */
export function policySampleOf(turn: PolicyTurn): PolicySample {
  const { policy, record, session, assessment } = turn;
  const { phase = 'Pending', conditions } = policy.status ?? {};
  const is = (type: ConditionType): boolean => findCondition(conditions, type)?.status === 'True';
  const lastOperation = record.history.find(({ type }) => type !== 'Simulation');
  const drift = findCondition(conditions, 'ResourceDrift');
  const { lastDrill, operation } = record;
  const { estimatedDataLossMilliseconds, worstCaseDataLossMilliseconds } = operation ?? lastOperation ?? {};
  return defined({
    createdAt: Date.parse(policy.metadata.creationTimestamp),
    phase,
    primaryRegion: record.primaryRegion,
    isReady: is('Ready'),
    failoverReady: {
      isTrue: is('FailoverReady'),
      reason: findCondition(conditions, 'FailoverReady')?.reason ?? 'NotObserved',
    },
    hasSplitBrainRisk: is('SplitBrainRisk'),
    isEndpointPublished: is('EndpointPublished'),
    hasResourceDrift: drift === undefined ? undefined : drift.status === 'True',
    isSuspended: is('Suspended'),
    rescueSnapshotsPending: (record.rescueSnapshots ?? []).filter(isOpenRescue).length,
    lag: assessment.regions.flatMap(({ region, role }) => {
      const sample = session.memory.lag[region];
      return role !== 'Secondary' || sample === undefined
        ? []
        : [{ region, lagMilliseconds: sample.lagMilliseconds, sampleTime: sample.periodEnd }];
    }),
    signals: assessment.signals.map(({ name, state }) => ({ name, state })),
    recoveryBegan: recoveryBegan({ record, assessment }),
    operation:
      operation === undefined
        ? undefined
        : { type: operation.type, step: operation.step, startedAt: operation.startedAt },
    lastOperation: lastOperationOf(record.history),
    cooldownUntil: record.cooldownUntil,
    lastDrill: lastDrill === undefined ? undefined : drillFigures(lastDrill),
    estimatedDataLossMilliseconds,
    worstCaseDataLossMilliseconds,
    objectives: objectivesOf(turn.settings),
  });
}
