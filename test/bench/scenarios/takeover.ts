import type { Bench } from '../bench.ts';
import type { Contestant } from '../contestant.ts';
import type { RunningPeer } from '../peers/peer.ts';
import type { BenchAws } from '../rig/bench-aws.ts';
import { NAMESPACE, numberIn } from '../rig/fleet.ts';
import { now } from '../rig/time.ts';
import type { TurnScenario } from '../scenario.ts';
import { forced, startAws, startContestant, until, untilCalm } from '../session.ts';

const SCENARIO = 'takeover';
const signals = ['SIGTERM', 'SIGKILL'] as const;
/** A lease lasts for 15 s after its last renewal; then the new leader observes before it decides. */
const PATIENCE_MILLISECONDS = 120_000;
const POLL_MILLISECONDS = 50;

export const takeover: TurnScenario = {
  kind: 'turn',
  name: SCENARIO,
  title:
    'from the end of the leader to the standby leading, observing, and answering a person who asked at that moment',
  run: (bench, policies, contestant) => measureTakeovers(bench, contestant, policies),
};

interface Replica {
  readonly peer: RunningPeer;
  readonly accessKeyId: string;
}

/** The standby becomes the leader, a new standby is started, and so on. */
async function measureTakeovers(bench: Bench, contestant: Contestant, policies: number): Promise<void> {
  await bench.restore();
  await using aws = await startAws(bench, policies);
  let count = 0;
  const startReplica = async (): Promise<Replica> => {
    count += 1;
    const accessKeyId = `AKIAREPLICA${count}`;
    const peer = await startContestant(bench, contestant, {
      aws,
      accessKeyId,
      lease: { namespace: NAMESPACE },
    });
    await peer.untilSynced();
    return { peer, accessKeyId };
  };
  const replicas: Replica[] = [];
  try {
    replicas.push(await startReplica());
    await replicas[0]?.peer.untilLeading();
    await untilCalm(bench, policies);
    for (let turn = 0; turn < bench.props.effort.starts * signals.length; turn += 1) {
      const signal = signals[turn % signals.length] ?? 'SIGKILL';
      bench.props.tell(`${contestant.name}: takeover ${turn + 1}, by ${signal}`);
      replicas.push(await startReplica());
      const [leader, standby] = replicas.splice(0, 2);
      if (leader === undefined || standby === undefined)
        throw new Error('there are no two replicas; report this as a bug');
      replicas.push(standby);
      await measureTakeover({ bench, contestant, policies, aws, leader, standby, signal, policy: turn + 1 });
    }
  } finally {
    for (const { peer } of replicas) await peer.stop('SIGKILL');
  }
}

interface Takeover {
  readonly bench: Bench;
  readonly contestant: Contestant;
  readonly policies: number;
  readonly aws: BenchAws;
  readonly leader: Replica;
  readonly standby: Replica;
  readonly signal: (typeof signals)[number];
  /** The one that somebody asks for a failover of, right after the leader was told to end. */
  readonly policy: number;
}

async function measureTakeover(takeover: Takeover): Promise<void> {
  const { bench, contestant, policies, aws, leader, standby, signal, policy } = takeover;
  const { measurements } = bench;
  const place = { scenario: SCENARIO, contestant: contestant.name, policies };
  bench.moved.add(policy);
  const before = (await aws.ask('roleChanges', 0)).length;
  const endedAt = now();
  const ending = leader.peer.stop(signal);
  const note = (measure: string, at: number): void =>
    measurements.add(place, `${signal} → ${measure}`, 'ms', at - endedAt);
  const leading = standby.peer.untilLeading().then(() => note('standby leads', now()));
  await bench.fleet.annotate(policy, forced);
  await Promise.all([ending, leading]);
  await until(
    'the call that somebody asked for',
    PATIENCE_MILLISECONDS,
    async () =>
      (await aws.ask('roleChanges', before)).length > 0 ? undefined : await bench.fleet.whatIsUpWith(policy),
    POLL_MILLISECONDS,
  );
  const firstCallAt = await aws.ask('firstCallOf', standby.accessKeyId);
  if (firstCallAt !== undefined) note('its first call to AWS', firstCallAt);
  const calls = await aws.ask('roleChanges', before);
  const [call] = calls;
  if (calls.length !== 1 || call === undefined || numberIn(call.globalClusterIdentifier) !== policy) {
    measurements.violate(place, `of one failover asked for at a takeover there were ${calls.length} calls`);
    return;
  }
  if (call.accessKeyId === standby.accessKeyId) note('the call asked for', call.at);
  // Asked so quickly that the old leader, which ends in order, still did it.
  else measurements.add(place, `${signal}: calls that the old leader still made`, '', 1);
}
