import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type Connection } from 'mysql2/promise';
import { within } from './mariadb-server.ts';
import { ACCOUNTS, LOGINS } from './schema.ts';
import type { Address } from './toxiproxy.ts';

const THINK_MILLISECONDS = 60;
/** What a good client waits for an answer, then for its next attempt. */
const STATEMENT_MILLISECONDS = 2000;
const RETRY_MILLISECONDS = 100;
const LARGEST_AMOUNT = 1000;
/** MySQL's ER_DUP_ENTRY: an earlier attempt of the same payment was committed. */
const DUPLICATE = 1062;

/** A payment that a server has acknowledged. */
export interface Acknowledged {
  readonly key: string;
  /** When the client heard of it. */
  readonly at: number;
  /** `address:port` of whom it heard it from. */
  readonly from: string;
}

export interface PaymentsProps {
  readonly clients: number;
  /** Where clients are sent now; undefined: nowhere. */
  readonly address: () => Address | undefined;
}

interface Payment {
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly amount: number;
}

const nameOf = ({ address, port }: Address): string => `${address}:${port}`;
const account = (): number => 1 + Math.floor(Math.random() * ACCOUNTS);

/**
 * A small payments service: double entry, idempotency keys, balances that must sum to zero. Many clients at once, each of
 * which takes down what was acknowledged, after it was; a payment without an answer is tried again with its key.
 */
export class Payments {
  /** Oldest first. */
  readonly acknowledged: Acknowledged[] = [];
  /** Keys of payments that were sent, whatever became of them. */
  readonly attempted = new Set<string>();
  readonly #props: PaymentsProps;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>[];

  constructor(props: PaymentsProps) {
    this.#props = props;
    this.#running = Array.from({ length: props.clients }, () => this.#client());
  }

  /** Payments acknowledged since this time. */
  countSince(at: number): number {
    return this.acknowledged.length - this.acknowledged.findLastIndex((payment) => payment.at < at) - 1;
  }

  /** Lets every client finish what it is at. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  async #client(): Promise<void> {
    const { signal } = this.#stopping;
    let open: { readonly connection: Connection; readonly name: string } | undefined;
    let payment: Payment | undefined;
    while (!signal.aborted) {
      const address = this.#props.address();
      if (open !== undefined && (address === undefined || nameOf(address) !== open.name)) {
        open.connection.destroy();
        open = undefined;
      }
      if (address === undefined) {
        await pause(RETRY_MILLISECONDS, signal);
        continue;
      }
      const [from, to] = twoAccounts();
      payment ??= { key: randomUUID(), from, to, amount: 1 + Math.floor(Math.random() * LARGEST_AMOUNT) };
      try {
        open ??= { connection: await connectTo(address), name: nameOf(address) };
        this.attempted.add(payment.key);
        await within(pay(open.connection, payment), STATEMENT_MILLISECONDS);
        this.acknowledged.push({ key: payment.key, at: Date.now(), from: open.name });
        payment = undefined;
        await pause(THINK_MILLISECONDS * (0.5 + Math.random()), signal);
      } catch {
        // Whatever it was: a new connection, to wherever clients are sent by then.
        open?.connection.destroy();
        open = undefined;
        await pause(RETRY_MILLISECONDS, signal);
      }
    }
    open?.connection.destroy();
  }
}

async function connectTo({ address, port }: Address): Promise<Connection> {
  const opening = createConnection({ host: address, port, ...LOGINS.app, connectTimeout: STATEMENT_MILLISECONDS });
  try {
    const connection = await within(opening, STATEMENT_MILLISECONDS);
    connection.on('error', () => undefined);
    return connection;
  } catch (error) {
    opening.then((late) => late.destroy()).catch(() => undefined);
    throw error;
  }
}

async function pay(connection: Connection, { key, from, to, amount }: Payment): Promise<void> {
  await connection.query('START TRANSACTION');
  try {
    await connection.query('INSERT INTO payments.payments VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6))', [
      key,
      from,
      to,
      amount,
    ]);
  } catch (error) {
    if ((error as { errno?: unknown }).errno !== DUPLICATE) throw error;
    await connection.query('ROLLBACK');
    return;
  }
  await connection.query('INSERT INTO payments.entries VALUES (?, ?, ?), (?, ?, ?)', [
    key,
    from,
    -amount,
    key,
    to,
    amount,
  ]);
  // Always in the same order, so that two payments never wait for each other.
  for (const [id, change] of [[from, -amount] as const, [to, amount] as const].toSorted(([a], [b]) => a - b)) {
    await connection.query('UPDATE payments.accounts SET balance = balance + ? WHERE id = ?', [change, id]);
  }
  await connection.query('COMMIT');
}

function twoAccounts(): readonly [number, number] {
  const from = account();
  const to = account();
  return to === from ? [from, (from % ACCOUNTS) + 1] : [from, to];
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<unknown> =>
  delay(milliseconds, undefined, { signal }).catch(() => undefined);
