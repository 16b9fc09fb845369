import { parseArgs } from 'node:util';

const usage = `Controls a local AWS that runs (node test/aws/main.ts).

  node test/aws/control.ts --url URL COMMAND     (or AURORA_DR_LOCAL_AWS_CONTROL=URL)

  state | calls [ACTION] | messages | events | operations
  lose REGION [--mode blackhole]            the region is gone
  cut-off REGION [--mode blackhole]         clients cannot reach the region, which lives on
  restore REGION
  fault REGION ACTION KIND [--count N] [--milliseconds N] [--how drop|hang] [--code CODE] [--status N]
                                            KIND: refuse hang throttle serverError garbage accessDenied
                                            expiredToken error stale effectWithoutAnswer delay hold; '*' for any
  clear-faults
  lag REGION CLUSTER MS [MS_PER_SECOND]     constant, or growing
  status REGION CLUSTER STATUS|auto
  endpoint REGION CLUSTER auto|accept|refuse|hang|silent|reset
  engine-version REGION CLUSTER VERSION
  sever REGION CLUSTER | heal REGION CLUSTER   the replication into this secondary
  silence REGION CLUSTER [METRIC ...]
  metric-delay MS [REGION]
  next complete|cancelled|failed|stuck [--stuck-in pending|promoting] [--fence succeeded|timed-out|none|auto]
  start failover|switchover REGION          as if somebody else did
  release complete|failed                   a stuck operation
  witness auto|hang|refuse|STATUS
  topic REGION NAME
  advance MS
`;

const options = {
  url: { type: 'string', default: process.env['AURORA_DR_LOCAL_AWS_CONTROL'] ?? '' },
  mode: { type: 'string' },
  count: { type: 'string' },
  milliseconds: { type: 'string' },
  how: { type: 'string' },
  code: { type: 'string' },
  status: { type: 'string' },
  'stuck-in': { type: 'string' },
  fence: { type: 'string' },
} as const;

interface Flags {
  readonly mode?: string | undefined;
  readonly count?: string | undefined;
  readonly milliseconds?: string | undefined;
  readonly how?: string | undefined;
  readonly code?: string | undefined;
  readonly status?: string | undefined;
  readonly 'stuck-in'?: string | undefined;
  readonly fence?: string | undefined;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
}

/** Each command as a request of the control API. */
const commands: Partial<Record<string, (words: string[], flags: Flags) => Call>> = {
  state: () => get('/state'),
  calls: ([action]) => get(action === undefined ? '/calls' : `/calls?action=${encodeURIComponent(action)}`),
  messages: () => get('/messages'),
  events: () => get('/events'),
  operations: () => get('/operations'),
  lose: ([region = ''], { mode }) => post(`/regions/${encodeURIComponent(region)}/lose`, { mode }),
  'cut-off': ([region = ''], { mode }) => post(`/regions/${encodeURIComponent(region)}/cut-off`, { mode }),
  restore: ([region = '']) => post(`/regions/${encodeURIComponent(region)}/restore`),
  fault: ([region, action, kind], { count, milliseconds, how, code, status }) =>
    post('/faults', {
      region,
      action,
      count: number(count),
      fault: { kind, milliseconds: number(milliseconds), how, code, status: number(status) },
    }),
  'clear-faults': () => ({ method: 'DELETE', path: '/faults' }),
  lag: ([region, cluster, from, growth]) => {
    const growing = { kind: 'growing', from: number(from), millisecondsPerSecond: number(growth) };
    return post(clusterPath(region, cluster, 'lag'), { lag: growth === undefined ? number(from) : growing });
  },
  status: ([region, cluster, status]) =>
    post(clusterPath(region, cluster, 'status'), { status: status === 'auto' ? null : status }),
  endpoint: ([region, cluster, mode]) => post(clusterPath(region, cluster, 'endpoint'), { mode }),
  'engine-version': ([region, cluster, engineVersion]) =>
    post(clusterPath(region, cluster, 'engine-version'), { engineVersion }),
  sever: ([region, cluster]) => post(clusterPath(region, cluster, 'replication'), { isSevered: true }),
  heal: ([region, cluster]) => post(clusterPath(region, cluster, 'replication'), { isSevered: false }),
  silence: ([region, cluster, ...metricNames]) => post(clusterPath(region, cluster, 'silence'), { metricNames }),
  'metric-delay': ([milliseconds, region]) => post('/metric-delay', { milliseconds: number(milliseconds), region }),
  next: ([outcome], flags) => post('/operations/next', { outcome, stuckIn: flags['stuck-in'], fence: flags.fence }),
  start: ([kind, region]) => post('/operations/start', { kind, region }),
  release: ([outcome]) => post('/operations/release', { outcome }),
  witness: ([mode = '']) => post('/witness', { mode: /^\d+$/.test(mode) ? Number(mode) : mode }),
  topic: ([region, name]) => post('/topics', { region, name }),
  advance: ([milliseconds]) => post('/advance', { milliseconds: number(milliseconds) }),
};

function get(path: string): Call {
  return { method: 'GET', path };
}

function post(path: string, body: unknown = {}): Call {
  return { method: 'POST', path, body };
}

function clusterPath(region = '', cluster = '', what = ''): string {
  return `/clusters/${encodeURIComponent(region)}/${encodeURIComponent(cluster)}/${what}`;
}

function number(value: string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [name = '', ...words] = positionals;
  const command = commands[name];
  if (command === undefined || values.url === '') {
    throw new Error(command === undefined ? usage : `cannot reach the control API: state --url\n\n${usage}`);
  }
  const { method, path, body } = command(words, values);
  const response = await fetch(new URL(path, values.url), {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const content = await response.text();
  if (!response.ok) {
    throw new Error(`cannot ${name}: ${content}`);
  }
  process.stdout.write(content);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
