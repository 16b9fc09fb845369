/**
 * The metric by which the operator and the failover function say where the writer is: the policy tells the operator of it,
 * the functions' environment the functions, and the alarms of DNS follow it.
 */
export const ROUTING_METRIC = { namespace: 'AuroraDR', name: 'WriterRegion' } as const;
