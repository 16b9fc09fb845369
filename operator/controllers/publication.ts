import { defined } from '../failover/defined.ts';
import { PUT_INTERVAL_MILLISECONDS } from '../publishing/operator-heartbeat.ts';
import type { PublicationState, Writer } from '../publishing/writer.ts';
import { PublishingError } from '../publishing/publishing-error.ts';
import { jitter } from '../runtime/random.ts';
import { referenceOf } from '../runtime/resource.ts';
import { regionSettings } from '../failover/settings.ts';
import { lastKnownAddress } from './last-known-address.ts';
import type { PolicyTurn } from './policy-turn.ts';
import { isRecordOutdated } from './roles.ts';
import { isFenceOutstanding } from './split-brain.ts';
import { timestamp } from './status-codec.ts';

/** A publication that is right is checked again after this long, jittered: somebody may have edited the objects. */
const CHECK_MILLISECONDS = 5 * 60 * 1000;
const RETRY_MILLISECONDS = 2_000;
/** News of the writer that a region did not take, or was not offered, is put again after this long. */
const PUT_RETRY_MILLISECONDS = 10_000;

/** Where clients would find the cluster of `region`; undefined while nobody has said its address. */
function writerOf(turn: PolicyTurn, region: string): Writer | undefined {
  const { policy, assessment, record, settings } = turn;
  const address = lastKnownAddress(policy, assessment, region);
  if (address === undefined) {
    return undefined;
  }
  const configured = regionSettings(settings, region);
  const clusterArn =
    assessment.topology.members[region]?.clusterArn ??
    policy.status?.regions?.find((candidate) => candidate.name === region)?.clusterArn;
  const operation = [record.operation, ...record.history].find(
    (candidate) => candidate?.to === region && candidate.type !== 'Simulation',
  );
  return defined({
    ...address,
    region,
    clusterIdentifier: configured?.clusterIdentifier ?? '',
    clusterArn: clusterArn ?? '',
    globalClusterIdentifier: settings.globalClusterIdentifier,
    operationId: operation?.id,
  });
}

const isSilent = ({ assessment }: PolicyTurn, region: string): boolean =>
  assessment.round.regions[region]?.globalClusters.kind === 'noAnswer';

/**
 * Whether a role change is under way, or may be: clients must not come back to the writer that is being left. While no
 * region tells, AWS may still be at an operation that timed out: nobody has said that it is not.
 */
function isRoleChanging({ record, assessment }: PolicyTurn): boolean {
  const { inFlight, isObserved } = assessment.topology;
  const mayBeLate = record.history[0]?.outcome === 'TimedOut' && !isObserved;
  return record.operation !== undefined || inFlight !== undefined || mayBeLate;
}

/** Puts the writer's address where clients look for it, and takes it away while a role change is under way. */
export class Publication {
  /**
   * Withdraws the old writer's name alongside the call to AWS, which does not wait for it: clients that re-resolve during
   * the promotion must not come back to the old primary.
   */
  withdraw(turn: PolicyTurn, region: string): void {
    const { session, settings, dependencies } = turn;
    const writer = writerOf(turn, region);
    if (settings.fencing === 'None' || !settings.isPublishing || writer === undefined) {
      return;
    }
    session.published = undefined;
    session.publication = { isPublished: false, reason: 'Fenced', message: `the name of ${region} is withdrawn` };
    session.withdrawal = this.#put(turn, 'fenced', writer)
      .then(() => undefined)
      .catch((error: unknown) => {
        dependencies.logger.warn({ policy: turn.key, region, error }, 'cannot withdraw the old writer');
      });
  }

  /**
   * Publishes the writer of `region`. Never rejects: how it went is in the session's report.
   *
   * @returns whether clients are now sent there
   */
  async publish(turn: PolicyTurn, region: string): Promise<boolean> {
    const { session, dependencies } = turn;
    const writer = writerOf(turn, region);
    if (writer === undefined) {
      const message = `the address of the writer in ${region} is not known yet`;
      session.publication = { isPublished: false, reason: 'EndpointUnknown', message };
      return false;
    }
    // A withdrawal that is still under way must not overtake the new address.
    await session.withdrawal;
    session.withdrawal = undefined;
    const key = this.#keyOf(turn, writer);
    try {
      await this.#put(turn, 'published', writer);
      const checkAt = dependencies.clock.monotonic() + jitter(CHECK_MILLISECONDS, 0.2, dependencies.random);
      session.published = { key, checkAt };
      const message = `clients are sent to ${writer.host} in ${region}`;
      session.publication = { isPublished: true, reason: 'Published', message };
      return true;
    } catch (error) {
      const reason = error instanceof PublishingError ? error.reason : 'PublishingFailed';
      const message = error instanceof Error ? error.message : String(error);
      session.publication = { isPublished: false, reason, message };
      session.published = { key, checkAt: dependencies.clock.monotonic() + RETRY_MILLISECONDS };
      dependencies.logger.error({ policy: turn.key, region, error }, 'cannot publish the writer');
      return false;
    }
  }

