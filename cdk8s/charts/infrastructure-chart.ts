import type { Construct } from 'constructs';
import type { Configuration } from '../configuration/configuration.ts';
import { WAVES, WaveChart } from '../managed/wave-chart.ts';

export interface InfrastructureChartProps {
  readonly configuration: Configuration;
}

/** Sync waves start below zero; files are numbered from it. */
const FIRST_WAVE = Math.min(...Object.values(WAVES));

/** Base of the charts: one file of manifests for one area. */
export abstract class InfrastructureChart extends WaveChart {
  readonly configuration: Configuration;
  /** Name of its file: sorted, files apply in the order of their waves. */
  readonly fileName: string;

  /** @param id name of the area, and of the file */
  constructor(scope: Construct, id: string, wave: keyof typeof WAVES, { configuration }: InfrastructureChartProps) {
    super(scope, id, { wave: WAVES[wave] });
    this.configuration = configuration;
    this.fileName = `${String(WAVES[wave] - FIRST_WAVE).padStart(2, '0')}-${id}.yaml`;
  }

  override toJson(): object[] {
    return super.toJson() as object[];
  }
}
