import { createSocket, type Socket } from 'node:dgram';
import dns, { type LookupAddress } from 'node:dns';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from './clock.ts';
import { HostNames, systemResolver, type AddressResolver } from './host-names.ts';
import { parseHosts, type Hosts } from './hosts-file.ts';
import { ManualClock } from './manual-clock.ts';

type Lookup = HostNames['lookup'];
const ONE = '192.0.2.1';
const SIX = '2001:db8::1';

const ask = (lookup: Lookup, name: string, options: Parameters<Lookup>[1] = { all: true }): Promise<unknown> =>
  new Promise((resolve, reject) => {
    lookup(name, options, (error, address, family) => {
      if (error !== null) reject(error);
      else resolve(options.all === true ? address : { address, family });
    });
  });

const failing = (code: string) => (): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }));
const silent = (): Promise<never> => new Promise(() => undefined);
const v4 = [{ address: ONE, family: 4 }];
const v6 = [{ address: SIX, family: 6 }];

function bench(overrides: Partial<AddressResolver> = {}, hosts: Hosts = new Map()) {
  const clock = new ManualClock(0);
  const asked: string[] = [];
  const told: string[] = [];
  const resolver: AddressResolver = {
    resolve4: (name) => {
      asked.push(name);
      return (overrides.resolve4 ?? (() => Promise.resolve([ONE])))(name);
    },
    resolve6: (name) => (overrides.resolve6 ?? failing(dns.NODATA))(name),
  };
  const lookUp = (name: string): Promise<LookupAddress[]> => {
    told.push(name);
    return Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
  };
  return { clock, asked, told, names: new HostNames({ clock, resolver, hosts, lookUp }) };
}

