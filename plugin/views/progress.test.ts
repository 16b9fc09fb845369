import { describe, expect, it } from '@jest/globals';
import { aHistoryEntry, anOperation, aWatchedPolicy } from '../testing/a-watched-policy.ts';
import { operationProgress } from './progress.ts';

const ID = anOperation().id;

describe('operationProgress', () => {
  it('given steps, tells each once, in its own words', () => {
    const at = (operation: ReturnType<typeof anOperation>) =>
      operationProgress(aWatchedPolicy({ status: { operation } }), ID);
    expect(at(anOperation({ step: 'Accepted' }))?.line).toBe(`Accepted: Failover us-east-1 → us-west-2, ${ID}`);
    expect(at(anOperation({ step: 'Promoted' }))).toMatchObject({
      line: 'Promoted: the target is the writer',
      isOver: false,
    });
    expect(at(anOperation({ message: 'AWS is at work' }))?.line).toBe('Promoting: AWS is at work');
    expect(at(anOperation({ message: 'one' }))?.key).not.toBe(at(anOperation({ message: 'two' }))?.key);
  });

  it('given its end, tells how it ended', () => {
    const ended = (entry: Partial<ReturnType<typeof aHistoryEntry>>) =>
      operationProgress(aWatchedPolicy({ status: { history: [aHistoryEntry(entry)] } }), ID);
    expect(ended({})).toMatchObject({
      line: 'Succeeded in 1 min 40 s: us-west-2 is the writer; data loss: 120 ms, at worst 1.4 s',
      isOver: true,
    });
    expect(ended({ outcome: 'Failed', reason: 'RefusedByAws', message: 'no' })?.line).toBe('Failed: RefusedByAws: no');
  });

  it('given another operation, tells nothing of it', () => {
    expect(operationProgress(aWatchedPolicy({ status: { operation: anOperation() } }), 'other')).toBeUndefined();
  });
});
