import { buildNotification } from '../../operator/notifications/notification.ts';
import { brainSettings } from '../shared/brain-settings.ts';
import { durationVariable, readEnvironment } from '../shared/environment.ts';
import type { LambdaContext } from '../shared/lambda-context.ts';
import { monitorHeartbeatDatum } from '../shared/monitor-metrics.ts';
import { Session } from '../shared/session.ts';
import { findingsOf, type Finding } from './findings.ts';
import { readRegionStates, type RegionState } from './region-state.ts';
import { isRecent, newestTold, readTold, toldData, toldNow, type Told } from './told-states.ts';

/** Left for the metrics after the notifications. */
const METRICS_RESERVE_MILLISECONDS = 5_000;
const LONGEST_DELIVERY_MILLISECONDS = 15_000;

const VARIABLES = { AURORA_DR_LAG_THRESHOLD: durationVariable('1ms', '24h', '500ms') };

/** What an invocation answers: for people who try it, and for tests. */
export interface HealthReport {
  readonly globalCluster: string;
  readonly region: string;
  readonly states: readonly RegionState[];
  readonly findings: readonly Finding[];
}

/** Something of an invocation did not work, and its alarm has to tell: what was seen is in the log and told all the same. */
export class HealthMonitorError extends Error {
  override name = 'HealthMonitorError';
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * A health monitor: one round of observation for each invocation, changes to SNS, states to CloudWatch. It touches the
 * other regions only to observe them: everything it needs for itself is in its own.
 */
export class HealthMonitor {
  /** What this process told last. Only quicker than the metrics, which have it too. */
  #told: Told | undefined;

  /**
   * @throws EnvironmentError when it is not configured
   * @throws HealthMonitorError when a finding was not delivered or a metric not put
   */
  async check(context: LambdaContext, variables: Variables): Promise<HealthReport> {
    const environment = readEnvironment('the health monitor', variables, VARIABLES);
    const threshold = environment.own.AURORA_DR_LAG_THRESHOLD;
    await using session = new Session(environment, variables, context);
    const { clock, gateway } = session;
    const startedAt = clock.now();
    const [round, read] = await Promise.all([
      session.rounds.take(),
      isRecent(this.#told, startedAt)
        ? undefined
        : readTold(gateway, environment, startedAt).catch((error: unknown) => {
            session.log('WARN', 'cannot read what was told before', { error });
            return undefined;
          }),
    ]);
    const earlier = newestTold(this.#told, read, startedAt);
    const states = readRegionStates(round, brainSettings(environment), threshold);
    const findings = findingsOf(states, earlier.states, threshold);
    session.log('INFO', 'health check', { states, findings: findings.length });
    this.#announce(session, findings);
    const problems: string[] = [];
    const patience = context.getRemainingTimeInMillis() - METRICS_RESERVE_MILLISECONDS;
    const isDelivered = await session.delivered(Math.max(0, Math.min(LONGEST_DELIVERY_MILLISECONDS, patience)));
    if (isDelivered) {
      this.#told = toldNow(states, earlier, startedAt);
    } else {
      // Not remembered, so that the next invocation tells it again.
      problems.push('not every finding was delivered');
    }
    await this.#put(session, isDelivered ? this.#told : undefined, startedAt).catch((error: unknown) => {
      session.log('ERROR', 'cannot put the metrics', { error });
      problems.push(`the metrics were not put: ${String(error)}`);
    });
    if (problems.length > 0) {
      throw new HealthMonitorError(`cannot finish the health check: ${problems.join('; ')}; see the log`);
    }
    return { globalCluster: environment.globalClusterIdentifier, region: environment.region, states, findings };
  }

  #announce(session: Session, findings: readonly Finding[]): void {
    const { globalClusterIdentifier, region } = session.environment;
    for (const { kind, isOver, message, detail } of findings) {
      const time = session.clock.now();
      session.notify(
        buildNotification({
          kind,
          globalClusterIdentifier,
          time,
          message,
          isOver,
          detail: { ...detail, seenFrom: region },
        }),
      );
    }
  }

  #put(session: Session, told: Told | undefined, at: number): Promise<void> {
    const { globalClusterIdentifier, metricNamespace, region, timeoutMilliseconds } = session.environment;
    const data = told === undefined ? [] : toldData(told, globalClusterIdentifier, at);
    const metrics = [monitorHeartbeatDatum(globalClusterIdentifier, at), ...data];
    return session.gateway.putMetricData({}, region, { namespace: metricNamespace, metrics }, { timeoutMilliseconds });
  }
}
