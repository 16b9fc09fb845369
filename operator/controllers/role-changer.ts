import type { AwsAccount } from '../aws/account.ts';
import type { AwsGateway } from '../aws/aws-gateway.ts';
import { AwsCallError } from '../aws/errors.ts';
import { defined } from '../failover/defined.ts';
import { isAfterFailover } from '../failover/follow.ts';
import type { GlobalClusterView } from '../failover/observation.ts';
import type { Operation } from '../failover/operation.ts';
import { parseClusterArn } from '../failover/topology.ts';
import type { Dependencies, ReconcilerSettings } from './dependencies.ts';

/** How a mutating call ended, as far as its effect is concerned. */
export type CallResult =
  | { readonly kind: 'Accepted' }
  /** It may have taken effect: only reads can tell. */
  | { readonly kind: 'Ambiguous'; readonly message: string }
  /** It certainly took no effect, and may take one later: throttled, refused connection, a state that will pass. */
  | { readonly kind: 'Fruitless'; readonly message: string }
  /** AWS will not do it. */
  | { readonly kind: 'Refused'; readonly message: string };

/** With AWS's id of the call, where an answer named one, and whether there were too many calls for it. */
export type CallOutcome = CallResult & { readonly requestId?: string; readonly isThrottled?: true };

/** As the schema has it. */
const LONGEST_REQUEST_ID = 128;

/** What the read right before a call shows. */
export type Precheck =
  | { readonly kind: 'Clear' }
  | { readonly kind: 'InFlight' | 'AlreadyWriter' }
  /**
   * Somebody else moved the writer: to a third region, so that the call would move it from there, and nobody has judged that
   * one; or by a failover to where a switchover was to move it.
   */
  | { readonly kind: 'MovedByOthers'; readonly message: string }
  | { readonly kind: 'Unreadable'; readonly message: string; readonly isThrottled?: true };

/** AWS says these about a state that may pass: another operation that ends, an instance that starts. */
const PASSING_CODES: readonly string[] = ['InvalidGlobalClusterStateFault', 'InvalidGlobalClusterState'];

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** And these of a cluster: a lost primary waits for its target; a person who asked for a switchover is told at once. */
const PASSING_CODES_OF_A_FAILOVER: readonly string[] = [
  ...PASSING_CODES,
  'InvalidDBClusterStateFault',
  'InvalidDBClusterState',
];

/** For `defined`: true, or no value at all. */
function throttled(error: unknown): true | undefined {
  const { classification } = error instanceof AwsCallError ? error : {};
  return classification?.kind === 'rejected' && classification.cause === 'throttled' ? true : undefined;
}

function resultOf(error: unknown, type: Operation['type']): CallResult {
  const message = describe(error);
  if (!(error instanceof AwsCallError) || error.isEffectPossible) {
    return { kind: 'Ambiguous', message };
  }
  const { classification, code } = error;
  const passing = type === 'Failover' ? PASSING_CODES_OF_A_FAILOVER : PASSING_CODES;
  const isRefusal =
    classification.kind === 'rejected' &&
    (classification.cause === 'denied' || classification.cause === 'malformed') &&
    !passing.includes(code ?? '');
  return { kind: isRefusal ? 'Refused' : 'Fruitless', message };
}

function checkView(view: GlobalClusterView | undefined, operation: Operation): Precheck {
  if (view === undefined) {
    return { kind: 'Unreadable', message: 'the global cluster is not known in the target’s region' };
  }
  if (view.failoverState !== undefined) {
    return { kind: 'InFlight' };
  }
  const writers = view.members.filter(({ isWriter }) => isWriter);
  const regions = writers.map(({ clusterArn }) => parseClusterArn(clusterArn)?.region);
  const writer = `RDS in ${operation.to} calls ${writers[0]?.clusterArn ?? ''} the writer`;
  if (regions.includes(operation.to)) {
    return isAfterFailover(operation, view)
      ? { kind: 'MovedByOthers', message: `${writer} and ${operation.from} pending-resync, as after a failover` }
      : { kind: 'AlreadyWriter' };
  }
  return regions.length === 0 || regions.includes(operation.from)
    ? { kind: 'Clear' }
    : { kind: 'MovedByOthers', message: `${writer}, and ${operation.from} is to be left` };
}

/** What role changes need of the process that makes them. */
export interface RoleChangerDependencies extends Pick<Dependencies, 'leaseRemainingMilliseconds'> {
  readonly gateway: Pick<AwsGateway, 'describeGlobalCluster' | 'failoverGlobalCluster' | 'switchoverGlobalCluster'>;
  readonly settings: Pick<ReconcilerSettings, 'awsCallTimeoutMilliseconds'>;
}

/** The two mutating calls of this operator, and the read that goes before them. */
export class RoleChanger {
  readonly #dependencies: RoleChangerDependencies;

  constructor(dependencies: RoleChangerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether only this process acts for the policy for as long as a call may take; it must not be made otherwise. */
  hasTimeToCall(policy: string): boolean {
    return (
      this.#dependencies.leaseRemainingMilliseconds(policy) > this.#dependencies.settings.awsCallTimeoutMilliseconds
    );
  }

  /** Reads the global cluster in the target's region, which neither call's region loss can hide. Never rejects. */
  async precheck(account: AwsAccount, operation: Operation, globalClusterIdentifier: string): Promise<Precheck> {
    const timeoutMilliseconds = this.#dependencies.settings.awsCallTimeoutMilliseconds;
    try {
      const view = await this.#dependencies.gateway.describeGlobalCluster(
        account,
        operation.to,
        globalClusterIdentifier,
        { timeoutMilliseconds },
      );
      return checkView(view, operation);
    } catch (error) {
      return defined({ kind: 'Unreadable' as const, message: describe(error), isThrottled: throttled(error) });
    }
  }

  /**
   * Makes the call: a failover in the target's region, since the lost one does not answer; a switchover in the primary's.
   * Never rejects.
   */
  async call(account: AwsAccount, operation: Operation, globalClusterIdentifier: string): Promise<CallOutcome> {
    let requestId: string | undefined;
    const onRequestId = (id: string): void => {
      requestId = id.length > LONGEST_REQUEST_ID ? undefined : id;
    };
    const result = await this.#call(account, operation, globalClusterIdentifier, onRequestId);
    return defined({ ...result, requestId });
  }

  async #call(
    account: AwsAccount,
    operation: Operation,
    globalClusterIdentifier: string,
    onRequestId: (id: string) => void,
  ): Promise<CallOutcome> {
    const { gateway, settings } = this.#dependencies;
    const options = { timeoutMilliseconds: settings.awsCallTimeoutMilliseconds, onRequestId };
    const { targetClusterArn } = operation;
    if (targetClusterArn === undefined) {
      return { kind: 'Refused', message: `the ARN of the cluster in ${operation.to} is not known` };
    }
    const input = { globalClusterIdentifier, targetClusterArn };
    try {
      if (operation.type === 'Failover') {
        await gateway.failoverGlobalCluster(account, operation.to, input, options);
      } else {
        await gateway.switchoverGlobalCluster(account, operation.from, input, options);
      }
      return { kind: 'Accepted' };
    } catch (error) {
      return defined({ ...resultOf(error, operation.type), isThrottled: throttled(error) });
    }
  }
}