  /** Keeps the primary published while nothing is in flight: at first, after an edit, after a restart. */
  async keepPublished(turn: PolicyTurn): Promise<void> {
    const { session, settings, record, assessment } = turn;
    if (!settings.isPublishing) {
      session.publication = { isPublished: true, reason: 'NotConfigured', message: 'spec.publish names nothing' };
      return;
    }
    const region = record.primaryRegion;
    const isDoubtful = assessment.topology.dispute !== undefined || isRecordOutdated(turn);
    if (isRoleChanging(turn) || region === undefined || isDoubtful) {
      return;
    }
    if (isFenceOutstanding(turn)) {
      const why = session.fenceRefusal === undefined ? '' : `; ${session.fenceRefusal}`;
      const message = `${region} is the writer, but fencing.mode is Required and the old primary is not known to be fenced: aurora-dr.io/confirm-fenced${why}`;
      session.publication = { isPublished: false, reason: 'AwaitingFence', message };
      return;
    }
    if (!this.#isCurrent(turn, region) && (await this.publish(turn, region))) {
      await this.#record(turn, region);
    }
  }

  /**
   * Puts the routing metric every 60 s and on change, in every region but the lost one; nobody waits for it. The
   * operator's heartbeat goes along, and goes on while there is nothing to say about the writer.
   */
  route(turn: PolicyTurn): void {
    const { policy, session, settings, dependencies } = turn;
    const routing = policy.spec.publish?.routing;
    if (routing === undefined) {
      return;
    }
    const writerRegion = this.#routedRegion(turn);
    const now = dependencies.clock.monotonic();
    const last = session.routing;
    const isNews = writerRegion !== undefined && writerRegion !== last?.key;
    if (last !== undefined && !isNews && now - last.putAt < PUT_INTERVAL_MILLISECONDS) {
      return;
    }
    const put = defined({ key: writerRegion, putAt: now });
    session.routing = put;
    const retrySoon = (): void => {
      if (session.routing === put) {
        session.routing = { ...put, putAt: now - PUT_INTERVAL_MILLISECONDS + PUT_RETRY_MILLISECONDS };
      }
    };
    const regions = settings.regions.map((region) => region.name);
    const lostRegions = regions.filter((region) => isSilent(turn, region));
    if (writerRegion !== undefined && lostRegions.includes(writerRegion)) {
      // One late answer of the new writer's region: it would be told of its role a minute later.
      retrySoon();
    }
    const { globalClusterIdentifier } = settings;
    // What a process says first is what was said before it, as a rule.
    const isChange = isNews && last !== undefined;
    const facts = defined({
      globalClusterIdentifier,
      regions,
      writerRegion,
      hasHeartbeat: true,
      lostRegions,
      isNews: isChange,
    });
    void dependencies.routing.publish(turn.account, routing, facts, {
      onResult: (result) => {
        if (!result.isPut) {
          const { region, error } = result;
          dependencies.logger.warn({ policy: turn.key, region, error }, 'cannot put the routing metric');
          if (isNews) {
            retrySoon();
          }
        }
      },
    });
  }

  /** What `status.published` says of a writer that clients are sent to. */
  publishedChanges(turn: PolicyTurn, region: string): Pick<PolicyTurn['record'], 'published'> {
    const writer = writerOf(turn, region);
    const targets = turn.policy.spec.publish;
    const published = turn.record.published;
    if (writer === undefined) {
      return published === undefined ? {} : { published };
    }
    const same = {
      service: targets?.service?.name,
      configMap: targets?.configMap?.name,
      writerEndpoint: writer.host,
      primaryRegion: region,
    };
    const isSame = Object.entries(same).every(([key, value]) => published?.[key as keyof typeof same] === value);
    return {
      published: defined({ ...same, at: isSame && published !== undefined ? published.at : timestamp(turn.now) }),
    };
  }

  #isCurrent(turn: PolicyTurn, region: string): boolean {
    const { published } = turn.session;
    const writer = writerOf(turn, region);
    return (
      writer !== undefined &&
      published?.key === this.#keyOf(turn, writer) &&
      turn.dependencies.clock.monotonic() < published.checkAt
    );
  }

  async #record(turn: PolicyTurn, region: string): Promise<void> {
    const changes = this.publishedChanges(turn, region);
    if (changes.published !== undefined && changes.published.at !== turn.record.published?.at) {
      await turn.save(changes);
    }
  }

  /**
   * The region that clients may be sent to; undefined while a role change or the word of a fence is awaited, and while
   * the record, which could not be written, names a former writer.
   */
  #routedRegion(turn: PolicyTurn): string | undefined {
    const { operation, primaryRegion } = turn.record;
    const isChanging = operation !== undefined && operation.step !== 'Published';
    return isChanging || isFenceOutstanding(turn) || isRecordOutdated(turn) ? undefined : primaryRegion;
  }

  #keyOf(turn: PolicyTurn, writer: Writer): string {
    return JSON.stringify([writer.host, writer.port, writer.region, turn.policy.spec.publish]);
  }

  async #put(turn: PolicyTurn, state: PublicationState, writer: Writer): Promise<void> {
    const { publisher } = turn.dependencies;
    const { service, configMap } = turn.policy.spec.publish ?? {};
    const { namespace = '', name } = referenceOf(turn.key);
    const targets = defined({ service, configMap });
    await (state === 'published'
      ? publisher.publishWriter({ namespace, name }, targets, writer)
      : publisher.publishFenced({ namespace, name }, targets, writer));
  }
}
