import { AwsError } from './aws-error.ts';
import type { Input, Output, Service } from './actions/action.ts';
import { actions } from './actions/registry.ts';
import type { FaultKind } from './fault-board.ts';
import { expiredToken } from './session-store.ts';
import type { Caller } from './session-store.ts';
import type { World } from './world.ts';

/** A call that reaches a region. */
export interface AwsCall {
  readonly region: string;
  readonly service: Service;
  readonly action: string;
  readonly input: Input;
  readonly accessKeyId?: string | undefined;
  readonly sessionToken?: string | undefined;
}

/** When the caller gets it. */
interface Lateness {
  readonly delayMilliseconds: number;
  /** Not before this. */
  readonly released?: Promise<undefined> | undefined;
}

/** What the caller gets. `drop`: the connection ends without an answer; `hang`: nothing, ever. */
export type Answer =
  | ({ readonly kind: 'output'; readonly output: Output } & Lateness)
  | ({ readonly kind: 'error'; readonly error: AwsError } & Lateness)
  | { readonly kind: 'garbage' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'hang' };

/** Carries out one call, faults included, and logs it. The whole AWS as one function: what HTTP serves and a simulation calls. */
export function answer(world: World, call: AwsCall): Answer {
  const now = world.settle();
  let caller: Caller | undefined;
  const log = (result: string, fault: FaultKind | undefined, isCarriedOut: boolean): void => {
    if (!world.settings.isLoggingCalls) return;
    const { region, service, action, input, accessKeyId } = call;
    const accountId = caller?.accountId;
    const becameOf = { accountId, accessKeyId, result, fault: fault?.kind, isCarriedOut };
    world.calls.record({ at: now, region, service, action, input, ...becameOf });
  };
  if (!world.isReachable(call.region)) {
    log('no-answer', undefined, false);
    return { kind: 'drop' };
  }
  const fault = world.faults.take(call.region, call.service, call.action);
  const refused = fault && refuse(fault, call.service);
  if (refused !== undefined) {
    log(refused.kind === 'error' ? refused.error.code : 'no-answer', fault, false);
    return refused;
  }
  const delayMilliseconds = fault?.kind === 'delay' ? fault.milliseconds : 0;
  const released = fault?.kind === 'hold' ? world.faults.clearing : undefined;
  try {
    caller = world.sessions.caller(call.accessKeyId, call.sessionToken, now);
    const readAt = fault?.kind === 'stale' ? now - fault.milliseconds : now;
    const action = actions[call.service][call.action] ?? unknownAction(call.action);
    const output = action({ world, region: call.region, caller, now, readAt }, call.input);
    if (fault?.kind === 'effectWithoutAnswer') {
      log('no-answer', fault, true);
      return { kind: fault.how };
    }
    log('ok', fault, true);
    return { kind: 'output', output, delayMilliseconds, released };
  } catch (error) {
    if (!(error instanceof AwsError)) {
      throw error;
    }
    log(error.code, fault, false);
    return { kind: 'error', error, delayMilliseconds, released };
  }
}

/** The answer of a fault that keeps the call from being carried out; undefined for the other faults. */
function refuse(fault: FaultKind, service: Service): Answer | undefined {
  const error = (code: string, status: number, message: string): Answer => ({
    kind: 'error',
    error: new AwsError(code, status, message),
    delayMilliseconds: 0,
  });
  switch (fault.kind) {
    case 'refuse':
      return { kind: 'drop' };
    case 'hang':
    case 'garbage':
      return { kind: fault.kind };
    case 'throttle':
      return error(fault.code ?? throttlingCodes[service], service === 'sns' ? 429 : 400, 'Rate exceeded');
    case 'serverError':
      return error(fault.code ?? 'InternalFailure', fault.status ?? 500, 'An internal error has occurred.');
    case 'accessDenied':
      return error(
        service === 'sns' ? 'AuthorizationError' : 'AccessDenied',
        403,
        'User is not authorized to perform this action',
      );
    case 'expiredToken':
      return { kind: 'error', error: expiredToken(), delayMilliseconds: 0 };
    case 'error':
      return error(fault.code, fault.status, fault.message ?? fault.code);
    case 'stale':
    case 'delay':
    case 'hold':
    case 'effectWithoutAnswer':
      return undefined;
  }
}

/** The services do not agree on the word for "too many requests". */
const throttlingCodes: Record<Service, string> = {
  rds: 'Throttling',
  monitoring: 'ThrottlingException',
  sns: 'Throttled',
  sts: 'Throttling',
};

function unknownAction(action: string): never {
  throw new AwsError('InvalidAction', 400, `The action ${action} is not valid for this web service.`);
}
