import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DatabaseLogin } from '../observation/probes.ts';
import { KubeConnectionError } from '../runtime/kube-errors.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { LoginError } from './errors.ts';
import { SecretLogins } from './secret-logins.ts';

const login = (secret: string): DatabaseLogin => ({ namespace: 'payments', secret });
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const MINUTE = 60_000;

describe('SecretLogins', () => {
  let clock: ManualClock;
  let isAway: boolean;
  let logins: SecretLogins;

  beforeEach(() => {
    clock = new ManualClock();
    isAway = false;
    const get = (_type: unknown, { name }: { name: string }): Promise<never> =>
      isAway
        ? Promise.reject(new KubeConnectionError('cannot get the Secret: connection refused'))
        : Promise.resolve({ data: { username: base64('probe'), password: base64(`of ${name}`) } } as never);
    logins = new SecretLogins({ kube: { get }, clock });
  });

  const passwordOf = async (secret: string): Promise<string> => (await logins.read(login(secret), 1_000)).password;

  it('given an API server that is away, goes on with what it read', async () => {
    expect(await passwordOf('a')).toBe('of a');
    isAway = true;
    for (let minutes = 0; minutes < 120; minutes += 10) {
      await clock.advance(10 * MINUTE);
      expect(await passwordOf('a')).toBe('of a');
    }
  });

  it('forgets a login that nobody uses any more', async () => {
    await passwordOf('a');
    await clock.advance(20 * MINUTE);
    await passwordOf('b');
    await clock.advance(11 * MINUTE);
    await passwordOf('b');
    isAway = true;
    await expect(passwordOf('a')).rejects.toThrow(LoginError);
    await clock.advance(MINUTE);
    expect(await passwordOf('b')).toBe('of b');
  });
});
