import { setTimeout as delay } from 'node:timers/promises';
import type { HistoryEntry } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { onCopy } from './mariadb-server.ts';
import { waitUntil, type LossMode } from './rig.ts';
import { REGIONS, type DatabaseScene, type SceneOptions } from './scene.ts';
import { LOGINS } from './schema.ts';
import { judgeData, longestSilence, readLedger, type DataVerdict, type Outage } from './verdict.ts';

const [EAST, WEST] = REGIONS;
/** Long enough for an automatic failover, were there to be one: several times the detection window of these policies. */
const HOLD_MILLISECONDS = 15_000;
const STRANDED_CLIENTS = 4;

/** One expectation of an incident, and what was found. */
export interface Finding {
  readonly what: string;
  readonly hasHeld: boolean;
  readonly found: string;
}

export interface IncidentResult {
  readonly name: string;
  readonly title: string;
  readonly seed?: number;
  readonly findings: readonly Finding[];
  readonly data: DataVerdict;
  readonly outage: Outage;
  /** Payments acknowledged in the second before the incident. */
  readonly paymentsPerSecond: number;
  /** What the operator said of the loss, where it moved the writer. */
  readonly estimate?: { readonly lastKnown: number; readonly worstCase: number };
  readonly timeline: readonly { readonly at: number; readonly what: string }[];
  readonly incidentAt: number;
  readonly startedAt: number;
  /** Since the scene began, a second each. */
  readonly throughput: readonly {
    readonly second: number;
    readonly payments: number;
    readonly lag: number | undefined;
  }[];
}

export interface Incident {
  readonly name: string;
  readonly title: string;
  readonly options?: SceneOptions;
  /** Plays it on a settled scene; gives when it began. */
  readonly play: (scene: DatabaseScene, expect: Expectations) => Promise<number>;
}

/** Takes down what an incident's script expects; a script goes on after an expectation that was not met. */
export class Expectations {
  readonly findings: Finding[] = [];

  that(what: string, hasHeld: boolean, found: unknown): void {
    this.findings.push({ what, hasHeld, found: typeof found === 'string' ? found : JSON.stringify(found) });
  }

  equal(what: string, found: unknown, expected: unknown): void {
    const isEqual = JSON.stringify(found) === JSON.stringify(expected);
    this.that(what, isEqual, isEqual ? String(found) : `${String(found)} instead of ${String(expected)}`);
  }
}

const mutating = ({ aws }: DatabaseScene): string[] =>
  aws.calls
    .filter(({ action }) => action === 'FailoverGlobalCluster' || action === 'SwitchoverGlobalCluster')
    .map(({ action, result }) => `${action} ${result}`);

/** Holds still for longer than a failover would take, and sees that none comes. */
async function nothingMoves(scene: DatabaseScene, expect: Expectations): Promise<void> {
  const calls = mutating(scene).length;
  await delay(HOLD_MILLISECONDS);
  scene.rig.check();
  expect.equal('no call that changes roles', mutating(scene).length - calls, 0);
  expect.equal('the writer stays', scene.status.primaryRegion, EAST);
}

async function automaticFailover(scene: DatabaseScene, expect: Expectations): Promise<void> {
  await scene.until('an automatic failover', ({ history = [] }) => history[0]?.outcome !== undefined);
  const entry = scene.lastEntry;
  const is = (found: HistoryEntry | undefined): string =>
    `${found?.trigger ?? ''} ${found?.type ?? ''} ${found?.from ?? ''} → ${found?.to ?? ''} ${found?.outcome ?? ''}`;
  expect.equal('history', is(entry), `Automatic Failover ${EAST} → ${WEST} Succeeded`);
  expect.equal('calls', mutating(scene), ['FailoverGlobalCluster ok']);
  await paidAgain(scene, expect);
}

/** Clients pay on whatever is published now. */
async function paidAgain(scene: DatabaseScene, expect: Expectations): Promise<void> {
  const { clients } = scene.rig.primary;
  const name = `${clients.address}:${clients.port}`;
  const count = (): number => scene.payments.acknowledged.filter(({ from, at }) => from === name && at > since).length;
  const since = Date.now();
  await waitUntil(() => count() > 30, `payments on ${scene.rig.primary.name}`);
  expect.that('clients pay on the published writer', true, scene.rig.primary.name);
}

/** A lost region comes back, its database is cloned anew, and the pair is whole again. */
async function rejoin(scene: DatabaseScene, expect: Expectations, region: string): Promise<void> {
  await scene.rig.restore(region);
  await rejoined(scene, expect);
}

