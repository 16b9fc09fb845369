import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { informer } from '../peers/informer.ts';
import type { BenchAws } from '../rig/bench-aws.ts';
import { NAMESPACE, numberIn } from '../rig/fleet.ts';
import { processFigures } from '../rig/process-figures.ts';
import { range } from '../rig/side-by-side.ts';
import { now } from '../rig/time.ts';
import type { Place } from '../report/report.ts';
import type { WholeScenario } from '../scenario.ts';
import { forced, startAws, until } from '../session.ts';

const SCENARIO = 'floor';
const PATIENCE_MILLISECONDS = 30_000;
const ANNOTATION_PAUSE = 250;
/** Until it has let go of what it was sent at the start. */
const REST_MILLISECONDS = 10_000;

export const floor: WholeScenario = {
  kind: 'whole',
  name: SCENARIO,
  title:
    'what a bare informer needs that observes nothing and writes nothing: memory, start, and annotation to request',
  async run(bench, policies) {
    await bench.restore();
    const place = { scenario: SCENARIO, contestant: informer.name, policies };
    await using aws = await startAws(bench, policies);
    const startedAt = now();
    const peer = await informer.start({
      kubeconfig: bench.plane.kubeconfig,
      awsEndpoints: aws.endpoints,
      environment: aws.environmentOf('AKIAFLOOR'),
      namespace: NAMESPACE,
      watchdog: bench.watchdog,
    });
    try {
      await peer.untilSynced();
      bench.measurements.add(place, 'process → synced', 'ms', now() - startedAt);
      await delay(REST_MILLISECONDS);
      bench.measurements.add(place, 'resident memory of a process', 'MB', processFigures(peer.pid).residentMegabytes);
      await measureAnnotations(bench, place, aws);
    } finally {
      await peer.stop();
    }
  },
};

async function measureAnnotations(bench: Bench, place: Place, aws: BenchAws): Promise<void> {
  const asked = range(1, Math.min(bench.props.effort.reactions, place.policies));
  const sentAt = new Map<number, number>();
  for (const number of asked) {
    await bench.fleet.annotate(number, forced, () => sentAt.set(number, now()));
    await delay(ANNOTATION_PAUSE);
  }
  await until('a request for each annotation', PATIENCE_MILLISECONDS, async () => {
    const { length } = await aws.ask('roleChanges', 0);
    return length >= asked.length ? undefined : `${length} of ${asked.length}`;
  });
  const calls = await aws.ask('roleChanges', 0);
  if (calls.length !== asked.length) {
    bench.measurements.violate(place, `${calls.length} requests for ${asked.length} annotations`);
  }
  for (const { at, globalClusterIdentifier } of calls) {
    const sent = sentAt.get(numberIn(globalClusterIdentifier)) ?? Number.NaN;
    bench.measurements.add(place, 'annotation sent → request', 'ms', at - sent);
  }
  // Nobody else may find them.
  await bench.fleet.unannotate(asked, Object.keys(forced));
}
