import { describe, expect, it } from '@jest/globals';
import { endpointOf, parseEndpoint } from './endpoints.ts';

describe('parseEndpoint', () => {
  it.each([
    ['us-east-1=http://127.0.0.1:4566/', { region: 'us-east-1', url: 'http://127.0.0.1:4566' }],
    [
      'us-east-1/rds=https://vpce-1.rds.example',
      { region: 'us-east-1', service: 'rds', url: 'https://vpce-1.rds.example' },
    ],
    ['us-gov-west-1/monitoring=https://x/y', { region: 'us-gov-west-1', service: 'monitoring', url: 'https://x/y' }],
  ])('given %s, reads it', (entry, expected) => {
    expect(parseEndpoint(entry)).toEqual(expected);
  });

  it.each([
    'us-east-1',
    '=http://x',
    'http://x',
    'us-east-1=ftp://x',
    'us-east-1=http://user:secret@x',
    'us-east-1=http://x?y',
    'us-east-1/cloudwatch=http://x',
    'us-east-1/=http://x',
    'us-east-1/rds/more=http://x',
    'east=http://x',
  ])('given %s, refuses it', (entry) => {
    expect(parseEndpoint(entry)).toBeUndefined();
  });
});

describe('endpointOf', () => {
  const endpoints = new Map([
    ['us-east-1', 'http://all'],
    ['us-east-1/rds', 'http://rds'],
    ['us-west-2/sns', 'http://sns'],
  ]);

  it.each([
    ['us-east-1', 'rds', 'http://rds'],
    ['us-east-1', 'sns', 'http://all'],
    ['us-west-2', 'sns', 'http://sns'],
    ['us-west-2', 'rds', undefined],
  ] as const)("given %s and %s, prefers the service's own", (region, service, url) => {
    expect(endpointOf(endpoints, region, service)).toBe(url);
  });
});
