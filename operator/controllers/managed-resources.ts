import type { GuardFacts, RoleChange } from '../crossplane/guard-facts.ts';
import type { ObservedRoles } from '../crossplane/role-drift.ts';
import { defined } from '../failover/defined.ts';
import type { PolicyTurn } from './policy-turn.ts';

/** The roles of this round; undefined when it proves none, or when the record does not say the same yet. */
function rolesOf({ assessment, record, session, settings }: PolicyTurn): ObservedRoles | undefined {
  const { topology } = assessment;
  const { primaryRegion, dispute, isObserved, members } = topology;
  const isProven = isObserved && dispute === undefined && !session.isAssessmentSpent;
  const primary = primaryRegion === undefined ? undefined : members[primaryRegion];
  if (!isProven || primary === undefined || primaryRegion !== record.primaryRegion) {
    return undefined;
  }
  return {
    globalClusterIdentifier: settings.globalClusterIdentifier,
    primary,
    secondaries: Object.values(members).filter(({ role }) => role === 'Secondary'),
  };
}

function lastChangeOf({ record }: PolicyTurn): RoleChange | undefined {
  const last = record.history.find(({ type, outcome }) => type !== 'Simulation' && outcome === 'Succeeded');
  return last === undefined || last.to !== record.primaryRegion
    ? undefined
    : { operationId: last.id, fromRegion: last.from };
}

/** Why resources that were paused for a role change stay paused although the change has ended. */
function unsettledOf({ assessment, record }: PolicyTurn): string | undefined {
  const { inFlight, members } = assessment.topology;
  if (record.splitBrain !== undefined) {
    return `the old primary in ${record.splitBrain.region} has not re-joined`;
  }
  if (inFlight !== undefined) {
    return `AWS is still at a role change, as seen in ${inFlight.seenIn}`;
  }
  const missing = Object.values(members).filter(({ role }) => role === 'Missing');
  return missing.length === 0
    ? undefined
    : `not a member at present: ${missing.map(({ region }) => region).join(', ')}`;
}

function factsOf(turn: PolicyTurn): GuardFacts {
  const { key, policy, settings, record, assessment } = turn;
  const { operation } = record;
  const arns = Object.values(assessment.topology.members).flatMap(({ clusterArn }) => clusterArn ?? []);
  return defined({
    policy: key,
    isEnabled: policy.spec.crossplane.mode !== 'Off',
    globalClusterIdentifier: settings.globalClusterIdentifier,
    members: settings.regions.map(({ name, clusterIdentifier }) => ({ region: name, clusterIdentifier })),
    account: arns[0]?.split(':')[4],
    roles: rolesOf(turn),
    operation: operation === undefined ? undefined : { operationId: operation.id, fromRegion: operation.from },
    lastChange: lastChangeOf(turn),
    unsettled: unsettledOf(turn),
  });
}

/**
 * Looks after the Crossplane managed resources of a policy's clusters: alongside a call to AWS, which does not wait for
 * it, and in every round.
 */
export function tendManagedResources(turn: PolicyTurn): void {
  const { session, dependencies } = turn;
  try {
    session.drift = dependencies.managedResources?.tend(factsOf(turn)) ?? session.drift;
  } catch (error) {
    // Whatever is wrong with somebody's managed resources must not reach the call that is under way.
    dependencies.logger.error({ policy: turn.key, error }, 'cannot look after managed resources');
  }
}
