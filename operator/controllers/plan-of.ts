import { defined } from '../failover/defined.ts';
import { nextDrillAction } from '../failover/drill.ts';
import { judgeFailback } from '../failover/failback.ts';
import type { Plan } from './conditions-of.ts';
import { endedOperation } from './drill-record.ts';
import { drillFacts, failbackFacts } from './planned-facts.ts';
import type { PolicyRecord } from './policy-record.ts';
import type { PolicyTurn } from './policy-turn.ts';

/** What status says of failbacks and drills, with the record as it is about to be. */
export function planOf(turn: PolicyTurn, record: PolicyRecord): Plan {
  const { policy, session, dependencies, assessment, settings, now } = turn;
  const source = { policy, session, dependencies, record };
  const { stability } = session.memory;
  const { drill } = record;
  return defined({
    failback:
      settings.failback === undefined
        ? ({ kind: 'Unneeded' } as const)
        : judgeFailback(defined({ assessment, settings, stability, facts: failbackFacts(source), now })),
    drill:
      drill === undefined
        ? undefined
        : nextDrillAction(
            defined({
              assessment,
              settings,
              facts: drillFacts(source),
              drill,
              ended: endedOperation(record, drill),
              now,
            }),
          ),
  });
}
