import { describe, expect, it } from '@jest/globals';
import { clusterStateCode, describeClusterState } from './cluster-state-code.ts';

describe('clusterStateCode', () => {
  it.each([
    ['Primary', 'available', 1001],
    ['Secondary', 'available', 2001],
    ['Secondary', 'modifying', 2013],
    ['Missing', 'available', 3001],
  ] as const)('given a %s that is %s, is %d', (role, status, code) => {
    expect(clusterStateCode({ role, status })).toBe(code);
  });

  it('given statuses that AWS has added since, tells them apart and from all that are listed', () => {
    const codes = ['defragmenting', 'configuring-iam-database-auth'].map((status) =>
      clusterStateCode({ role: 'Primary', status }),
    );
    expect(new Set(codes).size).toBe(2);
    for (const code of codes) {
      expect(code).toBeGreaterThanOrEqual(1500);
      expect(code).toBeLessThan(2000);
    }
  });
});

describe('describeClusterState', () => {
  it.each([
    [1001, 'primary, available'],
    [2007, 'secondary, failing-over'],
    [1700, 'primary, another status'],
    [7, 'role unknown, failing-over'],
  ])('given %d, says %s', (code, words) => {
    expect(describeClusterState(code)).toBe(words);
  });
});
