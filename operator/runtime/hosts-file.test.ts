import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseHosts, systemHosts } from './hosts-file.ts';

describe('parseHosts', () => {
  it('given names with addresses of both families, then each has all of its own, whatever its case', () => {
    const hosts = parseHosts('127.0.0.1\tlocalhost\n192.0.2.7  Db.Example db # the proxy\n2001:db8::7 db.example\n');
    expect(hosts.get('db.example')).toEqual([
      { address: '192.0.2.7', family: 4 },
      { address: '2001:db8::7', family: 6 },
    ]);
    expect(hosts.get('db')).toEqual([{ address: '192.0.2.7', family: 4 }]);
  });

  it('given comments, empty lines, and lines without an address, then they give nothing', () => {
    expect([...parseHosts('# 192.0.2.1 a\n\n   \nnot-an-address b\n300.1.1.1 c\n192.0.2.2\n')]).toEqual([]);
  });
});

describe('systemHosts', () => {
  it('given a file, then it is read; given none, then no name is in it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hosts-'));
    try {
      writeFileSync(join(folder, 'hosts'), '192.0.2.9 rds.example\n');
      expect(systemHosts(join(folder, 'hosts')).get('rds.example')).toEqual([{ address: '192.0.2.9', family: 4 }]);
      expect(systemHosts(join(folder, 'absent')).size).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
