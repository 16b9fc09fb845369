import type { Clock } from '../runtime/clock.ts';
import type { KubeClient } from '../runtime/kube-client.ts';
import { isConflict, isForbidden, isNotFound } from '../runtime/kube-errors.ts';
import type { KubeObject } from '../runtime/resource.ts';
import { driftReportOf, type DriftReport } from './drift-report.ts';
import type { GuardFacts } from './guard-facts.ts';
import { describeResource, readManagedResource, type ManagedResource } from './managed-resource.ts';
import type { ManagedResourceIndex } from './managed-resource-index.ts';
import { decidePause, isMarked, type AnnotationPatch, type PauseWish } from './pause-decision.ts';
import { pauseWishOf } from './pause-wish.ts';
import { judgeRoleDrift, type RoleDrift } from './role-drift.ts';

/** Policies whose resources are written to at the same time: a lost region must not turn into a flood of patches. */
const CONCURRENT_POLICIES = 4;
/** Somebody else writes to the resource as well: each conflict is answered with a new read, this often. */
const ATTEMPTS_PER_RESOURCE = 5;
const SHORTEST_RETRY_MILLISECONDS = 500;
const LONGEST_RETRY_MILLISECONDS = 30_000;

/** What the guard says that it did. */
export interface GuardListener {
  readonly paused: (policy: string, resource: string, operationId: string) => void;
  readonly resumed: (policy: string, resource: string) => void;
  readonly failed: (policy: string, resource: string, error: unknown) => void;
}

export interface ResourceGuardProps {
  readonly kube: Pick<KubeClient, 'get' | 'mergePatch'>;
  readonly index: Pick<ManagedResourceIndex, 'state' | 'freshen' | 'find' | 'note'>;
  readonly clock: Clock;
  /** Whether only this process certainly acts for the policy: nobody else's decision is overwritten. */
  readonly mayWrite: (policy: string) => boolean;
  readonly listener: GuardListener;
}

/** What this process holds in memory about one policy's resources; losing it costs a listing, never a pause. */
interface GuardSession {
  /** The newest: what is still to be written when its turn comes follows it, and not what was wished before. */
  wish: PauseWish | undefined;
  operationId: string | undefined;
  /** Monotonic: only a listing that began after it shows every resource of the operation. */
  since: number;
  /** `operation id/uid` of what was paused: what is unpaused nevertheless, somebody wants unpaused. */
  readonly paused: Set<string>;
  isWorking: boolean;
  notBefore: number;
  failures: number;
  failure: string | undefined;
}

interface Job {
  readonly policy: string;
  readonly session: GuardSession;
  readonly resources: readonly ManagedResource[];
}

const pausedKey = (operationId: string, { uid }: ManagedResource): string => `${operationId}/${uid}`;

/**
 * Keeps Crossplane from undoing role changes: pauses the managed resources of a policy's clusters alongside a role change,
 * keeps them paused while their declared roles are not the observed ones, and resumes what it paused itself. `tend` never
 * waits for anything: reads and writes run behind it, a few at a time, and the next call sees what became of them.
 */
export class ResourceGuard {
  readonly #props: ResourceGuardProps;
  readonly #sessions = new Map<string, GuardSession>();
  readonly #jobs: Job[] = [];
  #working = 0;

  constructor(props: ResourceGuardProps) {
    this.#props = props;
  }

  /**
   * Looks after the managed resources of one policy, as this round's facts demand. Never throws, never waits.
   *
   * @returns what to tell people; undefined while nothing is known yet, and what they were told before stands
   */
  tend(facts: GuardFacts): DriftReport | undefined {
    const { index, clock } = this.#props;
    if (!facts.isEnabled) {
      this.forget(facts.policy);
      return driftReportOf({ facts, listing: index.state, resources: [], drifts: [] });
    }
    const session = this.#sessionOf(facts);
    const resources = index.find(facts);
    const drifts = facts.roles === undefined ? [] : judgeRoleDrift(resources, facts.roles);
    const isHolding = resources.some((resource) => isMarked(resource, facts.policy));
    index.freshen(isHolding, session.since);
    session.wish = pauseWishOf(facts, resources, drifts);
    const due = resources.filter((resource) => this.#decide(resource, facts.policy, session) !== undefined);
    if (due.length > 0 && !session.isWorking && clock.monotonic() >= session.notBefore) {
      this.#start({ policy: facts.policy, session, resources: due });
    }
    return this.#report(facts, session, resources, drifts);
  }

  /** The policy is gone, or wants nothing: its memory goes, its resources stay as they are. */
  forget(policy: string): void {
    const session = this.#sessions.get(policy);
    if (session !== undefined) {
      session.wish = undefined;
      this.#sessions.delete(policy);
    }
  }

  #report(
    facts: GuardFacts,
    { failure }: GuardSession,
    resources: readonly ManagedResource[],
    drifts: readonly RoleDrift[],
  ): DriftReport | undefined {
    const listing = this.#props.index.state;
    if (!listing.isListed && listing.failure === undefined) {
      return undefined;
    }
    return driftReportOf({ facts, listing, resources, drifts, ...(failure === undefined ? {} : { failure }) });
  }