async function rejoined(scene: DatabaseScene, expect: Expectations): Promise<void> {
  await scene.until(
    'the old primary re-joined',
    () => scene.condition('SplitBrainRisk').startsWith('False') && scene.condition('FailoverReady').startsWith('True'),
  );
  expect.equal('the old primary’s data were kept aside first', scene.rig.rescues.length, 1);
}

function lossOf(mode: LossMode): Incident['play'] {
  return async (scene, expect) => {
    const at = await scene.rig.lose(EAST, mode);
    await automaticFailover(scene, expect);
    expect.that(
      'SplitBrainRisk until it re-joins',
      scene.condition('SplitBrainRisk').startsWith('True'),
      scene.condition('SplitBrainRisk'),
    );
    await rejoin(scene, expect, EAST);
    return at;
  };
}

/** Once an operation is registered, the operator is killed, and another one takes over. */
async function crashInTheMiddle(scene: DatabaseScene): Promise<void> {
  await scene.until('the operation is registered', ({ operation }) => operation !== undefined);
  scene.rig.note('the operator crashes');
  await scene.operator.kill();
  scene.startOperator();
}

/** A primary that does not serve while its region's API answers is Aurora's own to recover. */
async function heldForRegion(scene: DatabaseScene, expect: Expectations, what: string): Promise<void> {
  await scene.until(`PrimaryHealthy False after ${what}`, () => scene.condition('PrimaryHealthy').startsWith('False'));
  expect.equal('PrimaryHealthy', scene.condition('PrimaryHealthy'), 'False InRegionRecovery');
  await nothingMoves(scene, expect);
  const notified = scene.aws.messages.map(({ message }) => (JSON.parse(message) as { kind: string }).kind);
  expect.that('people are notified', notified.includes('PrimaryUnhealthy'), notified.join(', '));
}

