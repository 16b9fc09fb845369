import { describe, expect, it } from '@jest/globals';
import { aHistoryEntry, aWatchedPolicy, before } from '../testing/a-watched-policy.ts';
import { historyLines, historyRows } from './history-view.ts';
import { PLAIN } from './paint.ts';

const style = { paint: PLAIN, width: 160 };

describe('historyLines', () => {
  it('given operations, tells each with its loss, and why one did not succeed', () => {
    const failed = aHistoryEntry({
      id: 'switchover-1',
      type: 'Switchover',
      trigger: 'Annotation',
      outcome: 'Failed',
      reason: 'RefusedByAws',
      message: 'AWS said no',
      startedAt: before(400_000),
      completedAt: before(398_000),
    });
    const { recoveryTimeMilliseconds: _none, ...unended } = failed;
    const unknown = { ...aHistoryEntry({ id: 'failover-2', completedAt: before(500_000) }) };
    delete unknown.estimatedDataLossMilliseconds;
    const rows = historyRows([aWatchedPolicy({ status: { history: [unended, aHistoryEntry(), unknown] } })]);
    expect(historyLines(rows, { namespace: false, policy: false }, style)).toEqual([
      'ENDED                  TYPE         TRIGGER      WRITER                  OUTCOME     TOOK         LOSS                     OPERATION',
      '2026-11-30 13:59:40Z   Failover     Automatic    us-east-1 → us-west-2   Succeeded   1 min 40 s   120 ms, at worst 1.4 s   failover-20261130t135900z-0a1b2c',
      '2026-11-30 13:53:22Z   Switchover   Annotation   us-east-1 → us-west-2   Failed      2.0 s        none (switchover)        switchover-1',
      '2026-11-30 13:51:40Z   Failover     Automatic    us-east-1 → us-west-2   Succeeded   1 min 40 s   unknown                  failover-2',
      '',
      'switchover-1  RefusedByAws: AWS said no',
    ]);
  });

  it('given several policies, says whose it is', () => {
    const rows = historyRows([aWatchedPolicy({ status: { history: [aHistoryEntry()] } })]);
    const [header, row] = historyLines(rows, { namespace: true, policy: true }, style);
    expect(header).toMatch(/^NAMESPACE +POLICY +ENDED/);
    expect(row).toMatch(/^payments +orders +2026-11-30/);
  });
});
