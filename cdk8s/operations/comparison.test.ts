import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createConfiguration } from '../configuration/configuration.ts';
import type { ConfigurationInput } from '../configuration/schema.ts';
import { createInfrastructure, manifestFiles } from '../infrastructure.ts';
import type { ComparedObject, Difference } from './comparison.ts';
import { compareObjects, comparisonReport, isDangerous } from './comparison.ts';

/** Without functions, whose bundling takes time that nothing here needs. */
const base: ConfigurationInput = { suffix: 'test', accountId: '123456789012', functions: { enabled: false } };

function objectsOf(input: Partial<ConfigurationInput> = {}): ComparedObject[] {
  const configuration = createConfiguration({ ...base, ...input });
  return manifestFiles(createInfrastructure(configuration)).flatMap(({ manifests }) => manifests as ComparedObject[]);
}

const compare = (before: Partial<ConfigurationInput>, after: Partial<ConfigurationInput>): Difference[] =>
  compareObjects(objectsOf(before), objectsOf(after));

const changesIn = (differences: readonly Difference[], title: string) =>
  differences.filter((one) => one.title === title).flatMap(({ changes }) => changes);

const updatable: ConfigurationInput['database'] = { updates: 'Allowed' };

describe('the difference of two configurations', () => {
  it('given the same twice, is none', () => {
    expect(compare({}, {})).toEqual([]);
    expect(comparisonReport([])).toBe('no difference\n');
  });

  it('given another declared primary, is role fields and DNS alone, and nothing that harms', () => {
    const differences = compare({ primary: 'us-east-1' }, { primary: 'us-west-2' });
    expect(differences.length).toBeGreaterThan(0);
    expect(new Set(differences.map(({ type }) => type))).toEqual(new Set(['changes']));
    expect(differences.filter(isDangerous)).toEqual([]);
    const titles = differences.map(({ title }) => title.split(' ')[0]);
    for (const title of titles) expect(['rds.Cluster', 'route53.Record']).toContain(title);
  });

  it('given another network, says that AWS cannot change one', () => {
    const [one, other] = ['10.0.0.0/16', '10.8.0.0/16'].map((cidr) => ({
      regions: [{ name: 'us-east-1', cidr }, { name: 'us-west-2' }],
    }));
    const [change] = changesIn(compare(one ?? {}, other ?? {}), 'ec2.VPC vpc-us-east-1-test').filter(
      ({ path }) => path === 'cidrBlock',
    );
    expect(change).toMatchObject({ before: '10.0.0.0/16', after: '10.8.0.0/16', consequence: { isDangerous: true } });
    expect(change?.consequence?.text).toMatch(/replace/);
  });

  it('given an older engine, says that AWS refuses, and given a newer one, what to mind', () => {
    const version = (engineVersion: string) => ({ database: { ...updatable, engineVersion } });
    const text = (from: string, to: string) =>
      changesIn(compare(version(from), version(to)), 'rds.Cluster aurora-us-east-1-test')[0]?.consequence?.text;
    expect(text('8.0.mysql_aurora.3.10.0', '8.0.mysql_aurora.3.09.9')).toMatch(/downgrade/);
    expect(text('8.0.mysql_aurora.3.08.1', '8.0.mysql_aurora.3.10.0')).toMatch(/upgrade/);
  });

  it('given that members are not updated, says that a change never reaches AWS', () => {
    const backups = (retentionDays: number) => ({ database: { backups: { retentionDays } } });
    const [change] = changesIn(compare(backups(7), backups(14)), 'rds.Cluster aurora-us-east-1-test');
    expect(change).toMatchObject({ path: 'backupRetentionPeriod', consequence: { isDangerous: true } });
    expect(change?.consequence?.text).toMatch(/never reaches AWS/);
  });

  it('given that they are, has nothing against the same change', () => {
    const backups = (retentionDays: number) => ({ database: { ...updatable, backups: { retentionDays } } });
    const differences = compare(backups(7), backups(14));
    expect(differences.filter(isDangerous)).toEqual([]);
    expect(differences).toHaveLength(2);
  });

  it('given another master user, says that what exists keeps the old one', () => {
    const user = (masterUsername: string) => ({ database: { ...updatable, masterUsername } });
    const [change] = changesIn(compare(user('admin'), user('owner')), 'rds.Cluster aurora-us-east-1-test');
    expect(change).toMatchObject({
      section: 'initProvider',
      path: 'masterUsername',
      consequence: { isDangerous: true },
    });
  });

  it('given another suffix, is that everything vanishes and appears', () => {
    const differences = compare({ suffix: 'test' }, { suffix: 'next' });
    const vanishing = differences.filter(({ type }) => type === 'vanishes');
    expect(vanishing.length).toBeGreaterThan(100);
    expect(vanishing.filter((one) => !isDangerous(one))).toEqual([]);
    const cluster = vanishing.find(({ title }) => title === 'rds.Cluster aurora-us-east-1-test');
    expect(cluster?.consequence?.text).toMatch(/stays in AWS/);
  });

  it('given protection lifted and data that may be deleted, flags both', () => {
    const deletion = { protection: false, data: 'Allowed' as const };
    const changes = changesIn(
      compare({ database: updatable }, { database: updatable, deletion }),
      'rds.GlobalCluster aurora-global-test',
    );
    expect(changes.map(({ consequence }) => consequence?.text).toSorted()).toEqual([
      expect.stringMatching(/can be deleted/),
      expect.stringMatching(/deletes what it stands for/),
    ]);
  });

  it('given more of a list, or another text within a text, says what is more and what is other, and nothing else', () => {
    const changed = (before: Partial<ConfigurationInput>, after: Partial<ConfigurationInput>, title: string) =>
      changesIn(compare(before, after), title).map(({ path, before: one, after: other }) => [path, one, other]);
    expect(
      changed(
        {},
        { database: { parameters: { general_log: '1' } } },
        'rds.ClusterParameterGroup cluster-parameters-us-east-1-test',
      ),
    ).toEqual([['parameter[general_log]', undefined, expect.objectContaining({ value: '1' })]]);
    const regions = (...names: string[]) => ({ regions: names.map((name) => ({ name })) });
    const [two, three] = [regions('us-east-1', 'us-west-2'), regions('us-east-1', 'us-west-2', 'eu-west-1')];
    expect(changed(two, three, 'secretsmanager.Secret master-password-us-east-1-test')).toEqual([
      ['replica[eu-west-1]', undefined, expect.objectContaining({ region: 'eu-west-1' })],
    ]);
    const roleArn = 'arn:aws:iam::123456789012:role/operator';
    expect(changed({}, { policy: { roleArn } }, 'sns.TopicPolicy topic-us-east-1-test')).toEqual([
      ['policy.Statement[Operator]', undefined, expect.objectContaining({ Principal: { AWS: roleArn } })],
    ]);
    expect(changed({}, { database: { logs: ['error', 'audit'] } }, 'rds.Cluster aurora-us-east-1-test')).toEqual([
      ['enabledCloudwatchLogsExports[general]', 'general', undefined],
      ['enabledCloudwatchLogsExports[slowquery]', 'slowquery', undefined],
    ]);
    expect(
      changed(
        { database: { logs: ['audit', 'error'] } },
        { database: { logs: ['error', 'audit'] } },
        'rds.Cluster aurora-us-east-1-test',
      ),
    ).toEqual([['enabledCloudwatchLogsExports', ['audit', 'error'], ['error', 'audit']]]);
  });

  it('given another class or port, says that instances restart', () => {
    const differences = compare(
      { database: updatable },
      { database: { ...updatable, port: 3307, instanceClass: 'db.r8g.large' } },
    );
    const texts = (title: string) => changesIn(differences, title).map(({ consequence }) => consequence?.text);
    expect(texts('rds.ClusterInstance aurora-instance-1-us-east-1-test')).toEqual([expect.stringMatching(/restart/)]);
    expect(texts('rds.Cluster aurora-us-east-1-test')).toContainEqual(expect.stringMatching(/restart/));
  });

  it('given a third region, asks AWS to make no health check into another kind', () => {
    const regions = ['us-east-1', 'us-west-2', 'eu-west-1'].map((name) => ({ name }));
    const types = compare({}, { regions }).flatMap(({ title, changes }) =>
      title.startsWith('route53.HealthCheck') ? changes.map(({ path }) => path) : [],
    );
    expect(types).not.toContain('type');
  });

  it('given another zone, says that records of another name are other records', () => {
    const changes = changesIn(
      compare({}, { dns: { zone: 'db.example.com' } }),
      'route53.Record record-writer-global-test',
    );
    expect(changes.find(({ path }) => path === 'name')?.consequence?.isDangerous).toBe(true);
  });

  it('given another scope, is another set of objects', () => {
    const types = new Set(compare({ scope: 'namespaced' }, { scope: 'cluster' }).map(({ type }) => type));
    expect([...types].toSorted()).toEqual(['appears', 'vanishes']);
  });

  it('is reported by object and field, with what to think about marked', () => {
    const emails = (list: string[]) => ({ monitoring: { emails: list }, database: updatable });
    const before = { ...emails([]), deletion: { protection: true } };
    const after = { ...emails(['dba@example.com']), deletion: { protection: false } };
    const report = comparisonReport(compare(before, after));
    expect(report).toMatch(/^ {2}\+ sns\.TopicSubscription /m);
    expect(report).toMatch(/^! {5}forProvider\.deletionProtection: true -> false$/m);
    expect(report).toMatch(/appear, 0 vanish, \d+ change; 3 to think about \(!\)\n$/);
  });

  it('whatever changes, is mirrored when the two are swapped', () => {
    const input = fc.record({
      regions: fc.constantFrom(['us-east-1', 'us-west-2'], ['us-east-1', 'us-west-2', 'eu-west-1']),
      dashboard: fc.boolean(),
      retentionDays: fc.integer({ min: 1, max: 35 }),
    });
    const partial = ({
      regions,
      dashboard,
      retentionDays,
    }: {
      regions: readonly string[];
      dashboard: boolean;
      retentionDays: number;
    }) => ({
      regions: regions.map((name) => ({ name })),
      monitoring: { dashboard },
      database: { backups: { retentionDays } },
    });
    fc.assert(
      fc.property(input, input, (one, other) => {
        const there = compare(partial(one), partial(other));
        const back = compare(partial(other), partial(one));
        const titles = (list: Difference[], type: Difference['type']) =>
          list
            .filter((each) => each.type === type)
            .map(({ title }) => title)
            .toSorted();
        expect(titles(there, 'appears')).toEqual(titles(back, 'vanishes'));
        expect(titles(there, 'changes')).toEqual(titles(back, 'changes'));
      }),
      { numRuns: 8 },
    );
  });
});
