import type { Acknowledged } from './payments.ts';

type Query = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** What one database says of the ledger. */
export interface Ledger {
  readonly keys: ReadonlySet<string>;
  /** Sentences; empty when every invariant holds. */
  readonly broken: readonly string[];
}

/** What an incident did to the data, as the data say. */
export interface DataVerdict {
  /** Payments that clients were told of. */
  readonly acknowledged: number;
  /** Acknowledged by the old primary before the new one took writes, and not on the new one. */
  readonly lost: readonly Acknowledged[];
  /** Acknowledged by the old primary while the new one took writes, and not on the new one. */
  readonly splitBrain: readonly Acknowledged[];
  /** From the first lost acknowledgement until the incident: the true recovery point, milliseconds. */
  readonly lossMilliseconds: number;
  readonly brokenInvariants: readonly string[];
  /** Of what is lost or split, how much the data that were kept aside have. */
  readonly rescued: number;
}

/** Reads a ledger and checks it: every query finds what must not be there. */
export async function readLedger(query: Query): Promise<Ledger> {
  const rules: readonly (readonly [what: string, sql: string])[] = [
    ['balances do not sum to zero', 'SELECT SUM(balance) AS found FROM payments.accounts HAVING found <> 0'],
    ['entries do not sum to zero', 'SELECT SUM(amount) AS found FROM payments.entries HAVING found <> 0'],
    [
      'a payment has not two entries that sum to zero',
      `SELECT p.idempotency_key AS found FROM payments.payments p LEFT JOIN payments.entries e USING (idempotency_key)
       GROUP BY p.idempotency_key HAVING COUNT(e.account) <> 2 OR SUM(e.amount) <> 0`,
    ],
    [
      'an entry has no payment',
      `SELECT e.idempotency_key AS found FROM payments.entries e LEFT JOIN payments.payments p USING (idempotency_key)
       WHERE p.idempotency_key IS NULL`,
    ],
    [
      'a balance is not what its entries sum to',
      `SELECT a.id AS found FROM payments.accounts a LEFT JOIN payments.entries e ON e.account = a.id
       GROUP BY a.id, a.balance HAVING a.balance <> COALESCE(SUM(e.amount), 0)`,
    ],
  ];
  const broken: string[] = [];
  for (const [what, sql] of rules) {
    const rows = await query(sql);
    if (rows.length > 0) broken.push(`${what}: ${rows.length}, first ${String(rows[0]?.['found'])}`);
  }
  const keys = await query('SELECT idempotency_key AS found FROM payments.payments');
  return { keys: new Set(keys.map(({ found }) => String(found))), broken };
}

export interface Evidence {
  readonly acknowledged: readonly Acknowledged[];
  readonly ledger: Ledger;
  /** What was kept aside of an old primary. */
  readonly rescued: Ledger | undefined;
  /** When the incident began. */
  readonly incidentAt: number;
  /** When the new primary took writes; undefined when there is no new one. */
  readonly promotedAt: number | undefined;
}

export function judgeData({ acknowledged, ledger, rescued, incidentAt, promotedAt = Infinity }: Evidence): DataVerdict {
  const missing = acknowledged.filter(({ key }) => !ledger.keys.has(key));
  const lost = missing.filter(({ at }) => at <= promotedAt);
  const first = lost.reduce((earliest, { at }) => Math.min(earliest, at), Infinity);
  return {
    acknowledged: acknowledged.length,
    lost,
    splitBrain: missing.filter(({ at }) => at > promotedAt),
    lossMilliseconds: lost.length === 0 ? 0 : Math.max(0, incidentAt - first),
    brokenInvariants: [...ledger.broken, ...(rescued?.broken ?? []).map((sentence) => `kept aside: ${sentence}`)],
    rescued: missing.filter(({ key }) => rescued?.keys.has(key)).length,
  };
}

/** When clients could not pay, in parts. All in milliseconds; undefined where there was no such step. */
export interface Outage {
  /** The longest time in which no client was told of a payment. */
  readonly unavailable: number;
  /** From the incident until the first failing round. */
  readonly firstSignal?: number;
  /** From the incident until the operator had decided. */
  readonly detection?: number;
  readonly decision?: number;
  readonly promotion?: number;
  readonly publication?: number;
  readonly reconnection?: number;
}

/** The longest silence that covers, or follows, a time. */
export function longestSilence(
  acknowledged: readonly Acknowledged[],
  since: number,
  until: number,
): {
  readonly from: number;
  readonly to: number;
} {
  const times = acknowledged.map(({ at }) => at).toSorted((a, b) => a - b);
  const before = times.findLast((at) => at <= since) ?? since;
  const after = times.filter((at) => at > since && at <= until);
  let longest = { from: before, to: before };
  let last = before;
  for (const at of [...after, until]) {
    if (at - last > longest.to - longest.from) longest = { from: last, to: at };
    last = at;
  }
  return longest;
}
