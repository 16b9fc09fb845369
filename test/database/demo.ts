import { setTimeout as delay } from 'node:timers/promises';
import { ensureKubectl } from '../control-plane/ensure-binaries.ts';
import { Narrator } from '../demo/narrator.ts';
import { INCIDENTS, playIncident, type IncidentResult } from './incidents.ts';
import { hasPassed } from './report.ts';
import { DatabaseStage, type DatabaseScene } from './scene.ts';

const VIEW_MILLISECONDS = 1000;
const BAR_WIDTH = 30;
/** Payments a second that fill the bar. */
const FULL_BAR = 400;

/** Shows the loss of a region on two real databases under load. Gives the exit code. */
export async function runDatabaseDemo({ isJson }: { readonly isJson: boolean }): Promise<number> {
  const narrator = new Narrator(isJson ? process.stderr : process.stdout);
  narrator.line('Aurora DR Operator: two real databases survive the loss of a region, and the data say what it cost.');
  narrator.heading('Set-up');
  await ensureKubectl();
  const preparing = DatabaseStage.start();
  await using stage = await narrator.during(
    'getting MariaDB and toxiproxy, starting etcd and kube-apiserver',
    preparing,
  );
  const incident = INCIDENTS.find(({ name }) => name === 'region-loss');
  if (incident === undefined) throw new Error('cannot play the demo: its incident is not there');
  await using scene = await narrator.during(
    'starting two databases, an AWS and an operator',
    stage.scene(incident.options),
  );
  narrator.fact(
    'databases',
    'MariaDB in us-east-1 (writer) and us-west-2 (replica, 250 ms away), one port for each way to them',
  );
  narrator.fact('policy', 'rounds of 1 s; endpoint by MySQL with a write probe, replication by SQL, an http witness');
  narrator.fact('load', 'a payments service of 24 clients, sent to the address in ConfigMap transactions-writer');
  narrator.heading('us-east-1 is lost under load');
  const view = liveView(scene, narrator);
  const playing = playIncident(scene, incident);
  let result: IncidentResult;
  try {
    result = await playing;
  } catch (error) {
    narrator.line(scene.report());
    throw error;
  } finally {
    await view.stop();
  }
  tellVerdict(narrator, result);
  if (isJson) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  return hasPassed(result) ? 0 : 1;
}

/** A line each second, and whatever happens between two of them. */
function liveView(scene: DatabaseScene, narrator: Narrator): { stop(): Promise<void> } {
  const startedAt = Date.now();
  const stopping = new AbortController();
  const seconds = (at: number): string => `${((at - startedAt) / 1000).toFixed(1).padStart(6)} s`;
  let told = 0;
  const tell = async (): Promise<void> => {
    const happened = [...scene.rig.acts, ...scene.sightings].toSorted((a, b) => a.at - b.at);
    for (const { at, what } of happened.slice(told)) narrator.line(`  ${seconds(at)}  ${what}`);
    told = happened.length;
    const rate = scene.payments.countSince(Date.now() - VIEW_MILLISECONDS);
    const bar = '█'.repeat(Math.min(BAR_WIDTH, Math.round((rate / FULL_BAR) * BAR_WIDTH))).padEnd(BAR_WIDTH, '·');
    const lag = await scene.rig.lagMilliseconds();
    const { phase = 'none', primaryRegion = 'none' } = scene.status;
    narrator.line(
      `  ${seconds(Date.now())}  ${bar} ${String(rate).padStart(4)} payments/s  ` +
        `lag ${lag === undefined ? '?' : Math.round(lag)} ms  ${phase}, writer ${primaryRegion}`,
    );
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await tell();
      await delay(VIEW_MILLISECONDS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

function tellVerdict(narrator: Narrator, { findings, data, outage, estimate }: IncidentResult): void {
  narrator.heading('The verdict, from the data');
  for (const { what, hasHeld, found } of findings) {
    narrator.check({ title: what, expected: 'it holds', actual: found, hasPassed: hasHeld });
  }
  const part = (label: string, milliseconds: number | undefined, what: string): void => {
    const figure = milliseconds === undefined ? '?' : (milliseconds / 1000).toFixed(3);
    narrator.line(`  ${label.padEnd(14)} ${figure.padStart(7)} s   ${what}`);
  };
  narrator.heading('What clients saw');
  part('unavailable', outage.unavailable, 'no payment acknowledged');
  part('  detection', outage.detection, 'loss → the operator has decided');
  part('  decision', outage.decision, 'decided → FailoverGlobalCluster: persisted first');
  part('  promotion', outage.promotion, 'call → the replica takes writes');
  part('  publication', outage.publication, 'the replica takes writes → ConfigMap written');
  part('  reconnection', outage.reconnection, 'ConfigMap written → first payment');
  narrator.line('');
  const [last, worst] = [estimate?.lastKnown, estimate?.worstCase].map((value) =>
    value === undefined ? '?' : Math.round(value),
  );
  narrator.line(
    `  ${data.acknowledged} payments acknowledged, ${data.lost.length} of them lost: the last ${Math.round(data.lossMilliseconds)} ms. ` +
      `The operator had said ${last ?? '?'} ms, at worst ${worst ?? '?'} ms.`,
  );
  narrator.line(`  All ${data.rescued} are in the data that were kept aside before the old primary was cloned anew.`);
}
