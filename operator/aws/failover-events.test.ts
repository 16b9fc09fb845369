import { describe, expect, it } from '@jest/globals';
import { readFailoverEvent } from './failover-events.ts';

const event = (message: string, categories: readonly string[] = []) => ({
  message,
  categories,
  sourceIdentifier: 'source',
  at: 1000,
});

describe('readFailoverEvent', () => {
  it.each([
    ['Attempt to block writes for DB cluster aurora-prod in Region us-east-1 succeeded.', 'RDS-EVENT-0390'],
    ['Attempt to block writes for DB cluster aurora-prod in Region us-east-1 timed out.', 'RDS-EVENT-0391'],
    ['Global failover to DB cluster aurora-prod in Region us-east-1 completed.', 'RDS-EVENT-0238'],
    ['Global failover to DB cluster aurora-prod in Region us-east-1 failed.', 'RDS-EVENT-0239'],
    ['Global switchover to DB cluster aurora-prod in Region us-east-1 finished.', 'RDS-EVENT-0185'],
    ['Global switchover to DB cluster aurora-prod in Region us-east-1 started.', 'RDS-EVENT-0181'],
    ['Global switchover to DB cluster aurora-prod in Region us-east-1 is cancelled.', 'RDS-EVENT-0186'],
    ['Global switchover to DB cluster aurora-prod in Region us-east-1 failed.', 'RDS-EVENT-0187'],
    ['Started resynchronizing members of DB cluster aurora-prod in Region us-east-1.', 'RDS-EVENT-0240'],
    ['Finished resynchronizing members of DB cluster aurora-prod in Region us-east-1.', 'RDS-EVENT-0241'],
    ['Global database failover to DB cluster aurora-prod in Region us-east-1 completed.', 'RDS-EVENT-0519'],
    ['New primary DB cluster aurora-prod in Region us-east-1 was successfully promoted.', 'RDS-EVENT-0184'],
  ])('reads "%s" as %s, about the cluster that it names', (message, eventId) => {
    const about = { clusterIdentifier: 'aurora-prod', region: 'us-east-1' };
    expect(readFailoverEvent(event(message))).toEqual({
      eventId,
      at: 1000,
      message,
      sourceIdentifier: 'source',
      about,
    });
  });

  it.each(['global failover', 'global-failover'])(
    'keeps an unknown event of the category %s, without an id',
    (category) => {
      const read = readFailoverEvent(event('Something new happened.', [category]));
      expect(read).toMatchObject({ eventId: undefined, message: 'Something new happened.' });
    },
  );

  it.each([
    'Global switchover to DB cluster a in Region b started',
    'New primary DB cluster a in Region b was successfully promoted',
    'Global switchover to DB cluster a in Region b finished',
    'Global switchover to DB cluster a in Region b is cancelled',
    'Global switchover to DB cluster a in Region b failed',
    'Global failover to DB cluster a in Region b completed',
    'Global failover to DB cluster a in Region b failed',
    'Started resynchronizing members of DB cluster a',
    'Finished resynchronizing members of DB cluster a',
    'Attempt to block writes for DB cluster a in Region b succeeded',
    'Attempt to block writes for DB cluster a in Region b timed out',
    'Global database failover to DB cluster a in Region b completed',
  ])('drops what only quotes "%s"', (text) => {
    expect(readFailoverEvent(event(`The user wrote: ${text}`))).toBeUndefined();
  });

  it.each(['no global failover', 'global failover drill'])('drops another category, such as %s', (category) => {
    expect(readFailoverEvent(event('Something new happened.', [category]))).toBeUndefined();
  });

  it('keeps an event of several categories, and names no cluster where its text has none', () => {
    const read = readFailoverEvent(event('Something new happened.', ['availability', 'global failover']));
    expect(read).toEqual({
      eventId: undefined,
      at: 1000,
      message: 'Something new happened.',
      sourceIdentifier: 'source',
    });
    expect(read).not.toHaveProperty('about');
  });

  it('drops what has nothing to do with a role change', () => {
    expect(readFailoverEvent(event('DB instance restarted.', ['availability']))).toBeUndefined();
  });
});
