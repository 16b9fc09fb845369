import type { DisasterRecoveryPolicy } from '../api/v1alpha1/disaster-recovery-policy.ts';
import type { AwsGateway } from '../aws/aws-gateway.ts';
import type { ResourceGuard } from '../crossplane/resource-guard.ts';
import type { Notifier } from '../notifications/notifier.ts';
import type { ObservationService } from '../observation/observation-service.ts';
import type { Logger } from '../observability/logger.ts';
import type { OperatorMetrics } from '../observability/metrics.ts';
import type { RoutingMetricPublisher } from '../publishing/routing-metric.ts';
import type { WriterPublisher } from '../publishing/writer-publisher.ts';
import type { Clock } from '../runtime/clock.ts';
import type { EventRecorder } from '../runtime/event-recorder.ts';
import type { KubeClient } from '../runtime/kube-client.ts';
import type { Random } from '../runtime/random.ts';
import type { ClusterClaims } from './cluster-claims.ts';
import type { DecisionLog } from './decision-log.ts';
import type { RoleChangeLimits } from './role-change-budget.ts';
import type { InstallationSettings } from './settings-of.ts';

/** How the reconciler behaves that no policy says. */
export interface ReconcilerSettings extends InstallationSettings {
  /** Who this process is, in `status.operation.acceptedBy`. */
  readonly identity: string;
  /** Between two observations while an operation is in flight, milliseconds. */
  readonly followIntervalMilliseconds: number;
  /** Bounds one mutating call to AWS, milliseconds. */
  readonly awsCallTimeoutMilliseconds: number;
  /** How fast role changes are asked of AWS. @default - {@link DEFAULT_ROLE_CHANGE_LIMITS} */
  readonly roleChanges?: RoleChangeLimits;
}

/** Everything that the reconciler touches, so that a simulation can stand in for each. */
export interface Dependencies {
  readonly kube: KubeClient;
  /** The watch cache. */
  readonly cached: (key: string) => DisasterRecoveryPolicy | undefined;
  /** Which policy a global cluster is left to. @default - each policy has its own */
  readonly claims?: Pick<ClusterClaims, 'holderOf'>;
  readonly observation: Pick<ObservationService, 'watch' | 'unwatch' | 'look'>;
  readonly gateway: AwsGateway;
  readonly publisher: Pick<WriterPublisher, 'publishWriter' | 'publishFenced'>;
  readonly routing: Pick<RoutingMetricPublisher, 'publish'>;
  /** Crossplane managed resources; absent where there are none to look after. */
  readonly managedResources?: Pick<ResourceGuard, 'tend' | 'forget'>;
  readonly notifier: Pick<Notifier, 'send'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly metrics: Pick<OperatorMetrics, 'observePolicy' | 'removePolicy' | 'countOperation' | 'countDrill'>;
  readonly logger: Logger;
  /** @default - decisions are not taken down */
  readonly decisions?: DecisionLog;
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds for which only this process certainly acts for the policy; infinite without leader election. */
  readonly leaseRemainingMilliseconds: (policy: string) => number;
  /** Asks for another reconcile of the policy. */
  readonly enqueue: (key: string) => void;
  readonly settings: ReconcilerSettings;
}
