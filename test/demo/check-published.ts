import { connect } from 'node:net';
import { once } from 'node:events';
import type { Play } from './play.ts';
import { names } from './policy.ts';

const CONNECT_MILLISECONDS = 2_000;

/** Compares what kubectl shows of the Service and the ConfigMap with what RDS says, and connects to it as a client would. */
export async function checkPublished({ stage, checks }: Play, region: string): Promise<void> {
  const [service, configMap, endpoint] = await Promise.all([
    stage.kubectl(['get', 'service', names.published, '--output', 'jsonpath={.spec.type} {.spec.externalName}']),
    stage.kubectl(['get', 'configmap', names.published, '--output', 'json']),
    stage.awsApi.writerEndpoint(region),
  ]);
  const { data } = JSON.parse(configMap) as { data?: Record<string, string> };
  const host = endpoint.slice(0, endpoint.lastIndexOf(':'));
  checks.equal(`kubectl: Service ${names.published} leads to ${region}`, service, `ExternalName ${host}`);
  checks.equal(
    `kubectl: ConfigMap ${names.published} names the writer that RDS in ${region} names`,
    `${data?.['state'] ?? ''} ${data?.['primaryRegion'] ?? ''} ${data?.['writerEndpoint'] ?? ''}:${data?.['port'] ?? ''}`,
    `published ${region} ${endpoint}`,
  );
  const outcome = await tryToConnect(data?.['writerEndpoint'] ?? '', Number(data?.['port'] ?? 0));
  checks.equal('TCP: a client connects to the published address', outcome, 'connected');
}

async function tryToConnect(host: string, port: number): Promise<string> {
  const socket = connect({ host, port, timeout: CONNECT_MILLISECONDS });
  try {
    await Promise.race([
      once(socket, 'connect'),
      once(socket, 'timeout').then(() => Promise.reject(new Error('no answer'))),
    ]);
    return 'connected';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    socket.destroy();
  }
}