  #sessionOf({ policy, operation }: GuardFacts): GuardSession {
    const session: GuardSession = this.#sessions.get(policy) ?? {
      wish: undefined,
      operationId: undefined,
      since: -Infinity,
      paused: new Set<string>(),
      isWorking: false,
      notBefore: -Infinity,
      failures: 0,
      failure: undefined,
    };
    this.#sessions.set(policy, session);
    if (operation !== undefined && operation.operationId !== session.operationId) {
      session.operationId = operation.operationId;
      session.since = this.#props.clock.monotonic();
      session.notBefore = -Infinity;
      session.paused.clear();
    }
    return session;
  }

  #decide(resource: ManagedResource, policy: string, session: GuardSession): AnnotationPatch | undefined {
    const { wish } = session;
    if (wish === undefined) {
      return undefined;
    }
    const wasPaused = wish.kind === 'Hold' && session.paused.has(pausedKey(wish.operationId, resource));
    // Whoever removed every trace of a pause that this process knows it made wants the resource reconciled.
    return wasPaused && !isMarked(resource, policy) ? undefined : decidePause(resource, policy, wish);
  }

  #start(job: Job): void {
    job.session.isWorking = true;
    this.#jobs.push(job);
    this.#work();
  }

  #work(): void {
    while (this.#working < CONCURRENT_POLICIES) {
      const job = this.#jobs.shift();
      if (job === undefined) {
        return;
      }
      this.#working += 1;
      void this.#run(job).finally(() => {
        this.#working -= 1;
        this.#work();
      });
    }
  }

  /** Never rejects: what failed is tried again by a later round. */
  async #run({ policy, session, resources }: Job): Promise<void> {
    let failure: string | undefined;
    for (const resource of resources) {
      try {
        await this.#settle(resource, policy, session);
      } catch (error) {
        failure ??= this.#explain(resource, session, error);
        this.#props.listener.failed(policy, describeResource(resource), error);
      }
    }
    session.failure = failure;
    session.failures = failure === undefined ? 0 : session.failures + 1;
    const delay = Math.min(LONGEST_RETRY_MILLISECONDS, SHORTEST_RETRY_MILLISECONDS * 2 ** (session.failures - 1));
    session.notBefore = failure === undefined ? -Infinity : this.#props.clock.monotonic() + delay;
    session.isWorking = false;
  }

  #explain(resource: ManagedResource, { wish }: GuardSession, error: unknown): string {
    const what = wish?.kind === 'Release' ? 'resume' : 'pause';
    const message = error instanceof Error ? error.message : String(error);
    const advice = isForbidden(error) ? 'grant get and patch' : 'it is tried again';
    return `cannot ${what} ${describeResource(resource)}: ${message}; ${advice}`;
  }

  async #settle(resource: ManagedResource, policy: string, session: GuardSession): Promise<void> {
    let known: ManagedResource | undefined = resource;
    for (let attempt = 1; known !== undefined && this.#props.mayWrite(policy); attempt += 1) {
      const { wish } = session;
      const patch = this.#decide(known, policy, session);
      if (wish === undefined || patch === undefined) {
        return;
      }
      try {
        await this.#patch(known, patch);
        this.#tell(known, policy, session, wish);
        return;
      } catch (error) {
        known = await this.#afterFailure(known, wish, attempt, error);
      }
    }
  }

  /** What is left to be settled: the newest version after a conflict, nothing of what is gone. */
  async #afterFailure(
    resource: ManagedResource,
    wish: PauseWish,
    attempt: number,
    error: unknown,
  ): Promise<ManagedResource | undefined> {
    if (isNotFound(error)) {
      this.#props.index.note(resource, undefined);
      return undefined;
    }
    if (!isConflict(error) || attempt >= ATTEMPTS_PER_RESOURCE) {
      throw error;
    }
    const newest = await this.#read(resource);
    // What is to be resumed was judged by its spec, which may be another one by now: the next round judges again.
    return wish.kind === 'Release' ? undefined : newest;
  }

  /** One write, on the very version that the decision was made on. */
  async #patch(resource: ManagedResource, annotations: AnnotationPatch): Promise<void> {
    const { type, namespace, name, resourceVersion } = resource;
    const written = await this.#props.kube.mergePatch<KubeObject>(
      type,
      { namespace, name },
      { metadata: { resourceVersion, annotations } },
    );
    this.#props.index.note(resource, readManagedResource(type, written));
  }

  async #read(resource: ManagedResource): Promise<ManagedResource | undefined> {
    const { type, namespace, name } = resource;
    try {
      const newest = readManagedResource(type, await this.#props.kube.get<KubeObject>(type, { namespace, name }));
      this.#props.index.note(resource, newest);
      return newest;
    } catch (error) {
      if (!isNotFound(error)) {
        throw error;
      }
      this.#props.index.note(resource, undefined);
      return undefined;
    }
  }

  #tell(resource: ManagedResource, policy: string, session: GuardSession, wish: PauseWish): void {
    const { listener } = this.#props;
    if (wish.kind === 'Release') {
      listener.resumed(policy, describeResource(resource));
    } else {
      const operationId = wish.kind === 'Hold' ? wish.operationId : (resource.pausedFor ?? '');
      session.paused.add(pausedKey(operationId, resource));
      listener.paused(policy, describeResource(resource), operationId);
    }
  }
}
