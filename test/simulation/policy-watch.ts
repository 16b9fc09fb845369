import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import type { MetricDatum } from '../../operator/aws/aws-gateway.ts';
import { keyOf, type KubeObject } from '../../operator/runtime/resource.ts';
import { checkAutomatic } from './check-automatic.ts';
import { checkTruth } from './check-ending.ts';
import { checkLiveness, type Loss } from './check-liveness.ts';
import { OperationChecks, removedRequests } from './check-operations.ts';
import { PlannedChecks } from './check-planned.ts';
import { PublicationChecks } from './check-publication.ts';
import type { UnionChecks } from './check-union.ts';
import type { Ledger } from './ledger.ts';
import { ACCOUNT, type PolicyNames } from './policy-of.ts';
import type { Replicas } from './replicas.ts';
import { troubleEnd, type PolicyProps, type Scenario } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedApiServer } from './simulated-api-server.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Tally } from './statistics.ts';
import type { Accuse } from './violation.ts';
import type { Visibility } from './visibility.ts';
import type { World } from '../aws/world/world.ts';

export interface PolicyWatchProps {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly world: World;
  /** The Kubernetes cluster that the policy is in, by number. */
  readonly site: number;
  readonly server: SimulatedApiServer;
  readonly names: PolicyNames;
  /** The policy as it was first. */
  readonly props: PolicyProps;
  readonly union: UnionChecks;
  readonly ledger: Ledger;
  readonly visibility: Visibility;
  readonly process: (name: string) => SimulatedProcess | undefined;
  readonly branches: Tally;
  readonly accuse: Accuse;
}

export const PERSON = 'person';
/** Of so many seeds one has every status held against the schema, and not only the last. Odd: any kind of seed. */
const CHECKED_SCHEMAS = 17;

/** Follows one policy in one Kubernetes cluster, and holds it against the invariants after every write. */
export class PolicyWatch {
  readonly operations: OperationChecks;
  readonly #planned: PlannedChecks;
  readonly #props: PolicyWatchProps;
  readonly #publication: PublicationChecks;
  #loss: Loss | undefined;
  #createdAt = 0;
  /** When the policy first had a primary on record. */
  #observedAt = 0;

  constructor(props: PolicyWatchProps) {
    this.#props = props;
    this.operations = new OperationChecks(props);
    this.#planned = new PlannedChecks(props.accuse);
    this.#publication = new PublicationChecks(props);
  }

  get site(): number {
    return this.#props.site;
  }

  get union(): UnionChecks {
    return this.#props.union;
  }

  get names(): PolicyNames {
    return this.#props.names;
  }

  get policy(): DisasterRecoveryPolicy | undefined {
    const { server, names } = this.#props;
    return server.find(DISASTER_RECOVERY_POLICY, names.policy) as DisasterRecoveryPolicy | undefined;
  }

  onPublished(object: KubeObject): void {
    if (object.metadata.name === this.names.writer.name) this.#publication.onPublished(object);
  }

  onMetrics(process: SimulatedProcess, metrics: readonly MetricDatum[]): void {
    this.#publication.onMetrics(process, metrics);
  }

  onPolicy(by: string, before: DisasterRecoveryPolicy | undefined, after: DisasterRecoveryPolicy | undefined): void {
    if (before?.status?.primaryRegion === undefined) this.#observedAt = this.#props.scheduler.time;
    if (before === undefined) this.#createdAt = this.#props.scheduler.time;
    if (after === undefined) this.operations.forget();
    if (after === undefined || before === undefined) return;
    if (by === PERSON) {
      if (after.metadata.annotations !== before.metadata.annotations) this.operations.onRequest(before, after);
      return;
    }
    const removed = removedRequests(before, after);
    if (removed.length > 0) this.operations.onAnnotationsRemoved(after, removed);
    if (before.status !== after.status) this.#onStatus(by, before, after);
  }

  /** Called before the region is gone. */
  noteLoss(region: string): void {
    const { world, scheduler, names } = this.#props;
    const globalCluster = world.globalClusters.get(`${ACCOUNT}/${names.globalCluster}`);
    const writer = globalCluster && world.writerOf(globalCluster);
    if (writer?.region !== region || !world.isAlive(region)) return;
    this.#loss = {
      region,
      at: scheduler.time,
      policy: this.policy,
      endedAt: undefined,
      reasons: new Set(),
      isDisturbed: globalCluster?.operation !== undefined,
    };
  }

  endLoss(region: string): void {
    if (this.#loss?.region === region) this.#loss.endedAt ??= this.#props.scheduler.time;
  }

  checkEnding({ crashes, strikes }: Pick<Replicas, 'crashes' | 'strikes'>): void {
    const { scenario, world, server, scheduler, names, props, site, accuse, branches } = this.#props;
    const { policy } = this;
    if (policy === undefined) return;
    const quietSince = scenario.warmUp + troubleEnd(scenario);
    const shared = { scenario, names, props, world, policy, now: scheduler.time, accuse };
    checkTruth({
      ...shared,
      site,
      server,
      createdAt: this.#createdAt,
      observedAt: this.#observedAt,
      quietSince,
      crashes,
    });
    this.operations.checkSchema(policy);
    if (this.#loss !== undefined) {
      checkLiveness({ ...shared, site, strikes, loss: this.#loss, count: (name) => branches.add(name) });
    }
  }

  #onStatus(by: string, before: DisasterRecoveryPolicy, after: DisasterRecoveryPolicy): void {
    const { scenario, ledger, visibility, world, names, union, accuse, site } = this.#props;
    this.#countBranches(before, after);
    ledger.noteStatus(by, keyOf({ metadata: names.policy }));
    this.operations.onStatus(before, after);
    this.#planned.onStatus(before, after);
    this.#publication.onStatus(by, before.status, after.status);
    if (scenario.seed % CHECKED_SCHEMAS === 0) this.operations.checkSchema(after);
    const operation = after.status?.operation;
    if (operation === undefined || operation.id === before.status?.operation?.id) return;
    if (operation.trigger !== 'Automatic') return;
    union.onRegistered(site, operation, before);
    const process = this.#props.process(by);
    if (process !== undefined) {
      const isSharing = scenario.otherPolicies.length > 0;
      checkAutomatic({ operation, policy: before, process, names, isSharing, ledger, visibility, world, accuse });
    }
  }

  #countBranches({ status: was }: DisasterRecoveryPolicy, { status: is }: DisasterRecoveryPolicy): void {
    const { branches } = this.#props;
    for (const { type, status, reason } of is?.conditions ?? []) {
      this.#loss?.reasons.add(reason);
      const known = was?.conditions?.find((condition) => condition.type === type);
      if (known?.reason !== reason || known.status !== status) branches.add(`${type}=${status} ${reason}`);
    }
    const [operation, newest, request] = [is?.operation, is?.history?.[0], is?.lastRequest];
    if (operation !== undefined && operation.step !== was?.operation?.step) branches.add(`step ${operation.step}`);
    if (newest !== undefined && newest.id !== was?.history?.[0]?.id) {
      branches.add(`${newest.trigger} ${newest.type} ${newest.outcome} ${newest.reason ?? ''}`);
    }
    if (request !== undefined && request.observedAt !== was?.lastRequest?.observedAt) {
      branches.add(`request ${request.action} ${request.result} ${request.reason ?? ''}`);
    }
  }
}
