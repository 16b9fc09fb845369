/** Who logs in, and as what. Passwords of databases that live on loopback for some minutes. */
export const LOGINS = {
  /** The payments service. */
  app: { user: 'app', password: 'app-of-the-rig' },
  /** The operator's probe. */
  probe: { user: 'aurora_dr', password: 'probe-of-the-rig' },
  /** The witness outside both regions. */
  witness: { user: 'witness', password: 'witness-of-the-rig' },
  replication: { user: 'replication', password: 'replication-of-the-rig' },
} as const;

export const ACCOUNTS = 100;

/**
 * What both databases begin with. `aurora` and `aurora_local` have what Aurora itself would have: the
 * heartbeat from which lag is told, and the view that stands in for information_schema.aurora_global_db_status, which no
 * user can create: `ReaderFront` leads the operator's query there. `aurora_local` is each server's own, outside of
 * replication.
 */
export const SCHEMA: readonly string[] = [
  `CREATE USER '${LOGINS.app.user}'@'%' IDENTIFIED BY '${LOGINS.app.password}'`,
  `CREATE USER '${LOGINS.probe.user}'@'%' IDENTIFIED BY '${LOGINS.probe.password}' REQUIRE SSL`,
  `CREATE USER '${LOGINS.witness.user}'@'%' IDENTIFIED BY '${LOGINS.witness.password}'`,
  `CREATE USER '${LOGINS.replication.user}'@'%' IDENTIFIED BY '${LOGINS.replication.password}'`,
  `GRANT REPLICATION SLAVE ON *.* TO '${LOGINS.replication.user}'@'%'`,

  'CREATE DATABASE aurora',
  'CREATE TABLE aurora.heartbeat (id TINYINT UNSIGNED PRIMARY KEY, written_at DATETIME(6) NOT NULL)',
  'CREATE DATABASE aurora_local',
  `CREATE TABLE aurora_local.calculation (
     id TINYINT UNSIGNED PRIMARY KEY, region VARCHAR(32) NOT NULL,
     durability_lag DOUBLE NOT NULL, rpo_lag DOUBLE NOT NULL, calculated_at DATETIME(6) NOT NULL)`,
  `CREATE SQL SECURITY DEFINER VIEW aurora_local.aurora_global_db_status AS
     SELECT region AS AWS_REGION, 0 AS HIGHEST_LSN_WRITTEN, durability_lag AS DURABILITY_LAG_IN_MILLISECONDS,
       rpo_lag AS RPO_LAG_IN_MILLISECONDS, calculated_at AS LAST_LAG_CALCULATION_TIMESTAMP, 0 AS OLDEST_READ_VIEW_TRX_ID
     FROM aurora_local.calculation`,
  `GRANT SELECT ON aurora_local.aurora_global_db_status TO '${LOGINS.probe.user}'@'%'`,

  'CREATE DATABASE aurora_dr',
  'CREATE TABLE aurora_dr.heartbeat (id TINYINT UNSIGNED PRIMARY KEY, written_at DATETIME(6) NOT NULL)',
  'CREATE TABLE aurora_dr.witness (id TINYINT UNSIGNED PRIMARY KEY, written_at DATETIME(6) NOT NULL)',
  `GRANT SELECT, INSERT, UPDATE ON aurora_dr.heartbeat TO '${LOGINS.probe.user}'@'%'`,
  `GRANT SELECT, INSERT, UPDATE ON aurora_dr.witness TO '${LOGINS.witness.user}'@'%'`,

  'CREATE DATABASE payments',
  'CREATE TABLE payments.accounts (id INT PRIMARY KEY, balance BIGINT NOT NULL)',
  `CREATE TABLE payments.payments (
     idempotency_key CHAR(36) PRIMARY KEY, from_account INT NOT NULL, to_account INT NOT NULL, amount BIGINT NOT NULL,
     created_at DATETIME(6) NOT NULL)`,
  `CREATE TABLE payments.entries (
     idempotency_key CHAR(36) NOT NULL, account INT NOT NULL, amount BIGINT NOT NULL,
     PRIMARY KEY (idempotency_key, account))`,
  `INSERT INTO payments.accounts SELECT seq, 0 FROM payments.seq_1_to_${ACCOUNTS}`,
  `GRANT SELECT, INSERT, UPDATE ON payments.* TO '${LOGINS.app.user}'@'%'`,
];

/** What a clone of a primary takes over; the rest is each server's own. */
export const CLONED_DATABASES = ['aurora', 'aurora_dr', 'payments'] as const;
