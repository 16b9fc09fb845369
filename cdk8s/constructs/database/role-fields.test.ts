import { describe, expect, it } from '@jest/globals';
import type { Member, RoleFields } from './role-fields.ts';
import { roleFieldsOf } from './role-fields.ts';

const member = (region: string): Member => ({
  region,
  arn: `arn:aws:rds:${region}:123456789012:cluster:aurora-${region}-test`,
});
const masterUser = { name: 'admin', password: { name: 'master-password', key: 'password' } };

function fieldsOf(region: string, primary: string, regions: readonly string[]): RoleFields {
  return roleFieldsOf({
    region,
    primary,
    members: regions.map(member),
    databaseName: 'transactions',
    masterUser,
  });
}

describe('the role fields of a member', () => {
  const regions = ['us-east-1', 'us-west-2', 'eu-west-1'];

  it('given the primary, are user, password and database, and the first other member as source', () => {
    expect(fieldsOf('us-east-1', 'us-east-1', regions)).toEqual({
      forProvider: { autoGeneratePassword: true, masterPasswordSecretRef: masterUser.password },
      initProvider: {
        replicationSourceIdentifier: member('us-west-2').arn,
        masterUsername: 'admin',
        databaseName: 'transactions',
      },
    });
  });

  it('given a secondary, are the primary as source, and nothing that AWS refuses for a replica', () => {
    expect(fieldsOf('eu-west-1', 'us-west-2', regions)).toEqual({
      forProvider: {},
      initProvider: { replicationSourceIdentifier: member('us-west-2').arn, sourceRegion: 'us-west-2' },
    });
  });

  it.each(regions)(
    'given %s as the primary, name a source for every member, which is never the member itself',
    (primary) => {
      for (const region of regions) {
        const { replicationSourceIdentifier } = fieldsOf(region, primary, regions).initProvider;
        expect(regions.filter((other) => other !== region).map((other) => member(other).arn)).toContain(
          replicationSourceIdentifier,
        );
      }
    },
  );

  it('given two members, name each other, whichever is the primary', () => {
    const two = ['us-east-1', 'us-west-2'];
    for (const region of two) {
      const sources = two.map((primary) => fieldsOf(region, primary, two).initProvider.replicationSourceIdentifier);
      expect(new Set(sources).size).toBe(1);
    }
  });

  it('given no other member, say what is missing', () => {
    expect(() => fieldsOf('us-east-1', 'us-east-1', ['us-east-1'])).toThrow(
      /cannot state the role of us-east-1: .*; declare two or more/,
    );
  });
});