export const INCIDENTS: readonly Incident[] = [
  {
    name: 'region-loss',
    title: 'The primary’s region is lost',
    // Far enough away to lose something.
    options: { link: { latency: 250 } },
    play: lossOf('killed'),
  },
  {
    name: 'region-isolated',
    title: 'The primary’s region is isolated and lives on: its own clients go on paying there',
    play: async (scene, expect) => {
      scene.strandClients(STRANDED_CLIENTS);
      await waitUntil(() => (scene.stranded[0]?.acknowledged.length ?? 0) > 20, 'stranded clients that pay');
      return lossOf('isolated')(scene, expect);
    },
  },
  {
    name: 'killed-recovers',
    title: 'The primary’s server is killed (kill -9) and recovers in place',
    play: async (scene, expect) => {
      const at = scene.rig.note('kill -9');
      await scene.rig.primary.server.kill();
      await heldForRegion(scene, expect, 'kill -9');
      await scene.rig.recover(EAST);
      await paidAgain(scene, expect);
      await scene.until('the policy Protected again', ({ phase }) => phase === 'Protected');
      return at;
    },
  },
  {
    name: 'frozen-forced',
    title: 'The primary’s server is frozen (SIGSTOP); a person forces a failover',
    play: async (scene, expect) => {
      const at = scene.rig.note('SIGSTOP');
      scene.rig.primary.server.freeze();
      await heldForRegion(scene, expect, 'SIGSTOP');
      const endpoint = scene.status.signals?.find(({ name }) => name === 'endpoint');
      expect.equal('the endpoint is told as frozen, not gone', endpoint?.reason, 'Frozen');
      await scene.annotate({ 'force-failover': 'any', 'force-type': 'Failover', 'accept-data-loss': 'true' });
      await scene.until('the forced failover', ({ history = [] }) => history[0]?.outcome !== undefined);
      expect.equal('outcome', scene.lastEntry?.outcome, 'Succeeded');
      await paidAgain(scene, expect);
      await rejoined(scene, expect);
      return at;
    },
  },
  {
    name: 'frozen-limit',
    title: 'The primary’s server is frozen for longer than inRegionRecoveryLimit',
    options: { failover: { inRegionRecoveryLimit: '12s' } },
    play: async (scene, expect) => {
      const at = scene.rig.note('SIGSTOP');
      scene.rig.primary.server.freeze();
      await scene.until('the hold', () => scene.condition('PrimaryHealthy') === 'False InRegionRecovery');
      expect.equal('nothing moves before the limit', mutating(scene), []);
      await automaticFailover(scene, expect);
      const call = scene.aws.callsOf({ action: 'FailoverGlobalCluster' })[0]?.at ?? 0;
      expect.that('not before the limit', call - at >= 12_000, `${call - at} ms after SIGSTOP`);
      await rejoined(scene, expect);
      return at;
    },
  },
  {
    name: 'disk-full',
    title: 'The primary’s disk is full: it answers, and cannot commit; then there is room again',
    play: async (scene, expect) => {
      const at = scene.rig.note('the disk is full');
      await scene.rig.primary.server.fillDisk();
      await heldForRegion(scene, expect, 'the disk is full');
      await scene.rig.emptyDisk();
      await paidAgain(scene, expect);
      await scene.until('the policy Protected again', ({ phase }) => phase === 'Protected');
      return at;
    },
  },
  {
    name: 'read-only',
    title: 'The primary’s server is made read-only by a person: alive, and no writer',
    play: async (scene, expect) => {
      const at = scene.rig.note('read_only = ON');
      await scene.rig.primary.server.refuseWrites();
      await scene.until(
        'PrimaryHealthy False and the endpoint read-only',
        ({ signals = [] }) =>
          scene.condition('PrimaryHealthy').startsWith('False') &&
          signals.some(({ name, reason }) => name === 'endpoint' && reason === 'ReadOnly'),
      );
      const endpoint = scene.status.signals?.find(({ name }) => name === 'endpoint');
      expect.equal(
        'the endpoint neither votes nor vetoes',
        `${endpoint?.state ?? ''} ${endpoint?.reason ?? ''}`,
        'Unknown ReadOnly',
      );
      await nothingMoves(scene, expect);
      await scene.rig.primary.server.takeWrites();
      scene.rig.note('read_only = OFF');
      await paidAgain(scene, expect);
      await scene.until('the policy Protected again', ({ phase }) => phase === 'Protected');
      return at;
    },
  },
  {
    name: 'login-rotated',
    title: 'The password of the operator’s login is rotated in the database, later in the Secret',
    play: async (scene, expect) => {
      const at = scene.rig.note('the password is rotated in the database');
      const password = 'rotated-in-the-rig';
      await scene.rig.primary.server.query(`ALTER USER '${LOGINS.probe.user}'@'%' IDENTIFIED BY '${password}'`);
      await scene.until('the endpoint Unknown', ({ signals = [] }) =>
        signals.some(({ name, state, reason }) => name === 'endpoint' && state === 'Unknown' && reason === 'Rejected'),
      );
      await nothingMoves(scene, expect);
      scene.rig.note('the Secret has it');
      await scene.putLogin(password);
      await scene.until('every signal Passing again', ({ signals = [] }) =>
        signals.every(({ state }) => state === 'Passing'),
      );
      const log = scene.operators.flatMap(({ lines }) => lines).join('\n');
      const secrets = [password, LOGINS.probe.password];
      expect.that('no password is in the operator’s log', !secrets.some((secret) => log.includes(secret)), 'none');
      return at;
    },
  },
  {
    name: 'operator-cut-off',
    title: 'The operator is cut off from the primary’s region',
    play: async (scene, expect) => {
      const at = await scene.rig.cutOperatorOff(EAST);
      await nothingMoves(scene, expect);
      const silence = longestSilence(scene.payments.acknowledged, at, Date.now());
      expect.that('clients pay all along', silence.to - silence.from < 3000, `${silence.to - silence.from} ms`);
      await scene.rig.reconnectOperator(EAST);
      await scene.until('the policy Protected again', ({ phase }) => phase === 'Protected');
      return at;
    },
  },
  {
    name: 'link-cut',
    title: 'The link between the regions is cut',
    play: async (scene, expect) => {
      const at = await scene.rig.cutReplication();
      await scene.until('ReplicationHealthy False', () => scene.condition('ReplicationHealthy').startsWith('False'));
      await nothingMoves(scene, expect);
      expect.equal('PrimaryHealthy', scene.condition('PrimaryHealthy').split(' ')[0], 'True');
      await scene.rig.healReplication();
      await scene.until('the policy Protected again', ({ phase }) => phase === 'Protected');
      return at;
    },
  },
  {
    name: 'lag-refused',
    title: 'Replication is slower than the policy permits when the region is lost: automation refuses',
    options: { calculationOnLoss: 'grows' },
    play: async (scene, expect) => {
      await scene.rig.slowReplication({ latency: 4000 });
      await scene.until(
        'a lag above the recovery point',
        () => scene.condition('ReplicationHealthy') === 'False LagHigh',
      );
      const at = await scene.rig.lose(EAST, 'killed');
      await scene.until('Suspect', ({ phase }) => phase === 'Suspect');
      await nothingMoves(scene, expect);
      const ready = scene.status.conditions?.find(({ type }) => type === 'FailoverReady');
      expect.that(
        'FailoverReady says why',
        ready?.status === 'False' && /lag|loss|recovery/i.test(ready.message),
        ready,
      );
      await scene.rig.slowReplication({});
      await scene.rig.restore(EAST);
      await paidAgain(scene, expect);
      await scene.until('the policy Protected again', ({ phase }) => phase === 'Protected');
      return at;
    },
  },
  {
    name: 'switchover-failback',
    title: 'A planned switchover under load, and the failback',
    play: async (scene, expect) => {
      const at = scene.rig.note('switchover is asked for');
      await scene.annotate({ 'force-failover': WEST, 'force-type': 'Switchover' });
      await scene.until('the switchover', ({ history = [] }) => history.length === 1);
      expect.equal(
        'outcome',
        `${scene.lastEntry?.type ?? ''} ${scene.lastEntry?.outcome ?? ''}`,
        'Switchover Succeeded',
      );
      await paidAgain(scene, expect);
      await scene.until('a fit secondary', () => scene.condition('FailoverReady').startsWith('True'));
      await scene.annotate({ failback: 'true' });
      await scene.until('the failback', ({ history = [] }) => history.length === 2);
      expect.equal(
        'outcome',
        `${scene.lastEntry?.trigger ?? ''} ${scene.lastEntry?.outcome ?? ''}`,
        'Failback Succeeded',
      );
      expect.equal('the writer is home', scene.status.primaryRegion, EAST);
      await paidAgain(scene, expect);
      return at;
    },
  },
  {
    name: 'switchover-crash',
    title: 'A planned switchover under load, and the operator crashes in the middle; likewise the failback',
    play: async (scene, expect) => {
      const at = scene.rig.note('switchover is asked for');
      await scene.annotate({ 'force-failover': WEST, 'force-type': 'Switchover' });
      await crashInTheMiddle(scene);
      await scene.until('the switchover', ({ history = [] }) => history.length === 1);
      expect.equal(
        'outcome',
        `${scene.lastEntry?.type ?? ''} ${scene.lastEntry?.outcome ?? ''}`,
        'Switchover Succeeded',
      );
      await paidAgain(scene, expect);
      await scene.until('a fit secondary', () => scene.condition('FailoverReady').startsWith('True'));
      await scene.annotate({ failback: 'true' });
      await crashInTheMiddle(scene);
      await scene.until('the failback', ({ history = [] }) => history.length === 2);
      expect.equal(
        'outcome',
        `${scene.lastEntry?.trigger ?? ''} ${scene.lastEntry?.outcome ?? ''}`,
        'Failback Succeeded',
      );
      expect.equal('the writer is home', scene.status.primaryRegion, EAST);
      expect.equal('calls', mutating(scene), ['SwitchoverGlobalCluster ok', 'SwitchoverGlobalCluster ok']);
      await paidAgain(scene, expect);
      return at;
    },
  },
  {
    name: 'operator-crash',
    title: 'The region is lost, and the operator crashes in the middle of the failover',
    play: async (scene, expect) => {
      const at = await scene.rig.lose(EAST, 'killed');
      await crashInTheMiddle(scene);
      await automaticFailover(scene, expect);
      await rejoin(scene, expect, EAST);
      return at;
    },
  },
];

