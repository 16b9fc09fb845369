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

  it('drops what has nothing to do with a role change', () => {
    expect(readFailoverEvent(event('DB instance restarted.', ['availability']))).toBeUndefined();
  });
});
