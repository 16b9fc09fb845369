import { setTimeout as delay } from 'node:timers/promises';
import { SeededRandom } from '../simulation/seeded-random.ts';
import type { Expectations, Incident } from './incidents.ts';
import { waitUntil } from './rig.ts';
import { REGIONS, type DatabaseScene } from './scene.ts';

const [EAST, WEST] = REGIONS;
const STRANDED_CLIENTS = 4;
/** For what a random incident leaves behind to be over. */
const AFTERMATH_MILLISECONDS = 90_000;

type Act = (scene: DatabaseScene, random: SeededRandom) => Promise<void>;

/** Something that goes by, before the main thing or alone. */
const PRELUDES: Readonly<Record<string, Act>> = {
  nothing: () => Promise.resolve(),
  'a cut of the link': async ({ rig }, random) => {
    await rig.cutReplication();
    await delay(random.integer(300, 4000));
    await rig.healReplication();
  },
  'a freeze of the primary': async ({ rig }, random) => {
    rig.note('SIGSTOP');
    rig.primary.server.freeze();
    await delay(random.integer(300, 4000));
    rig.primary.server.thaw();
    rig.note('SIGCONT');
  },
  'an operator that is cut off': async ({ rig }, random) => {
    await rig.cutOperatorOff(EAST);
    await delay(random.integer(300, 4000));
    await rig.reconnectOperator(EAST);
  },
  'a restart of the operator': async (scene) => {
    scene.rig.note('the operator is restarted');
    await scene.operator.stop();
    scene.startOperator();
  },
};

/** What it is all about. Each ends with both regions there, and the link whole. */
const MAINS: readonly (readonly [weight: number, what: string, act: Act])[] = [
  [4, 'the loss of the region', (scene, random) => lose(scene, random, 'killed')],
  [2, 'the isolation of the region', (scene, random) => lose(scene, random, 'isolated')],
  [
    1,
    'the loss of the region while the link is cut',
    async (scene, random) => {
      await scene.rig.cutReplication();
      await delay(random.integer(200, 3000));
      await lose(scene, random, 'killed');
    },
  ],
  [
    1,
    'a killed server',
    async ({ rig }, random) => {
      rig.note('kill -9');
      await rig.primary.server.kill();
      await delay(random.integer(1000, 8000));
      await rig.recover(EAST);
    },
  ],
  [
    1,
    'a frozen server',
    async ({ rig }, random) => {
      rig.note('SIGSTOP');
      rig.primary.server.freeze();
      await delay(random.integer(3000, 9000));
      rig.primary.server.thaw();
      rig.note('SIGCONT');
    },
  ],
  [
    1,
    'a full disk',
    async ({ rig }, random) => {
      rig.note('the disk is full');
      await rig.primary.server.fillDisk();
      await delay(random.integer(2000, 8000));
      await rig.emptyDisk();
    },
  ],
  [
    1,
    'a switchover',
    async (scene) => {
      await scene.annotate({ 'force-failover': WEST, 'force-type': 'Switchover' });
      await scene.until('the answer to the request', ({ lastRequest }) => lastRequest !== undefined);
      await scene.until('the end of the operation', ({ operation }) => operation === undefined);
    },
  ],
];

async function lose(scene: DatabaseScene, random: SeededRandom, mode: 'killed' | 'isolated'): Promise<void> {
  const { rig } = scene;
  if (mode === 'isolated' && random.chance(0.5)) scene.strandClients(STRANDED_CLIENTS);
  const isCrashing = random.chance(0.3);
  const crashAfter = random.integer(500, 5000);
  await rig.lose(EAST, mode);
  if (isCrashing) {
    await delay(crashAfter);
    rig.note('the operator crashes');
    await scene.operator.kill();
    scene.startOperator();
  }
  // Either the writer moves, or the policy forbids it and says so: then the region comes back as it was.
  await waitUntil(
    () => scene.status.history?.[0]?.outcome !== undefined || isForbidden(scene),
    'a failover, or a reason against it',
  );
  await rig.restore(EAST);
}

/** The brain says why it does not act: the loss would be unknown, or more than the policy permits. */
function isForbidden({ status }: DatabaseScene): boolean {
  const progressing = status.conditions?.find(({ type }) => type === 'Progressing');
  return status.operation === undefined && /DataLoss|Lag|Loss/.test(progressing?.reason ?? '');
}

/** An incident that a seed decides: links, load, what goes by first, what happens, whether the operator crashes. */
export function randomIncident(seed: number): Incident {
  const random = new SeededRandom(seed);
  const link = { latency: random.pick([5, 35, 120, 400]), jitter: random.pick([0, 0, 30]) };
  const calculationOnLoss = random.pick(['stops', 'grows'] as const);
  const clients = random.integer(12, 32);
  const prelude = random.weighted([
    [3, 'nothing'],
    ...Object.keys(PRELUDES)
      .filter((name) => name !== 'nothing')
      .map((name) => [1, name] as const),
  ]);
  const [what, act] = random.weighted(MAINS.map(([weight, name, play]) => [weight, [name, play] as const] as const));
  return {
    name: `random-${seed}`,
    title: `${prelude === 'nothing' ? '' : `${prelude}, then `}${what}; link of ${link.latency} ms`,
    options: { link, calculationOnLoss, clients },
    play: async (scene, expect) => {
      await PRELUDES[prelude]?.(scene, random);
      await delay(random.integer(0, 3000));
      const at = scene.rig.note(`it begins: ${what}`);
      await act(scene, random);
      await scene.rig.healReplication();
      await settleAgain(scene, expect);
      return at;
    },
  };
}

/** Whatever happened: one writer, that is published and paid on, a fit secondary, and at most one change of roles. */
async function settleAgain(scene: DatabaseScene, expect: Expectations): Promise<void> {
  await scene.until(
    'the pair whole again',
    ({ operation, phase }) =>
      operation === undefined &&
      (phase === 'Protected' || phase === 'Degraded') &&
      scene.condition('SplitBrainRisk').startsWith('False') &&
      scene.condition('EndpointPublished').startsWith('True'),
    AFTERMATH_MILLISECONDS,
  );
  const { clients, name } = scene.rig.primary;
  const since = Date.now();
  const paid = (): number =>
    scene.payments.acknowledged.filter(({ from, at }) => from === `${clients.address}:${clients.port}` && at > since)
      .length;
  await waitUntil(() => paid() > 20, `payments on ${name}`);
  expect.equal('the published writer is AWS’s', scene.status.primaryRegion, name);
  const changes = scene.aws.operations.filter(({ phase }) => phase === 'completed').length;
  expect.that('the roles changed once at most', changes <= 1, `${changes}`);
}
