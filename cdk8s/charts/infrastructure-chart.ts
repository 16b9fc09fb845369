import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Configuration } from '../configuration/configuration.ts';
import type { Wave } from './waves.ts';
import { WAVES } from './waves.ts';

export interface InfrastructureChartProps {
  readonly configuration: Configuration;
}

const ANNOTATION = 'argocd.argoproj.io/sync-wave';

interface Manifest {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}

/** Base of the charts: one file of manifests for an area, in the area's sync wave unless an object states one of its own. */
export abstract class InfrastructureChart extends Chart {
  readonly configuration: Configuration;
  /** Name of its file; sorted, files apply in the order of their waves. */
  readonly fileName: string;
  readonly #wave: string;

  /** @param area its id, its wave and the name of its file */
  constructor(scope: Construct, area: Wave, { configuration }: InfrastructureChartProps) {
    super(scope, area);
    this.configuration = configuration;
    this.#wave = String(WAVES[area]);
    this.fileName = `${this.#wave.padStart(2, '0')}-${area}.yaml`;
  }

  override toJson(): object[] {
    return (super.toJson() as Manifest[]).map((manifest) => ({
      ...manifest,
      metadata: { ...manifest.metadata, annotations: { [ANNOTATION]: this.#wave, ...manifest.metadata.annotations } },
    }));
  }
}
