import type { Memory } from './memory.ts';
import type { Instant, LagSample, Round } from './observation.ts';

/**
 * What a round and the memory say of the lag behind the present primary. Samples that began before it became the primary
 * tell how far a secondary was behind another one: of the lag behind this one they know nothing, and unknown is not zero.
 */
export function sinceRoleChange(
  round: Round,
  memory: Memory,
  primarySince: Instant | undefined,
): { readonly round: Round; readonly memory: Memory } {
  if (primarySince === undefined) {
    return { round, memory };
  }
  const isOfPrimary = (sample: LagSample): boolean => sample.periodStart >= primarySince;
  const lag = Object.entries(round.lag).map(([region, observation]) => {
    const samples = observation.samples.filter(isOfPrimary);
    return [region, samples.length === observation.samples.length ? observation : { ...observation, samples }] as const;
  });
  return {
    round: { ...round, lag: Object.fromEntries(lag) },
    memory: {
      ...memory,
      lag: Object.fromEntries(Object.entries(memory.lag).filter(([, sample]) => isOfPrimary(sample))),
    },
  };
}
