/** Of every cluster parameter group, unless a configuration says otherwise. */
const PARAMETERS = { binlog_format: 'ROW', character_set_server: 'utf8mb4' } as const;

/**
 * What Aurora has to be told before it writes a log that is exported. Source: "Publishing Amazon Aurora MySQL logs to Amazon
 * CloudWatch Logs" and "Using Advanced Auditing with an Amazon Aurora MySQL DB cluster" in the Aurora User Guide.
 *
 * The general log is exported and stays off: it holds every statement with its values, of customers too. Whoever looks for
 * something turns it on with `general_log: '1'`.
 */
const PARAMETERS_OF_LOGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  audit: { server_audit_logging: '1', server_audit_events: 'CONNECT,QUERY_DCL,QUERY_DDL' },
  slowquery: { slow_query_log: '1', log_output: 'FILE' },
  general: { log_output: 'FILE' },
};

/**
 * All parameters of the cluster parameter groups.
 *
 * @param logs that are exported
 * @param stated by the configuration: these count
 */
export function clusterParameters(
  logs: readonly string[],
  stated: Readonly<Record<string, string>>,
): Record<string, string> {
  const ofLogs = logs.map((log) => PARAMETERS_OF_LOGS[log]);
  return Object.assign({}, PARAMETERS, ...ofLogs, stated) as Record<string, string>;
}
