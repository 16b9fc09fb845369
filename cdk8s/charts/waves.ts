/**
 * The order in which Argo CD applies: it goes on when everything of a wave is healthy. References between resources are
 * resolved by Crossplane in any order; waves keep the log of a first installation free of errors that cure themselves.
 * Gaps leave room. Names are those of the charts, and of their files.
 */
export const WAVES = {
  provider: 0,
  foundation: 10,
  network: 20,
  endpoints: 25,
  peering: 30,
  database: 40,
  monitoring: 50,
  dns: 60,
  functions: 70,
  policy: 80,
  gitops: 90,
} as const;

/** A chart of the set-up. */
export type Wave = keyof typeof WAVES;
