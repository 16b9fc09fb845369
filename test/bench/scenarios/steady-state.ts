import { setTimeout as delay } from 'node:timers/promises';
import type { RunningPeer } from '../peers/peer.ts';
import type { SessionScenario } from '../scenario.ts';
import { apiRequests } from '../rig/api-requests.ts';
import { processFigures } from '../rig/process-figures.ts';

const SCENARIO = 'steady';
const SAMPLE_MILLISECONDS = 1_000;
const MINUTE = 60_000;

export const steadyState: SessionScenario = {
  kind: 'session',
  name: SCENARIO,
  title: 'memory, CPU, requests to the API server and calls to AWS while nothing happens',
  async run(session) {
    const { aws, bench, peers, policies } = session;
    const { measurements, kube } = bench;
    const place = session.place(SCENARIO);
    const { steadyMilliseconds } = bench.props.effort;
    bench.props.tell(`${session.contestant.name}: steady state for ${steadyMilliseconds / 1000} s`);

    for (const { pid } of peers) {
      measurements.add(
        place,
        'resident memory of a process at its peak, until run in',
        'MB',
        processFigures(pid).peakMegabytes,
      );
    }
    const [callsBefore, requestsBefore] = await Promise.all([aws.ask('counts'), apiRequests(kube)]);
    const started = performance.now();
    const first = sumOf(peers, 'cpuSeconds');
    let before = first;
    let sampledAt = started;
    while (performance.now() - started < steadyMilliseconds) {
      await delay(SAMPLE_MILLISECONDS);
      const cpuSeconds = sumOf(peers, 'cpuSeconds');
      const now = performance.now();
      for (const { pid } of peers) {
        measurements.add(place, 'resident memory of a process', 'MB', processFigures(pid).residentMegabytes);
      }
      const share = (cpuSeconds - before) / ((now - sampledAt) / 1000);
      measurements.add(place, 'CPU, second by second', '% of a core', share * 100);
      [before, sampledAt] = [cpuSeconds, now];
    }
    const [calls, requests] = await Promise.all([aws.ask('counts'), apiRequests(kube)]);
    const minutes = (performance.now() - started) / MINUTE;
    measurements.add(place, 'CPU, all the time', '% of a core', ((before - first) / (minutes * 60)) * 100);

    const perMinute = (count: number): number => count / minutes;
    const difference = (after: Readonly<Record<string, number>>, earlier: Readonly<Record<string, number>>) =>
      Object.entries(after).map(([name, count]) => [name, count - (earlier[name] ?? 0)] as const);
    const byAction = Map.groupBy(difference(calls, callsBefore), ([name]) => name.split(' ')[0] ?? '');
    let total = 0;
    for (const [action, entries] of byAction) {
      const count = entries.reduce((sum, [, more]) => sum + more, 0);
      total += count;
      measurements.add(place, `AWS calls: ${action}`, '1/min', perMinute(count));
    }
    measurements.add(place, 'AWS calls', '1/min', perMinute(total));
    measurements.add(place, 'AWS calls per policy', '1/min', perMinute(total) / policies);
    const all = difference(requests, requestsBefore).filter(([, count]) => count > 0);
    for (const [name, count] of all) measurements.add(place, `API requests: ${name}`, '1/min', perMinute(count));
    const sum = all.reduce((whole, [, count]) => whole + count, 0);
    measurements.add(place, 'API requests', '1/min', perMinute(sum));
    measurements.add(place, 'API requests per policy', '1/min', perMinute(sum) / policies);
    const phases = await bench.fleet.phases();
    measurements.add(place, 'policies that are not Protected', '', policies - (phases.get('Protected') ?? 0));
    measurements.add(place, 'open sockets', '', sumOf(peers, 'sockets'));
  },
};

/** Of all processes together. */
const sumOf = (peers: readonly RunningPeer[], name: 'cpuSeconds' | 'sockets'): number =>
  peers.reduce((sum, { pid }) => sum + processFigures(pid)[name], 0);
