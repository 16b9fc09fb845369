import {
  ACCEPT_DATA_LOSS,
  AFFIRMATIVE,
  FORCE_TYPE,
  REQUEST_ANNOTATIONS,
} from '../../operator/api/v1alpha1/annotations.ts';
import type {
  DisasterRecoveryPolicy,
  LastRequest,
  RequestAction,
} from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../operator/api/v1alpha1/group-version.ts';
import type { KubeClient } from '../../operator/runtime/kube-client.ts';
import { isConflict } from '../../operator/runtime/kube-errors.ts';
import { keyOf, type KubeObject } from '../../operator/runtime/resource.ts';
import { PluginError } from '../plugin-error.ts';
import { getPolicy } from './policies.ts';

/** What a person asks the operator for: the annotations, and how the answer will name it. */
export interface Wish {
  readonly action: RequestAction;
  readonly value: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The operator writes the same object: a few conflicts are ordinary. */
const ATTEMPTS = 8;

interface Place {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
}

const pendingOf = ({ metadata }: DisasterRecoveryPolicy): string[] =>
  REQUEST_ANNOTATIONS.filter((name) => metadata.annotations?.[name] !== undefined);

function isAnswerTo({ action, value, annotations }: Wish, last: LastRequest): boolean {
  const asked = [action, value, annotations[FORCE_TYPE] ?? 'Auto', annotations[ACCEPT_DATA_LOSS] === AFFIRMATIVE];
  const answered = [last.action, last.value, last.forceType ?? 'Auto', last.acceptDataLoss ?? false];
  return asked.every((part, index) => part === answered[index]);
}

/** One request, from the annotations to the answer. */
export class Request {
  readonly #place: Place;
  readonly #wish: Wish;
  /** The policy as it was when the request was written. */
  readonly before: DisasterRecoveryPolicy;

  private constructor(place: Place, wish: Wish, before: DisasterRecoveryPolicy) {
    this.#place = place;
    this.#wish = wish;
    this.before = before;
  }

  /**
   * Annotates the policy, unless another request is pending: two at once would be read as one, or in another order.
   *
   * @throws PluginError when another request waits for its answer
   */
  static async write(place: Place, wish: Wish): Promise<Request> {
    const before = await attempt(place, wish.action, async () => {
      const policy = await getPolicy(place.client, place.namespace, place.name);
      const pending = pendingOf(policy);
      if (pending.length > 0) {
        throw new PluginError(
          `cannot ask for ${wish.action}: ${keyOf(policy)} has a request that nobody has answered yet (${pending.join(', ')}); ` +
            `check that the operator runs, or take it back: kubectl annotate drp ${place.name} -n ${place.namespace} ` +
            pending.map((name) => `${name}-`).join(' '),
        );
      }
      await annotate(place, policy, wish.annotations);
      return policy;
    });
    return new Request(place, wish, before);
  }

  /** The operator's answer to this request, if the policy carries it. */
  answerIn({ status }: DisasterRecoveryPolicy): LastRequest | undefined {
    const last = status?.lastRequest;
    const isNew = last?.observedAt !== this.before.status?.lastRequest?.observedAt;
    return isNew && last !== undefined && isAnswerTo(this.#wish, last) ? last : undefined;
  }

  /**
   * Takes the request back unless the operator has answered it. Exact, because the operator records its answer with a
   * precondition too: one of the two writes comes first and makes the other one fail.
   *
   * @returns the answer if there is one by now; undefined when the request is gone without
   */
  async withdraw(): Promise<LastRequest | undefined> {
    const { client, namespace, name } = this.#place;
    return attempt(this.#place, this.#wish.action, async () => {
      const policy = await getPolicy(client, namespace, name);
      const answer = this.answerIn(policy);
      if (answer === undefined && pendingOf(policy).length > 0) {
        const none = Object.fromEntries(Object.keys(this.#wish.annotations).map((key) => [key, null]));
        await annotate(this.#place, policy, none);
      }
      return answer;
    });
  }
}

async function annotate(
  { client, namespace, name }: Place,
  { metadata }: DisasterRecoveryPolicy,
  annotations: Readonly<Record<string, string | null>>,
): Promise<void> {
  const patch = { metadata: { resourceVersion: metadata.resourceVersion, annotations } };
  await client.mergePatch<KubeObject>(DISASTER_RECOVERY_POLICY, { namespace, name }, patch);
}

/** Again after a conflict: somebody else wrote the object between the read and the write. */
async function attempt<T>({ name }: Place, action: string, work: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (count === ATTEMPTS) {
        throw new PluginError(`cannot ask ${name} for ${action}: it changes all the time; try again`, undefined, {
          cause: error,
        });
      }
    }
  }
}
