import { parseArgs } from 'node:util';
import { startLocalAws } from './local-aws.ts';
import type { LocalAws } from './local-aws.ts';
import { startControlServer } from './server/control-server.ts';

const usage = `Plays a small AWS on loopback until it is interrupted.

  node test/aws/main.ts [flags]

  --region NAME[=PORT]      a region, the primary's first (repeatable; default us-east-1 and us-west-2)
  --global-cluster NAME     the global cluster to start with (default aurora-global-prod; "" for none)
  --cluster NAME            identifier of its clusters in every region (default aurora-prod)
  --lag MS                  lag of its secondaries (default 120)
  --metric-period MS        period of the samples (default 1000; AWS: 60000)
  --metric-delay MS         how late samples are delivered (default 0; AWS: one to three minutes)
  --topic NAME              SNS topic in every region (default aurora-dr)
  --control-port PORT       port of the control API (default: a free one)
  --json                    one line of JSON when ready, instead of text
`;

const options = {
  region: { type: 'string', multiple: true },
  'global-cluster': { type: 'string', default: 'aurora-global-prod' },
  cluster: { type: 'string', default: 'aurora-prod' },
  lag: { type: 'string', default: '120' },
  'metric-period': { type: 'string', default: '1000' },
  'metric-delay': { type: 'string', default: '0' },
  topic: { type: 'string', default: 'aurora-dr' },
  'control-port': { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const named = values.region ?? ['us-east-1', 'us-west-2'];
  const regions = named.map((each) => each.split('=')[0] ?? each);
  const ports = named.flatMap((each) => {
    const [name = '', port] = each.split('=');
    return port === undefined ? [] : [[name, Number(port)] as const];
  });
  const aws = await startLocalAws({
    regions,
    ports: Object.fromEntries(ports),
    settings: { metricPeriod: Number(values['metric-period']), metricDelay: Number(values['metric-delay']) },
  });
  if (values['global-cluster'] !== '') {
    const identifier = values['global-cluster'];
    await aws.addGlobalCluster({ identifier, regions, clusterIdentifier: values.cluster, lag: Number(values.lag) });
  }
  const topics = regions.map((region) => aws.addTopic(region, values.topic));
  const port = values['control-port'];
  const control = await startControlServer(aws, port === undefined ? undefined : Number(port));
  process.stdout.write(
    values.json ? `${JSON.stringify(describe(aws, control.url, topics))}\n` : text(aws, control.url),
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void Promise.all([aws.stop(), control.stop()]).then(() => process.exit(0));
    });
  }
}

/** What a parent process needs to know. */
function describe(aws: LocalAws, control: string, topics: readonly string[]): object {
  const { endpoints, endpointFlags, environment, globalEndpoint } = aws;
  return { endpoints, endpointFlags, environment, globalEndpoint, witness: aws.witnessUrl(), topics, control };
}

function text(aws: LocalAws, control: string): string {
  const endpoints = Object.entries(aws.endpoints).map(([region, url]) => `  ${region.padEnd(16)} ${url}\n`);
  const clusters = [...aws.world.clusters.values()].map(
    ({ region, identifier, address, port }) => `  ${region.padEnd(16)} ${identifier} at ${address}:${port}\n`,
  );
  return `The local AWS runs. RDS, CloudWatch, SNS and STS:
${endpoints.join('')}Writer endpoints:
${clusters.join('')}Witness:           ${aws.witnessUrl()}
Control API:       ${control}

Operator:          AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local npm start -- ${aws.endpointFlags.join(' ')}
Break something:   node test/aws/control.ts --url ${control} lose ${Object.keys(aws.endpoints)[0] ?? ''}
Heal it:           node test/aws/control.ts --url ${control} restore ${Object.keys(aws.endpoints)[0] ?? ''}
`;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exit(1);
});
