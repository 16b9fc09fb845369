/**
 * A bare informer of @kubernetes/client-node on DisasterRecoveryPolicies: it keeps them in memory and, when one gets the
 * annotation of a forced failover, sends one FailoverGlobalCluster request. That is all: it observes nothing, writes nothing,
 * records nothing, and asks again for nothing. No program in Node that does this work can do with less.
 */
import { createServer, type Server } from 'node:http';
import { parseArgs } from 'node:util';
import { FailoverGlobalClusterCommand, RDSClient } from '@aws-sdk/client-rds';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import {
  CustomObjectsApi,
  KubeConfig,
  makeInformer,
  type KubernetesListObject,
  type KubernetesObject,
} from '@kubernetes/client-node';
import { FORCE_FAILOVER } from '../../../../operator/api/v1alpha1/annotations.ts';
import type { DisasterRecoveryPolicy } from '../../../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { DISASTER_RECOVERY_POLICY } from '../../../../operator/api/v1alpha1/group-version.ts';

const RESTART_MILLISECONDS = 1_000;

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string', default: '' },
    namespace: { type: 'string' },
    'aws-endpoint': { type: 'string', multiple: true, default: [] },
    account: { type: 'string', default: '123456789012' },
  },
});

function log(msg: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), msg, ...fields })}\n`);
}

/** Serves one path on a port that the system picks, and logs it. */
async function serve(name: string, path: string, answer: () => { status: number; body: string }): Promise<Server> {
  const server = createServer((request, response) => {
    const { status, body } = request.url === path ? answer() : { status: 404, body: '' };
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  log('listening', { server: name, port: typeof address === 'object' ? address?.port : undefined });
  return server;
}

const endpoints = new Map(
  values['aws-endpoint'].map((entry) => {
    const [region = '', endpoint = ''] = entry.split(/=(.*)/);
    return [region, endpoint];
  }),
);

/** By region and role. */
const clients = new Map<string, RDSClient>();

/** The client of the account that the role stands for; without one, of the process's own. */
function clientOf(region: string, roleArn: string | undefined): RDSClient | undefined {
  const endpoint = endpoints.get(region);
  if (endpoint === undefined) return undefined;
  const key = `${region} ${roleArn ?? ''}`;
  const known = clients.get(key);
  if (known !== undefined) return known;
  const clientConfig = { region, endpoint };
  const credentials =
    roleArn === undefined
      ? {}
      : { credentials: fromTemporaryCredentials({ params: { RoleArn: roleArn }, clientConfig }) };
  const client = new RDSClient({ ...clientConfig, ...credentials, maxAttempts: 1 });
  clients.set(key, client);
  return client;
}

/** What is used of a policy. */
interface Policy extends KubernetesObject {
  readonly spec: Pick<DisasterRecoveryPolicy['spec'], 'globalClusterIdentifier' | 'regions' | 'aws'>;
}

/** Sends the request for a policy, once for as long as it carries the annotation. */
const asked = new Set<string>();

function look({ metadata, spec }: Policy): void {
  const key = `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
  const region = metadata?.annotations?.[FORCE_FAILOVER];
  if (region === undefined) {
    asked.delete(key);
    return;
  }
  const cluster = spec.regions.find(({ name }) => name === region);
  const roleArn = spec.aws?.roleArn;
  const account = roleArn?.split(':')[4] ?? values.account;
  const client = clientOf(region, roleArn);
  if (asked.has(key) || cluster === undefined || client === undefined) return;
  asked.add(key);
  const command = new FailoverGlobalClusterCommand({
    GlobalClusterIdentifier: spec.globalClusterIdentifier,
    TargetDbClusterIdentifier: `arn:aws:rds:${region}:${account}:cluster:${cluster.clusterIdentifier}`,
    AllowDataLoss: true,
  });
  client.send(command).then(
    () => log('AWS accepted the call', { policy: key }),
    (error: unknown) => log('AWS did not take the call', { policy: key, error: String(error) }),
  );
}

const { group, version, plural } = DISASTER_RECOVERY_POLICY;
const config = new KubeConfig();
config.loadFromFile(values.kubeconfig);
const api = config.makeApiClient(CustomObjectsApi);
const { namespace } = values;
let hasSynced = false;
let policies = 0;

async function list(): Promise<KubernetesListObject<Policy>> {
  const listed: unknown =
    namespace === undefined
      ? await api.listCustomObjectForAllNamespaces({ group, version, resourcePlural: plural })
      : await api.listNamespacedCustomObject({ group, version, plural, namespace });
  return listed as KubernetesListObject<Policy>;
}

const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
const informer = makeInformer<Policy>(config, `/apis/${group}/${version}${scope}/${plural}`, list);
informer.on('add', (policy) => {
  policies += 1;
  look(policy);
});
informer.on('update', look);
informer.on('delete', () => (policies -= 1));
informer.on('error', (error) => {
  log('the watch ended', { error: String(error) });
  setTimeout(() => void informer.start(), RESTART_MILLISECONDS);
});

const servers = [
  await serve('health', '/readyz', () => ({ status: hasSynced ? 200 : 503, body: '' })),
  await serve('metrics', '/metrics', () => ({
    status: 200,
    body: `process_resident_memory_bytes ${process.memoryUsage.rss()}\ninformer_policies ${policies}\n`,
  })),
];
await informer.start();
hasSynced = true;
log('synced', { policies, residentBytes: process.memoryUsage.rss() });

process.once('SIGTERM', () => {
  void informer.stop();
  for (const server of servers) server.close();
  // A watch that is being closed would keep the process for a while.
  process.exit(0);
});
