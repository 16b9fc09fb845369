import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Logger as PinoLogger } from 'pino';
import { LOG_KEYS } from './log-fields.ts';
import { createLogger } from './logger.ts';

describe('createLogger', () => {
  let lines: string[];
  /** With fields of any kind: secrets are kept out of all of them. */
  let logger: PinoLogger;

  beforeEach(() => {
    lines = [];
    const destination = { write: (line: string) => lines.push(line) };
    logger = createLogger({ level: 'info', destination }) as unknown as PinoLogger;
  });

  function last(): Record<string, unknown> {
    return JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>;
  }

  it('writes time, level and message under their names, with the fields given', () => {
    logger.child({ controller: 'policy' }).warn({ policy: 'a/b', region: 'us-east-1' }, 'careful');
    expect(last()).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: 'warn',
      msg: 'careful',
      controller: 'policy',
      policy: 'a/b',
      region: 'us-east-1',
    });
  });

  it('given a level below its own, writes nothing', () => {
    logger.debug('quiet');
    expect(lines).toEqual([]);
  });

  it('writes one line for each entry', () => {
    logger.info('two\nlines');
    expect(lines).toEqual([expect.stringMatching(/^[^\n]+\n$/)]);
  });

  it('given an error, writes its name, message, code, stack and causes, and none of its other fields', () => {
    const cause = Object.assign(new Error('below'), { $response: { headers: { authorization: 'abc' } } });
    const error = Object.assign(new TypeError('above', { cause }), { code: 'EX', request: { body: 'whole' } });
    logger.error({ error }, 'failed');
    expect(last()['error']).toEqual({
      name: 'TypeError',
      message: 'above',
      code: 'EX',
      stack: error.stack,
      cause: { name: 'Error', message: 'below', stack: cause.stack },
    });
  });

  it('given an error as the only argument, takes its message for the message', () => {
    logger.error(new Error('alone'));
    expect(last()).toMatchObject({ msg: 'alone', error: { message: 'alone' } });
  });

  it('given an error that causes itself, ends', () => {
    const error = new Error('round');
    error.cause = error;
    logger.error({ error, deep: { error } }, 'failed');
    expect(last()).toMatchObject({ error: { message: 'round' }, deep: { error: { message: 'round' } } });
  });

  it('given an object that contains itself, ends', () => {
    const round: Record<string, unknown> = {};
    round['round'] = round;
    logger.info({ round }, 'x');
    expect(lines[0]).toContain('too deep');
  });

  it.each([
    'password',
    'Authorization',
    'secretAccessKey',
    'secret_access_key',
    'sessionToken',
    'x-amz-security-token',
    'externalId',
    'credentials',
    'clientSecret',
    'Set-Cookie',
  ])('given a secret called %s, takes it out at any depth and in a child', (key) => {
    logger.child({ [key]: 's3cret-1' }).info({ [key]: 's3cret-2', a: [{ b: { [key]: { c: 's3cret-3' } } }] }, 'x');
    expect(lines.join('')).not.toContain('s3cret');
    expect(lines.join('').match(/\[redacted\]/g)?.length).toBe(3);
  });

  it('keeps what only sounds like a secret', () => {
    logger.info({ hasToken: true, tokens: 5, secretRef: { name: 'db' }, monkey: 'x' }, 'x');
    expect(last()).toMatchObject({ hasToken: true, tokens: 5, secretRef: { name: 'db' }, monkey: 'x' });
  });

  it.each([
    ['Authorization: Bearer eyJhbGciOi.abc-def_1', 'eyJhbGciOi'],
    ['Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
    ['https://a/?X-Amz-Signature=deadbeef&x=1', 'deadbeef'],
    ['mysql://root:hunter2@db:3306/', 'hunter2'],
    ['AWS4-HMAC-SHA256 Credential=AKIA/x, Signature=deadbeef', 'deadbeef'],
    ['key AKIAIOSFODNN7EXAMPLE was refused', 'AKIAIOSFODNN7EXAMPLE'],
  ])('given "%s" in a message, a field or an error, takes the secret out', (text, secret) => {
    logger.info({ text, error: new Error(text) }, text);
    expect(lines.join('')).not.toContain(secret);
    expect(last()['msg']).toContain('[redacted]');
  });

  it('documents its keys in alphabetical order, after those of every line', () => {
    const [time, level, message, ...others] = Object.keys(LOG_KEYS);
    expect([time, level, message]).toEqual(['time', 'level', 'msg']);
    expect(others).toEqual(others.toSorted());
  });
});
