import { Chart } from 'cdk8s';
import type { ChartProps } from 'cdk8s';
import type { Construct } from 'constructs';

/** When Argo CD applies a chart: it waits until everything of a lower wave is healthy. */
export const WAVES = {
  provider: -10,
  keys: 0,
  network: 0,
  peering: 1,
  monitoring: 2,
  database: 3,
  alarms: 4,
  dns: 5,
  functions: 5,
  policy: 6,
} as const;

export interface WaveChartProps extends ChartProps {
  /** One of {@link WAVES}. */
  readonly wave: number;
}

const ANNOTATION = 'argocd.argoproj.io/sync-wave';

interface Manifest {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
}

/** A chart whose objects all carry a sync wave; an object that states one of its own keeps it. */
export class WaveChart extends Chart {
  readonly #wave: string;

  constructor(scope: Construct, id: string, props: WaveChartProps) {
    super(scope, id, props);
    this.#wave = String(props.wave);
  }

  override toJson(): unknown[] {
    return (super.toJson() as Manifest[]).map((manifest) => ({
      ...manifest,
      metadata: {
        ...manifest.metadata,
        annotations: { [ANNOTATION]: this.#wave, ...manifest.metadata?.annotations },
      },
    }));
  }
}
