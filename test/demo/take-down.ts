import { userKubectl, type Play } from './play.ts';
import { names } from './policy.ts';

const DELETE_TIMEOUT = '30s';

/** Act 4: deleting a policy ends the automation and touches neither AWS nor what clients read. */
export async function takeDown(play: Play): Promise<void> {
  const { stage, checks } = play;
  const calls = stage.aws.callsOf({ service: 'rds' }).filter((call) => !call.action.startsWith('Describe')).length;
  const answer = await userKubectl(play, ['delete', 'drp', names.policy, `--timeout=${DELETE_TIMEOUT}`]);
  checks.that('kubectl: the policy can be deleted', answer.includes('deleted'), {
    expected: 'deleted',
    actual: answer.trim(),
  });
  const after = stage.aws.callsOf({ service: 'rds' }).filter((call) => !call.action.startsWith('Describe')).length;
  checks.equal('AWS call log: calls that the deletion caused', String(after - calls), '0');
  const kept = await stage.kubectl(['get', 'configmap', names.published, '--output', 'jsonpath={.data.primaryRegion}']);
  checks.equal('kubectl: clients keep their address', kept, names.primary);
  const end = await stage.operator.stop();
  checks.equal('the operator ends in order on SIGTERM, with exit code', String(end), '0');
}
