import { describe, expect, it } from '@jest/globals';
import { PAUSED_BY, PAUSED_FOR, PAUSED_FROM } from '../../operator/crossplane/managed-resource.ts';
import type { ConfigurationInput } from '../configuration/schema.ts';
import { createConfiguration } from '../configuration/configuration.ts';
import { gitopsFiles } from '../gitops/gitops-files.ts';
import { createInfrastructure, manifestFiles } from '../infrastructure.ts';
import type { TeardownFile } from './teardown.ts';
import { teardownOf, teardownScript } from './teardown.ts';

function stagesOf(input: Partial<ConfigurationInput> = {}) {
  const configuration = createConfiguration({ suffix: 'test', accountId: '123456789012', ...input });
  const charts = createInfrastructure(configuration);
  const files = [...manifestFiles(charts), ...gitopsFiles(configuration, charts)] as unknown as TeardownFile[];
  return teardownOf({ configuration, files, folder: 'dist/infrastructure' });
}

/** Without functions, whose bundling takes time that nothing here needs. */
const small: Partial<ConfigurationInput> = { functions: { enabled: false } };
const commandsOf = (stages: ReturnType<typeof stagesOf>): string[] =>
  stages.flatMap(({ commands }) => commands).map((words) => words.join(' '));
const indexOf = (commands: readonly string[], pattern: RegExp): number =>
  commands.findIndex((command) => pattern.test(command));

describe('a teardown', () => {
  it('given two regions, is these stages', () => {
    expect(stagesOf(small).map(({ title }) => title)).toMatchSnapshot();
  });

  it.each(['us-east-1', 'us-west-2'])('given %s as the primary, deletes it after the other', (primary) => {
    const commands = commandsOf(stagesOf({ ...small, primary }));
    const other = primary === 'us-east-1' ? 'us-west-2' : 'us-east-1';
    const cluster = (region: string) => indexOf(commands, new RegExp(`^delete cluster\\..*/aurora-${region}-test`));
    const instances = (region: string) => commands.findLastIndex((one) => one.includes(`-instance-1-${region}-test`));
    const order = [
      indexOf(commands, /"suspend":true/),
      indexOf(commands, /^delete disasterrecoverypolicy/),
      indexOf(commands, /"deletionProtection":false/),
      instances(other),
      cluster(other),
      instances(primary),
      cluster(primary),
      indexOf(commands, /^delete globalcluster/),
      indexOf(commands, /^delete -f .*network/),
      indexOf(commands, /^delete -f .*foundation/),
    ];
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((one, another) => one - another));
  });

  it('given Argo CD, stops it first, what restores the others before them', () => {
    const repository = 'https://git.example.com/infrastructure.git';
    const clusters = [{ region: 'us-east-1', name: 'east' }];
    const [first] = stagesOf({ ...small, gitops: { repository, clusters } });
    const commands = (first?.commands ?? []).map((words) => words.join(' '));
    expect(commands[0]).toMatch(/^delete applicationset\..*--cascade=orphan$/);
    expect(commands[1]).toMatch(/^patch application\.argoproj\.io\/aurora-test /);
    expect(commands.at(-1)).toMatch(/aurora-policy-test-us-east-1 /);
  });

  it('takes every mark of a pause from every database', () => {
    const unpaused = commandsOf(stagesOf(small)).filter((command) => command.startsWith('annotate '));
    expect(unpaused).toHaveLength(7);
    for (const command of unpaused) {
      for (const mark of ['crossplane.io/paused', PAUSED_BY, PAUSED_FOR, PAUSED_FROM])
        expect(command).toContain(` ${mark}-`);
    }
  });

  it('keeps the keys while snapshots need them', () => {
    const isDeleted = (input: ConfigurationInput['deletion']) =>
      commandsOf(stagesOf({ ...small, deletion: input })).some((command) => /delete -f .*foundation/.test(command));
    // Forbidden: the objects go, what they stand for stays.
    expect(isDeleted({ data: 'Forbidden' })).toBe(true);
    expect(isDeleted({ data: 'Allowed' })).toBe(false);
    expect(isDeleted({ data: 'Allowed', finalSnapshot: false })).toBe(true);
  });

  it('deletes a private zone, and leaves a public one', () => {
    const isLifted = (visibility: 'Private' | 'Public') =>
      commandsOf(stagesOf({ ...small, dns: { visibility } })).some((command) => command.startsWith('patch zone'));
    expect(isLifted('Private')).toBe(true);
    expect(isLifted('Public')).toBe(false);
  });

  it('names a namespace only for what is in one', () => {
    const namespaced = (scope: 'namespaced' | 'cluster') =>
      commandsOf(stagesOf({ ...small, scope })).filter(
        (one) => one.startsWith('delete cluster') && one.includes(' -n '),
      );
    expect(namespaced('namespaced')).toHaveLength(4 + 2);
    expect(namespaced('cluster')).toEqual([]);
  });

  it('never deletes the namespace or the provider configuration', () => {
    expect(commandsOf(stagesOf(small)).join('\n')).not.toMatch(/delete.*(00-provider|namespace\/)/);
  });

  it('is a script that runs a stage only when it is named', () => {
    const script = teardownScript(stagesOf(small));
    expect(script).toMatch(/^#!\/bin\/sh\n/);
    expect(script).toContain(`'{"spec":{"suspend":true}}'`);
    expect(script).toMatch(/\*\) echo "usage: .*exit 2 ;;\nesac\n$/);
  });
});