describe('HostNames', () => {
  it('given a name, then it tells all its addresses, one, or those of a family', async () => {
    const { names } = bench({ resolve6: () => Promise.resolve([SIX]) });
    expect(await ask(names.lookup, 'rds.example')).toEqual([...v4, ...v6]);
    expect(await ask(names.lookup, 'rds.example', {})).toEqual(v4[0]);
    expect(await ask(names.lookup, 'rds.example', { family: 6 })).toEqual(v6[0]);
    expect(await ask(names.lookup, 'rds.example', { family: 4, all: true })).toEqual(v4);
  });

  it('given a family that a name does not have, then it fails', async () => {
    await expect(ask(bench().names.lookup, 'rds.example', { family: 6 })).rejects.toMatchObject({ code: dns.NODATA });
  });

  it('given one family whose servers are silent, then the other is not kept waiting for long', async () => {
    const { names, clock } = bench({ resolve6: silent });
    const found = ask(names.lookup, 'rds.example');
    await clock.advance(300);
    expect(await found).toEqual(v4);
  });

  it('given a name that only has the other family, then that is told', async () => {
    const { names } = bench({ resolve4: failing(dns.NODATA), resolve6: () => Promise.resolve([SIX]) });
    expect(await ask(names.lookup, 'rds.example')).toEqual(v6);
  });

  it('given many who want the same name at once, then it is asked for once, and again afterwards', async () => {
    const { names, asked } = bench();
    await Promise.all([ask(names.lookup, 'a.example'), ask(names.lookupWithMemory, 'a.example')]);
    expect(asked).toEqual(['a.example']);
    await ask(names.lookup, 'a.example');
    expect(asked).toHaveLength(2);
  });

  it.each([dns.NOTFOUND, dns.NODATA, dns.CONNREFUSED])(
    'given a name of which DNS says %s, then the operating system is asked: it may have it in a file',
    async (code) => {
      const { names, told } = bench({ resolve4: failing(code), resolve6: failing(code) });
      expect(await ask(names.lookup, 'db.internal')).toEqual([{ address: '127.0.0.1', family: 4 }]);
      expect(told).toEqual(['db.internal']);
    },
  );

  it('given a name in the hosts file, then its addresses there serve, and DNS is not asked', async () => {
    const { names, asked, told } = bench({}, parseHosts('192.0.2.9 RDS.example'));
    expect(await ask(names.lookup, 'rds.example')).toEqual([{ address: '192.0.2.9', family: 4 }]);
    expect([...asked, ...told]).toEqual([]);
  });

  it('given a short name, then the operating system is asked at once', async () => {
    const { names, asked } = bench();
    expect(await ask(names.lookup, 'localhost')).toEqual([{ address: '127.0.0.1', family: 4 }]);
    expect(asked).toEqual([]);
  });

  it.each([dns.TIMEOUT, dns.SERVFAIL])(
    'given servers in trouble (%s), then it is the resolver’s trouble, and no thread of the operating system’s waits',
    async (code) => {
      const { names, told } = bench({ resolve4: failing(dns.NODATA), resolve6: failing(code) });
      await expect(ask(names.lookup, 'rds.example')).rejects.toMatchObject({ code: 'EAI_AGAIN' });
      expect(told).toEqual([]);
    },
  );

  describe('with memory', () => {
    const answers = (rest: AddressResolver['resolve4']): AddressResolver['resolve4'] => {
      let isFirst = true;
      return (name) => {
        const wasFirst = isFirst;
        isFirst = false;
        return wasFirst ? Promise.resolve([ONE]) : rest(name);
      };
    };

    it('given a name that is silent by now, when it has been known, then its last addresses serve after a second', async () => {
      const { names, clock } = bench({ resolve4: answers(silent), resolve6: failing(dns.NODATA) });
      expect(await ask(names.lookupWithMemory, 'rds.example')).toEqual(v4);
      const later = ask(names.lookupWithMemory, 'rds.example');
      await clock.advance(1_000);
      expect(await later).toEqual(v4);
    });

    it.each([dns.SERVFAIL, dns.TIMEOUT])(
      'given a name that fails by now (%s), then its last addresses serve',
      async (code) => {
        const { names } = bench({ resolve4: answers(failing(code)), resolve6: failing(code) });
        await ask(names.lookupWithMemory, 'rds.example');
        expect(await ask(names.lookupWithMemory, 'rds.example')).toEqual(v4);
        await expect(ask(names.lookup, 'rds.example')).rejects.toMatchObject({ code: 'EAI_AGAIN' });
      },
    );

    it('given a name that moved, then its new addresses are told', async () => {
      const { names } = bench({ resolve4: answers(() => Promise.resolve(['192.0.2.2'])) });
      await ask(names.lookupWithMemory, 'rds.example');
      expect(await ask(names.lookupWithMemory, 'rds.example')).toEqual([{ address: '192.0.2.2', family: 4 }]);
    });

    it('given a name that was never known, then there is nothing to serve', async () => {
      const { names } = bench({ resolve4: failing(dns.SERVFAIL), resolve6: failing(dns.SERVFAIL) });
      await expect(ask(names.lookupWithMemory, 'rds.example')).rejects.toMatchObject({ code: 'EAI_AGAIN' });
    });

    it('given more names than are remembered, then the oldest is forgotten', async () => {
      let isAnswering = true;
      const { names } = bench({
        resolve4: () => (isAnswering ? Promise.resolve([ONE]) : failing(dns.SERVFAIL)()),
        resolve6: failing(dns.SERVFAIL),
      });
      for (let index = 0; index <= 4_096; index += 1) await ask(names.lookupWithMemory, `h${index}.example`);
      isAnswering = false;
      await expect(ask(names.lookupWithMemory, 'h0.example')).rejects.toMatchObject({ code: 'EAI_AGAIN' });
      expect(await ask(names.lookupWithMemory, 'h1.example')).toEqual(v4);
    });
  });

  it('given a datagram to the name server that is lost, then the name is asked for again sooner than by default', async () => {
    const server = createSocket('udp4');
    const seen = new Set<string>();
    server.on('message', (query, { port, address }) => {
      const question = query.toString('latin1', 12);
      if (!seen.has(question)) {
        seen.add(question);
        return;
      }
      const response = Buffer.from(query);
      response.writeUInt16BE(0x8183, 2);
      server.send(response, port, address);
    });
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
    try {
      const [byDefault, resolver] = [new dns.promises.Resolver(), systemResolver()];
      for (const each of [byDefault, resolver]) each.setServers([`127.0.0.1:${server.address().port}`]);
      const told = (who: string, by: dns.promises.Resolver): Promise<string> =>
        by.resolve4(`${who}.example`).then(
          () => 'an address',
          (error: unknown) => `${who}: ${(error as NodeJS.ErrnoException).code ?? ''}`,
        );
      const first = await Promise.race([told('default', byDefault), told('system', resolver)]);
      expect(first).toBe('system: ENOTFOUND');
      byDefault.cancel();
    } finally {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  });

  describe('given a name server that says nothing about the names of a lost region', () => {
    const LOST = 'lost.example';
    let server: Socket;
    let names: HostNames;

    /** A response with the question as it was, and an A record for what is not lost. */
    function responseTo(query: Buffer): Buffer | undefined {
      let end = 12;
      const labels: string[] = [];
      for (let length = query[end] ?? 0; length > 0; length = query[end] ?? 0) {
        labels.push(query.toString('latin1', end + 1, end + 1 + length));
        end += length + 1;
      }
      if (labels.join('.').endsWith(LOST)) return undefined;
      const isA = query.readUInt16BE(end + 1) === 1;
      const header = Buffer.from(query.subarray(0, 12));
      header.writeUInt16BE(0x8180, 2);
      header.writeUInt16BE(isA ? 1 : 0, 6);
      header.writeUInt16BE(0, 8);
      header.writeUInt16BE(0, 10);
      const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 192, 0, 2, 1]);
      return Buffer.concat([header, query.subarray(12, end + 5), ...(isA ? [record] : [])]);
    }

    beforeEach(async () => {
      server = createSocket('udp4');
      server.on('message', (query, { port, address }) => {
        const response = responseTo(query);
        if (response !== undefined) server.send(response, port, address);
      });
      await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
      const resolver = new dns.promises.Resolver();
      resolver.setServers([`127.0.0.1:${server.address().port}`]);
      names = new HostNames({ clock: new SystemClock(), resolver });
    });
    afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())));

    it('when very many of them are asked for, then another name is answered while they all still wait', async () => {
      const waiting = new Set<string>();
      for (let index = 0; index < 50; index += 1) {
        const name = `db-${index}.${LOST}`;
        waiting.add(name);
        names.lookup(name, { all: true }, () => waiting.delete(name));
      }
      expect(await ask(names.lookup, 'rds.us-west-2.example')).toEqual(v4);
      expect(waiting.size).toBe(50);
    });
  });
});
