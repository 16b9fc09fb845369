import { describe, expect, it } from '@jest/globals';
import { InvalidRequestError, readRequest } from './failover-request.ts';

describe('readRequest', () => {
  it('given the target alone, takes nothing for granted', () => {
    expect(readRequest({ target_region: 'us-west-2' })).toEqual({
      targetRegion: 'us-west-2',
      hasAcceptedDataLoss: false,
      type: 'auto',
      isForced: false,
    });
  });

  it('given everything, reads everything', () => {
    const event = { target_region: 'eu-west-1', accept_data_loss: true, type: 'failover', force: true };
    expect(readRequest(event)).toEqual({
      targetRegion: 'eu-west-1',
      hasAcceptedDataLoss: true,
      type: 'failover',
      isForced: true,
    });
  });

  it.each([
    [null, 'must be an object'],
    [[], 'must be an object'],
    [{ target_region: 3 }, 'target_region is missing'],
    [{ target_region: 'us-west-2', force: 1 }, 'force must be true or false'],
    [{ target_region: 'us-west-2', acceptDataLoss: true, dry: 1 }, 'unknown: acceptDataLoss, dry'],
  ])('given %j, says what is wrong and how to write it', (event, message) => {
    expect(() => readRequest(event)).toThrow(InvalidRequestError);
    expect(() => readRequest(event)).toThrow(message);
    expect(() => readRequest(event)).toThrow('write it like {"target_region": "us-west-2", "accept_data_loss": true}');
  });
});