/** Plays one incident on a new scene, and judges it by the data. */
export async function playIncident(
  scene: DatabaseScene,
  { name, title, play }: Pick<Incident, 'name' | 'title' | 'play'>,
  seed?: number,
): Promise<IncidentResult> {
  const expect = new Expectations();
  const startedAt = Date.now();
  const lags = sampleLag(scene);
  await scene.settled();
  const incidentAt = await play(scene, expect);
  scene.rig.check();
  await scene.stopPayments();
  const lag = await lags.stop();
  const trouble = await scene.rig.replicationTrouble();
  expect.that('the secondary catches up', trouble === undefined, trouble ?? 'it has everything');
  const data = await judge(scene, incidentAt);
  expectData(expect, scene, data);
  const entry = scene.lastEntry;
  const isFailover = entry?.type === 'Failover';
  return {
    name,
    title,
    ...(seed === undefined ? {} : { seed }),
    findings: expect.findings,
    data,
    outage: outageOf(scene, incidentAt),
    paymentsPerSecond:
      scene.payments.acknowledged.filter(({ at }) => at > incidentAt - 5000 && at <= incidentAt).length / 5,
    ...(isFailover && entry.estimatedDataLossMilliseconds !== undefined
      ? {
          estimate: {
            lastKnown: entry.estimatedDataLossMilliseconds,
            worstCase: entry.worstCaseDataLossMilliseconds ?? entry.estimatedDataLossMilliseconds,
          },
        }
      : {}),
    timeline: [...scene.rig.acts, ...scene.sightings]
      .filter(({ at }) => at >= incidentAt - 1000)
      .toSorted((a, b) => a.at - b.at),
    incidentAt,
    startedAt,
    throughput: throughputOf(scene, startedAt, lag),
  };
}

