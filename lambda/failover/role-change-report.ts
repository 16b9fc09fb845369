import type { Round } from '../../operator/failover/observation.ts';
import type { Operation } from '../../operator/failover/operation.ts';
import { defined } from '../../operator/failover/defined.ts';
import {
  buildNotification,
  type NotificationKind,
  type NotifiedOperation,
} from '../../operator/notifications/notification.ts';
import { RoutingMetricPublisher } from '../../operator/publishing/routing-metric.ts';
import type { Session } from '../shared/session.ts';
import type { RoleChangeEnd } from './role-change.ts';

/** Deliveries are waited for this long. */
const DELIVERY_MILLISECONDS = 6_000;

const timeOf = (at: number): string => new Date(at).toISOString();

/** Tells people of a role change, and DNS of the new writer. Nothing waits for it but its end. */
export class RoleChangeReport {
  readonly #session: Session;
  readonly #routingMetric: string;
  readonly #routed: Promise<unknown>[] = [];

  constructor(session: Session, routingMetric: string) {
    this.#session = session;
    this.#routingMetric = routingMetric;
  }

  started(operation: Operation): void {
    const { type, from, to, estimatedDataLossMilliseconds: loss } = operation;
    const cost = type === 'Switchover' ? 'no loss' : `estimated loss ${loss === undefined ? 'unknown' : `${loss} ms`}`;
    this.#notify(`${type}Started`, `${type} from ${from} to ${to} by the failover function: ${cost}`, operation);
  }

  /** Puts the routing metric, which the alarms of the prepared DNS records follow, in every region that answers. */
  promoted(writerRegion: string, round: Round): void {
    const { environment, gateway, clock, log } = this.#session;
    const regions = environment.regions.map(({ name }) => name);
    const facts = {
      globalClusterIdentifier: environment.globalClusterIdentifier,
      regions,
      writerRegion,
      lostRegions: regions.filter(
        (region) =>
          environment.unreachedRegions.has(region) || round.regions[region]?.globalClusters.kind === 'noAnswer',
      ),
    };
    const target = { namespace: environment.metricNamespace, metric: this.#routingMetric };
    const publisher = new RoutingMetricPublisher({
      gateway,
      clock,
      timeoutMilliseconds: environment.timeoutMilliseconds,
    });
    const put = publisher.publish({}, target, facts, {
      onResult: (result) => {
        const level = result.isPut ? 'INFO' : 'WARN';
        log(level, result.isPut ? 'routing metric put' : 'cannot put the routing metric', { ...result });
      },
    });
    this.#routed.push(put);
  }

  /** Tells the end, and waits for everything that was told, for a bounded time. */
  async ended({ operation, outcome, message, round }: RoleChangeEnd): Promise<void> {
    if (operation.attempts > 0 && outcome !== 'InProgress' && outcome !== 'AlreadyPrimary') {
      const { clock } = this.#session;
      const ending = outcome === 'Succeeded' ? 'Completed' : 'Failed';
      const now = clock.now();
      this.#notify(`${operation.type}${ending}`, message, operation, {
        outcome,
        completedAt: timeOf(now),
        ...(outcome === 'Succeeded' ? { recoveryTimeMilliseconds: now - operation.detectedAt } : {}),
      });
      if (outcome === 'Succeeded') {
        // Once more in the end: a put that met trouble at the promotion leaves DNS where it was.
        this.promoted(operation.to, round);
      }
    }
    await Promise.all([this.#session.delivered(DELIVERY_MILLISECONDS), ...this.#routed]);
  }

  #notify(kind: NotificationKind, message: string, operation: Operation, end: Partial<NotifiedOperation> = {}): void {
    const { environment, clock } = this.#session;
    const { id, type, from, to, step, detectedAt, startedAt } = operation;
    const notified: NotifiedOperation = defined({
      id,
      type,
      trigger: 'Function' as const,
      from,
      to,
      step,
      detectedAt: timeOf(detectedAt),
      startedAt: timeOf(startedAt),
      estimatedDataLossMilliseconds: operation.estimatedDataLossMilliseconds,
      worstCaseDataLossMilliseconds: operation.worstCaseDataLossMilliseconds,
      ...end,
    });
    const { globalClusterIdentifier } = environment;
    const detail = { calledFrom: environment.region };
    this.#session.notify(
      buildNotification({ kind, globalClusterIdentifier, time: clock.now(), message, operation: notified, detail }),
    );
  }
}
