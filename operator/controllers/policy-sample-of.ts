import { findCondition, type ConditionType } from '../api/v1alpha1/conditions.ts';
import type { DisasterRecoveryPolicy, HistoryEntry } from '../api/v1alpha1/disaster-recovery-policy.ts';
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
import { newestRoleChange, recordFrom, type PolicyRecord } from './policy-record.ts';
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
  const entry = newestRoleChange(history);
  if (entry === undefined) {
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

/** What the last round adds to a policy's status. */
type LiveFigures = Pick<PolicySample, 'lag' | 'signals' | 'recoveryBegan'>;

/** The policy's gauges: what status says, with the live figures of the last round. */
export function policySampleOf({ policy, record, session, assessment, settings }: PolicyTurn): PolicySample {
  const live: LiveFigures = defined({
    lag: assessment.regions.flatMap(({ region, role }) => {
      const sample = session.memory.lag[region];
      return role !== 'Secondary' || sample === undefined
        ? []
        : [{ region, lagMilliseconds: sample.lagMilliseconds, sampleTime: sample.periodEnd }];
    }),
    signals: assessment.signals.map(({ name, state }) => ({ name, state })),
    recoveryBegan: recoveryBegan({ record, assessment }),
  });
  return sampleFrom(policy, record, settings, live);
}

/** The gauges of a policy that is not observed, for which nothing is published: what its status says. */
export function unobservedSampleOf(policy: DisasterRecoveryPolicy, settings: Settings): PolicySample {
  const sample = sampleFrom(policy, recordFrom(policy.status), settings, { lag: [], signals: [] });
  return { ...sample, isEndpointPublished: true };
}

function sampleFrom(
  policy: DisasterRecoveryPolicy,
  record: PolicyRecord,
  settings: Settings,
  live: LiveFigures,
): PolicySample {
  const { phase = 'Pending', conditions } = policy.status ?? {};
  const is = (type: ConditionType): boolean => findCondition(conditions, type)?.status === 'True';
  const lastOperation = newestRoleChange(record.history);
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
    ...live,
    operation:
      operation === undefined
        ? undefined
        : { type: operation.type, step: operation.step, startedAt: operation.startedAt },
    lastOperation: lastOperationOf(record.history),
    cooldownUntil: record.cooldownUntil,
    lastDrill: lastDrill === undefined ? undefined : drillFigures(lastDrill),
    estimatedDataLossMilliseconds,
    worstCaseDataLossMilliseconds,
    objectives: objectivesOf(settings),
  });
}