async function judge(scene: DatabaseScene, incidentAt: number): Promise<DataVerdict> {
  const { rig, payments, stranded } = scene;
  const ledger = await readLedger((sql) => rig.primary.server.query(sql));
  const [rescue] = rig.rescues;
  const rescued =
    rescue === undefined
      ? undefined
      : await onCopy(rig.region(rescue.region).server, rescue.folder, (query) => readLedger(query));
  const acknowledged = [payments, ...stranded]
    .flatMap((service) => service.acknowledged)
    .toSorted((a, b) => a.at - b.at);
  const isFailover = rig.aws.operations.some(({ kind, phase }) => kind === 'failover' && phase === 'completed');
  return judgeData({ acknowledged, ledger, rescued, incidentAt, promotedAt: isFailover ? rig.promotedAt : undefined });
}

/** What must hold of the data whatever happened, and what only where something was lost. */
function expectData(expect: Expectations, scene: DatabaseScene, data: DataVerdict): void {
  expect.equal('broken invariants', data.brokenInvariants, []);
  const entry = scene.lastEntry;
  if (entry?.type !== 'Failover') {
    expect.equal('acknowledged payments that are lost', data.lost.length + data.splitBrain.length, 0);
    return;
  }
  const worst = entry.worstCaseDataLossMilliseconds ?? -1;
  expect.that(
    'the loss is within the operator’s worst case',
    data.lossMilliseconds <= worst,
    `${Math.round(data.lossMilliseconds)} ms of at worst ${worst} ms`,
  );
  const isStranded = scene.stranded.length > 0;
  if (!isStranded) expect.equal('commits accepted by both sides', data.splitBrain.length, 0);
  else expect.that('commits accepted by both sides are found', data.splitBrain.length > 0, `${data.splitBrain.length}`);
  const missing = data.lost.length + data.splitBrain.length;
  if (scene.rig.rescues.length > 0) {
    expect.equal('what is missing is in the data that were kept aside', data.rescued, missing);
  }
}

function outageOf(scene: DatabaseScene, incidentAt: number): Outage {
  const { acknowledged } = scene.payments;
  const silence = longestSilence(acknowledged, incidentAt, acknowledged.at(-1)?.at ?? incidentAt);
  const call = scene.aws.calls.find(({ action, at }) => action === 'FailoverGlobalCluster' && at >= incidentAt)?.at;
  const entry = scene.lastEntry;
  const unavailable = silence.to - silence.from;
  const detectedAt = entry?.detectedAt === undefined ? undefined : Date.parse(entry.detectedAt);
  const startedAt = entry === undefined ? undefined : Date.parse(entry.startedAt);
  const { promotedAt } = scene.rig;
  const publishedAt = scene.publishedAt.get(WEST);
  if (call === undefined || startedAt === undefined || promotedAt === undefined || publishedAt === undefined) {
    return { unavailable };
  }
  const firstAt = acknowledged.find(({ at }) => at >= publishedAt)?.at ?? publishedAt;
  return {
    unavailable,
    detection: startedAt - incidentAt,
    decision: call - startedAt,
    promotion: promotedAt - call,
    publication: publishedAt - promotedAt,
    reconnection: firstAt - publishedAt,
    ...(detectedAt === undefined ? {} : { firstSignal: detectedAt - incidentAt }),
  };
}

interface LagSampler {
  stop(): Promise<readonly { readonly at: number; readonly lag: number | undefined }[]>;
}

function sampleLag(scene: DatabaseScene): LagSampler {
  const samples: { at: number; lag: number | undefined }[] = [];
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      samples.push({ at: Date.now(), lag: await scene.rig.lagMilliseconds() });
      await delay(500, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
      return samples;
    },
  };
}

function throughputOf(
  { payments }: DatabaseScene,
  startedAt: number,
  lag: readonly { readonly at: number; readonly lag: number | undefined }[],
): IncidentResult['throughput'] {
  const end = payments.acknowledged.at(-1)?.at ?? startedAt;
  return Array.from({ length: Math.ceil((end - startedAt) / 1000) }, (_, second) => {
    const [from, to] = [startedAt + second * 1000, startedAt + (second + 1) * 1000];
    return {
      second,
      payments: payments.acknowledged.filter(({ at }) => at >= from && at < to).length,
      lag: lag.findLast(({ at }) => at >= from && at < to)?.lag,
    };
  });
}
