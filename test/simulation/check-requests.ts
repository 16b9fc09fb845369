import {
  ACCEPT_DATA_LOSS,
  ACKNOWLEDGE,
  CONFIRM_FENCED,
  DRILL,
  FAILBACK,
  FORCE_FAILOVER,
  FORCE_TYPE,
} from '../../operator/api/v1alpha1/annotations.ts';
import type { DisasterRecoveryPolicy, LastRequest } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { Accuse } from './violation.ts';

/** What a person asks for by annotations that belong together. */
interface Request {
  readonly action: string;
  readonly value: string;
  /** The annotations without which it is not there any more. */
  readonly keys: readonly string[];
  /** What else counts: with other words it is another request. */
  readonly terms: string;
}

interface OpenRequest extends Request {
  /** It says what the operator has answered and is still at: it may be taken for that one, and go with it. */
  readonly isRepeated: boolean;
}

const ACTIONS: readonly (readonly [string, string])[] = [
  [FAILBACK, 'failback'],
  [CONFIRM_FENCED, 'confirm-fenced'],
  [ACKNOWLEDGE, 'acknowledge'],
  [DRILL, 'drill'],
];

const termsOf = (forceType = 'Auto', hasAccepted = false): string => `${forceType.trim()} ${hasAccepted}`;

function requestsIn(policy: DisasterRecoveryPolicy | undefined): readonly Request[] {
  const annotations = policy?.metadata.annotations ?? {};
  const valueOf = (key: string): string | undefined => annotations[key]?.trim();
  const requests: Request[] = ACTIONS.flatMap(([key, action]) => {
    const value = valueOf(key);
    return value === undefined ? [] : [{ action, value, keys: [key], terms: '' }];
  });
  const force = valueOf(FORCE_FAILOVER);
  if (force !== undefined) {
    const terms = termsOf(valueOf(FORCE_TYPE), valueOf(ACCEPT_DATA_LOSS) === 'true');
    return [{ action: 'force-failover', value: force, keys: [FORCE_FAILOVER], terms }, ...requests];
  }
  const stray = [ACCEPT_DATA_LOSS, FORCE_TYPE].find((key) => valueOf(key) !== undefined);
  if (stray === undefined) return requests;
  return [...requests, { action: 'accept-data-loss', value: valueOf(stray) ?? '', keys: [stray], terms: '' }];
}

const isSame = (one: Request, other: Request): boolean =>
  one.action === other.action && one.value === other.value && one.terms === other.terms;

function requestOf({ action, value = '', forceType, acceptDataLoss }: LastRequest): Request {
  return { action, value, keys: [], terms: action === 'force-failover' ? termsOf(forceType, acceptDataLoss) : '' };
}

/** Follows what people ask for by annotation: each request is answered once, whatever was answered before. */
export class RequestChecks {
  readonly #accuse: Accuse;
  /** Asked for and not answered; of each action one at most, as annotations have it. */
  #open: readonly OpenRequest[] = [];

  constructor(accuse: Accuse) {
    this.#accuse = accuse;
  }

  /** A person has written annotations. What they replace or take back nobody asks for any more. */
  onAsked(before: DisasterRecoveryPolicy | undefined, after: DisasterRecoveryPolicy): void {
    const was = requestsIn(before);
    const is = requestsIn(after);
    const asked = is.filter((request) => !was.some((known) => isSame(known, request)));
    this.#open = [
      ...this.#open.filter((known) => is.some((request) => isSame(known, request))),
      ...asked.map((request) => ({ ...request, isRepeated: isUnderway(after, request) })),
    ];
  }

  /** A policy's status went from one to the other by an operator's write. */
  onStatus({ status: was }: DisasterRecoveryPolicy, { status: is }: DisasterRecoveryPolicy): void {
    const answer = is?.lastRequest;
    if (answer === undefined || wordsOf(answer) === wordsOf(was?.lastRequest)) return;
    const { action, value = '', result, reason, message } = answer;
    const request = requestOf(answer);
    const open = this.#open.find((known) => isSame(known, request));
    if (open === undefined) {
      this.#accuse('forced-request', `${action}=${value} was ${result} (${reason ?? ''}), and nobody asks for it`);
    }
    if (result === 'Refused' && (reason === undefined || message === undefined)) {
      this.#accuse('forced-request', `${action}=${value} was refused without a reason`);
    }
    this.#open = this.#open.filter((known) => known !== open);
  }

  /** An operator's write took annotations away: only once the answer to just this request is on record. */
  onRemoved(after: DisasterRecoveryPolicy, removed: readonly string[]): void {
    const gone = this.#open.filter(({ keys }) => keys.some((key) => removed.includes(key)));
    const silent = gone.find(({ isRepeated }) => !isRepeated);
    if (silent !== undefined) {
      this.#accuse('forced-request', `${silent.action}=${silent.value} went without an answer on record`);
    }
    const is = requestsIn(after);
    this.#open = this.#open.filter((known) => is.some((request) => isSame(known, request)));
  }

  /** The policy itself is gone, with everything that was asked of it. */
  forget(): void {
    this.#open = [];
  }
}

/** What tells one answer from another; that its annotations are gone by now does not. */
const wordsOf = (answer: LastRequest | undefined): string =>
  JSON.stringify({ ...answer, annotationsRemoved: undefined });

/**
 * Whether the operator is still at a request of the same words: until its operation has left the first step, or until the
 * removal of its annotations is on record, nobody can tell one that is made again from one that is still there.
 */
function isUnderway({ status }: DisasterRecoveryPolicy, request: Request): boolean {
  const { lastRequest: last, operation } = status ?? {};
  if (last === undefined || !isSame(requestOf(last), request)) return false;
  return last.operationId === undefined
    ? last.annotationsRemoved === false
    : operation?.id === last.operationId && operation.step === 'Accepted';
}
