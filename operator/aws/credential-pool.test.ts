import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../runtime/manual-clock.ts';
import type { AwsAccount } from './account.ts';
import { CredentialPool, type Credentials } from './credential-pool.ts';

const HOUR = 3_600_000;
const never = new AbortController().signal;
const account: AwsAccount = { roleArn: 'arn:aws:iam::1:role/dr' };

function setUp(answer: (region: string, count: number) => Promise<Credentials>) {
  const clock = new ManualClock();
  const fetched: string[] = [];
  const pool = new CredentialPool({
    clock,
    fetch: (_, region) => {
      fetched.push(region);
      return answer(region, fetched.length);
    },
  });
  const session = (accessKeyId: string): Credentials => ({
    accessKeyId,
    secretAccessKey: 'secret',
    expiration: new Date(clock.now() + HOUR),
  });
  return { clock, fetched, pool, session };
}

const hang = (): Promise<Credentials> => new Promise(() => undefined);

describe('CredentialPool', () => {
  it('fetches once for all who ask, and refreshes in the background before the end', async () => {
    const { clock, fetched, pool, session } = setUp((region, count) => Promise.resolve(session(`${region}-${count}`)));
    const first = await Promise.all([pool.get(account, 'a', never), pool.get(account, 'a', never)]);
    expect(first.map(({ accessKeyId }) => accessKeyId)).toEqual(['a-1', 'a-1']);
    await clock.advance(HOUR / 2);
    expect((await pool.get(account, 'a', never)).accessKeyId).toBe('a-1');
    await clock.settle();
    expect((await pool.get(account, 'a', never)).accessKeyId).toBe('a-2');
    expect(fetched).toEqual(['a', 'a']);
  });

  it('given a region whose STS is silent, serves what another region got, and asks again', async () => {
    const { clock, fetched, pool, session } = setUp((region) =>
      region === 'lost' ? hang() : Promise.resolve(session(region)),
    );
    const lost = pool.get(account, 'lost', never);
    await pool.get(account, 'alive', never);
    expect((await lost).accessKeyId).toBe('alive');
    await clock.advance(10_000);
    expect((await pool.get(account, 'lost', never)).accessKeyId).toBe('alive');
    expect(fetched).toEqual(['lost', 'alive', 'lost']);
  });

  it('given a silent STS and no other region, gives up', async () => {
    const { clock, pool } = setUp(hang);
    const outcome = expect(pool.get(account, 'lost', never)).rejects.toThrow('no answer within 10000 ms');
    await clock.advance(10_000);
    await outcome;
  });

  it('keeps accounts apart', async () => {
    const { pool, session } = setUp((_, count) => (count === 1 ? Promise.resolve(session('mine')) : hang()));
    await pool.get(account, 'a', never);
    const controller = new AbortController();
    const other = pool.get({ ...account, externalId: 'x' }, 'a', controller.signal);
    controller.abort(new Error('enough'));
    await expect(other).rejects.toThrow('enough');
  });

  it('given a failure, tells the reason and tries again', async () => {
    const { pool, session } = setUp((_, count) =>
      count === 1 ? Promise.reject(new Error('denied')) : Promise.resolve(session('second')),
    );
    await expect(pool.get(account, 'a', never)).rejects.toThrow('denied');
    expect((await pool.get(account, 'a', never)).accessKeyId).toBe('second');
  });

  it('given credentials that AWS called expired, fetches new ones', async () => {
    const { pool, session } = setUp((_, count) => Promise.resolve(session(`key-${count}`)));
    await pool.get(account, 'a', never);
    pool.invalidate(account, 'key-1');
    expect((await pool.get(account, 'a', never)).accessKeyId).toBe('key-2');
    pool.invalidate(account, 'key-1');
    expect((await pool.get(account, 'a', never)).accessKeyId).toBe('key-2');
  });

  it('given a session at its end, does not hand it out any more', async () => {
    const { clock, pool, session } = setUp((_, count) => (count === 1 ? Promise.resolve(session('old')) : hang()));
    await pool.get(account, 'a', never);
    await clock.advance(HOUR - 1000);
    const controller = new AbortController();
    const call = pool.get(account, 'a', controller.signal);
    controller.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
  });

  it('reads credentials without an end anew now and then', async () => {
    const { clock, fetched, pool } = setUp(() => Promise.resolve({ accessKeyId: 'static', secretAccessKey: 's' }));
    await pool.get(account, 'a', never);
    await clock.advance(60_000);
    await pool.get(account, 'a', never);
    expect(fetched).toHaveLength(1);
    await clock.advance(10 * 60_000);
    await pool.get(account, 'a', never);
    expect(fetched).toHaveLength(2);
  });
});
