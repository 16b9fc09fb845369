import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfiguration, readObserved } from './load-configuration.ts';

const ENDPOINT = 'vpce-0a1b-c2d3.rds.us-west-2.vpce.amazonaws.com';
const WRITER = 'aurora-us-west-2-prod.cluster-abc123.us-west-2.rds.amazonaws.com';

const OBSERVED = JSON.stringify({
  items: [
    {
      kind: 'VPCEndpoint',
      metadata: { name: 'endpoint-rds-us-west-2-prod' },
      spec: { forProvider: { region: 'us-west-2', serviceName: 'com.amazonaws.us-west-2.rds' } },
      status: { atProvider: { dnsEntry: [{ dnsName: ENDPOINT }] } },
    },
    {
      kind: 'Cluster',
      metadata: { name: 'aurora-us-west-2-prod' },
      spec: { forProvider: { region: 'us-west-2' } },
      status: { atProvider: { endpoint: WRITER } },
    },
  ],
});

describe('Given a file', () => {
  let folder: string;
  let file: string;
  const write = (text: string): void => writeFileSync(file, text);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aurora-dr-configuration-'));
    file = join(folder, 'configuration.yaml');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('when AWS has named endpoints and clusters, then both names are taken from what was observed', () => {
    write("suffix: prod\naccountId: '123456789012'\n");
    expect(loadConfiguration(file, OBSERVED)).toMatchObject({
      network: { endpointNames: { 'us-west-2': { rds: ENDPOINT } } },
      dns: { writerEndpoints: { 'us-west-2': WRITER } },
    });
  });

  it('when the file names them itself, then its names count', () => {
    const own = 'aurora-us-west-2-prod.cluster-own.us-west-2.rds.amazonaws.com';
    write(`suffix: prod\naccountId: '123456789012'\ndns: {writerEndpoints: {us-west-2: ${own}}}\n`);
    expect(loadConfiguration(file, OBSERVED).dns.writerEndpoints).toEqual({ 'us-west-2': own });
  });

  it.each(['', 'text', '- list'])(
    'when it holds no object (%p), then the schema says so, whatever was observed',
    (text) => {
      write(text);
      expect(() => loadConfiguration(file, OBSERVED)).toThrow(/must be an object/);
    },
  );

  it('when it cannot be read, then the message says why', () => {
    expect(() => readObserved(join(folder, 'nothing.json'))).toThrow(/cannot read .*nothing\.json: .*ENOENT/);
    expect(() => loadConfiguration(join(folder, 'nothing.yaml'))).toThrow(/cannot read .*nothing\.yaml: .*ENOENT/);
  });
});
