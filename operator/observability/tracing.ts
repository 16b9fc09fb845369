import type { Logger } from './logger.ts';

export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A span whose times are known: it is over. */
export interface FinishedSpan {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly start: number;
  /** Milliseconds since the epoch. */
  readonly end: number;
  readonly attributes: SpanAttributes;
  /** Why it failed; absent when it did not. Secrets are taken out. */
  readonly failure?: string;
}

/** Tells a collector what the operator does and how long it takes. Nothing ever waits for a collector. */
export interface Tracing {
  /** Runs work as a span of a new trace; what is recorded while it runs belongs to it. */
  run<T>(name: string, attributes: SpanAttributes, work: () => Promise<T>): Promise<T>;
  /** Adds a span to the work that runs; does nothing outside of any. */
  record(span: FinishedSpan): void;
  /** A trace of something that is over, with its parts. */
  tell(span: FinishedSpan, parts: readonly FinishedSpan[]): void;
  /** Sends what is left; takes at most some seconds. */
  close(): Promise<void>;
}

/** Runs the work and tells nobody. */
export const noTracing: Tracing = {
  run: (_name, _attributes, work) => work(),
  record: () => undefined,
  tell: () => undefined,
  close: () => Promise.resolve(),
};

export interface TracingProps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** This process, as `service.instance.id`. */
  readonly identity: string;
  readonly logger: Logger;
  /** Told how many spans reached the collector, or never will. */
  readonly onSpans: (result: 'sent' | 'lost', spans: number) => void;
}

/** Whether the standard variables of OpenTelemetry ask for traces; without an endpoint nobody does. */
export function isTracingWanted(env: TracingProps['env']): boolean {
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '';
  const exporter = env['OTEL_TRACES_EXPORTER'] ?? 'otlp';
  return endpoint !== '' && exporter !== 'none' && env['OTEL_SDK_DISABLED']?.toLowerCase() !== 'true';
}

/** Tracing as the environment asks for it. The SDK is loaded only where it is wanted. */
export async function startTracing(props: TracingProps): Promise<Tracing> {
  if (!isTracingWanted(props.env)) {
    return noTracing;
  }
  try {
    const { OtlpTracing } = await import('./otlp-tracing.ts');
    return new OtlpTracing(props);
  } catch (error) {
    // A collector that is described wrongly is no reason to protect nothing.
    props.logger.warn({ error }, 'cannot trace: correct the variables OTEL_*; the operator goes on without');
    return noTracing;
  }
}
