import type { Bench } from '../bench.ts';
import type { Contestant } from '../contestant.ts';
import type { BenchAws } from '../rig/bench-aws.ts';
import { NAMESPACE } from '../rig/fleet.ts';
import { processFigures } from '../rig/process-figures.ts';
import { now } from '../rig/time.ts';
import type { WholeScenario } from '../scenario.ts';
import { startAws, startContestant, until } from '../session.ts';

const SCENARIO = 'start';
const PATIENCE_MILLISECONDS = 60_000;

export const start: WholeScenario = {
  kind: 'whole',
  name: SCENARIO,
  title: 'from the start of the process to policies in its cache, the lease in its hands and its first call to AWS',
  async run(bench, policies) {
    await bench.restore();
    await using aws = await startAws(bench, policies);
    for (let count = 1; count <= bench.props.effort.starts; count += 1) {
      bench.props.tell(`start ${count} of each contestant`);
      for (const contestant of bench.alone) await measureStart(bench, contestant, { aws, policies, count });
    }
  },
};

interface Attempt {
  readonly aws: BenchAws;
  readonly policies: number;
  readonly count: number;
}

async function measureStart(bench: Bench, contestant: Contestant, { aws, policies, count }: Attempt): Promise<void> {
  const { measurements } = bench;
  const place = { scenario: SCENARIO, contestant: contestant.name, policies };
  const accessKeyId = `AKIASTART${contestant.name}${count}`;
  const startedAt = now();
  const lease = { namespace: NAMESPACE };
  const peer = await startContestant(bench, contestant, { aws, accessKeyId, lease });
  try {
    const note = (measure: string) => (): void => {
      measurements.add(place, measure, 'ms', now() - startedAt);
    };
    await Promise.all([
      peer.untilSynced().then(note('process → synced')),
      peer.untilLeading().then(note('process → leading')),
    ]);
    measurements.add(place, 'resident memory at its peak, when synced', 'MB', processFigures(peer.pid).peakMegabytes);
    await until(
      'the first call to AWS',
      PATIENCE_MILLISECONDS,
      async () => ((await aws.ask('firstCallOf', accessKeyId)) === undefined ? 'there was none' : undefined),
      100,
    );
    const calledAt = await aws.ask('firstCallOf', accessKeyId);
    measurements.add(place, 'process → first call to AWS', 'ms', (calledAt ?? Number.NaN) - startedAt);
  } finally {
    const stoppedAt = now();
    const end = await peer.stop('SIGTERM');
    measurements.add(place, 'SIGTERM → ended', 'ms', now() - stoppedAt);
    if (end !== 0) measurements.violate(place, `it ended with ${end} on SIGTERM`);
  }
}
