import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { checkPublished } from './check-published.ts';
import { awaitPolicy, showPolicies, type Play } from './play.ts';
import { badPolicy, demoPolicy, names, signalNames } from './policy.ts';

const PROTECTED_MILLISECONDS = 45_000;

/** The names of the signals that hold a vote: those that were seen passing for long enough. */
function voters({ status }: DisasterRecoveryPolicy): string[] {
  const signals = status?.signals ?? [];
  return signals
    .filter(
      (signal) =>
        signal.state === 'Passing' && signal.lastPassed !== undefined && signal.primary === status?.primaryRegion,
    )
    .map((signal) => signal.name);
}

/** Waits until the policy is Protected and every signal holds a vote, with the writer in that region. */
export async function awaitProtection(play: Play, region: string): Promise<void> {
  await awaitPolicy(play, {
    title: 'kubectl: the policy is Protected and every signal holds a vote',
    expected: `phase Protected, primary ${region}, votes ${signalNames.join(', ')}`,
    isFulfilled: (policy) =>
      policy.status?.phase === 'Protected' &&
      policy.status.primaryRegion === region &&
      signalNames.every((name) => voters(policy).includes(name)),
    describe: (policy) =>
      `phase ${policy.status?.phase ?? 'none'}, primary ${policy.status?.primaryRegion ?? 'none'}, ` +
      `votes ${voters(policy).join(', ')}`,
    timeoutMilliseconds: PROTECTED_MILLISECONDS,
  });
}

async function refuseBadManifest({ stage, narrator, checks }: Play): Promise<void> {
  narrator.command('kubectl apply -f bad-policy.yaml        # timeout 2s, interval 1s');
  const answer = await stage.kubectl(['apply', '-f', '-'], badPolicy(stage.policyProps)).then(
    () => 'accepted',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const complaint = answer.split('\n').find((line) => line.includes('spec.detection')) ?? answer;
  checks.that('kubectl: the API server refuses a bad manifest and says why', /timeout.*interval/.test(complaint), {
    expected: 'a refusal that names timeout and interval',
    actual: complaint.replace(/^.*?(?=spec\.detection)/, ''),
  });
}

/** Act 1: the API server takes the policy, the operator calls it Protected and publishes the writer. */
export async function protect(play: Play): Promise<void> {
  const { stage, narrator, checks } = play;
  await refuseBadManifest(play);
  narrator.command('kubectl apply -f policy.yaml');
  const answer = await stage.kubectl(['apply', '-f', '-'], demoPolicy(stage.policyProps));
  const object = `disasterrecoverypolicy.aurora-dr.io/${names.policy} created`;
  checks.equal('kubectl: the API server accepts the policy', answer.trim(), object);
  await awaitProtection(play, names.primary);
  await showPolicies(play);
  const seen = await stage.awsApi.globalCluster(names.secondary);
  checks.equal('AWS API: the writer', typeof seen === 'string' ? seen : seen.writerRegion, names.primary);
  await checkPublished(play, names.primary);
}
