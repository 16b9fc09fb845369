import type { Attempt, LocalCause, NoAnswerCause, RejectionCause } from '../observation.ts';

export const ANSWERED: Attempt = { kind: 'answered' };

export const noAnswer = (cause: NoAnswerCause = 'timeout'): Attempt => ({ kind: 'noAnswer', cause, message: cause });
export const rejected = (cause: RejectionCause = 'throttled'): Attempt => ({ kind: 'rejected', cause, message: cause });
export const local = (cause: LocalCause = 'resolver'): Attempt => ({ kind: 'local', cause, message: cause });

export const NO_ANSWER_CAUSES: readonly NoAnswerCause[] = ['refused', 'reset', 'tls', 'timeout', 'serverError'];
export const REJECTION_CAUSES: readonly RejectionCause[] = [
  'throttled',
  'denied',
  'expiredCredentials',
  'malformed',
  'readOnly',
];
export const LOCAL_CAUSES: readonly LocalCause[] = [
  'eventLoopLate',
  'clockJump',
  'resolver',
  'socketLimit',
  'noRoute',
  'rateBudget',
  'credentials',
  'notAttempted',
];
