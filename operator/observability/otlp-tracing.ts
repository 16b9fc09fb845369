import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { withoutSecretTexts } from './logger.ts';
import type { FinishedSpan, SpanAttributes, Tracing, TracingProps } from './tracing.ts';

/** A collector that does not answer costs this much memory at most, in spans. */
const QUEUE_LENGTH = 2048;
/** Of one export, and of what is left at the end. */
const EXPORT_TIMEOUT_MILLISECONDS = 3_000;

/**
 * Spans by OTLP over HTTP, as JSON. Endpoint, headers, timeout, certificates and compression are those of the variables
 * `OTEL_EXPORTER_OTLP_*`, which the exporter reads itself.
 */
export class OtlpTracing implements Tracing {
  readonly #contexts = new AsyncLocalStorageContextManager().enable();
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;

  constructor({ env, version, identity, logger, onSpans }: TracingProps) {
    const own = resourceFromAttributes({
      'service.name': 'aurora-dr-operator',
      'service.version': version,
      'service.instance.id': identity,
    });
    const exporter = new ToldExporter(new OTLPTraceExporter({ timeoutMillis: EXPORT_TIMEOUT_MILLISECONDS }), {
      onSpans,
      onTrouble: (error) => logger.warn({ error }, 'cannot send spans to the collector; the operator goes on without'),
    });
    this.#provider = new TracerProvider({
      resource: defaultResource()
        .merge(own)
        .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })),
      sampler: samplerOf(env),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter,
          maxQueueSize: QUEUE_LENGTH,
          exportTimeoutMillis: EXPORT_TIMEOUT_MILLISECONDS,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer('aurora-dr-operator', version);
  }

  async run<T>(name: string, attributes: SpanAttributes, work: () => Promise<T>): Promise<T> {
    const span = this.#tracer.startSpan(name, { attributes: known(attributes) }, ROOT_CONTEXT);
    try {
      return await this.#contexts.with(trace.setSpan(ROOT_CONTEXT, span), work);
    } catch (error) {
      fail(span, String(error));
      throw error;
    } finally {
      span.end();
    }
  }

  record(span: FinishedSpan): void {
    const context = this.#contexts.active();
    // What work leaves running, the rounds of observation for one, is not its part any more once it has ended.
    if (trace.getSpan(context)?.isRecording() === true) {
      this.#add(span, context, SpanKind.CLIENT);
    }
  }

  tell(span: FinishedSpan, parts: readonly FinishedSpan[]): void {
    const whole = this.#tracer.startSpan(span.name, optionsOf(span, SpanKind.INTERNAL), ROOT_CONTEXT);
    const context = trace.setSpan(ROOT_CONTEXT, whole);
    for (const part of parts) this.#add(part, context, SpanKind.INTERNAL);
    finish(whole, span);
  }

  async close(): Promise<void> {
    await this.#provider.shutdown().catch(() => undefined);
    this.#contexts.disable();
  }

  #add(span: FinishedSpan, context: Context, kind: SpanKind): void {
    finish(this.#tracer.startSpan(span.name, optionsOf(span, kind), context), span);
  }
}

function optionsOf({ start, attributes }: FinishedSpan, kind: SpanKind) {
  // A number could mean milliseconds since the process began.
  return { kind, startTime: new Date(start), attributes: known(attributes) };
}

function finish(span: Span, { end, failure }: FinishedSpan): void {
  if (failure !== undefined) fail(span, failure);
  span.end(new Date(end));
}

function fail(span: Span, why: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: withoutSecretTexts(why) });
}

function known(attributes: SpanAttributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

/** What `OTEL_TRACES_SAMPLER` names; everything without it, as the specification says. Traces begin here: no parent decides. */
function samplerOf(env: TracingProps['env']): Sampler {
  const name = (env['OTEL_TRACES_SAMPLER'] ?? 'always_on').replace(/^parentbased_/, '');
  const share = Number(env['OTEL_TRACES_SAMPLER_ARG'] ?? '1');
  switch (name) {
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(Number.isFinite(share) ? share : 1);
    default:
      return new AlwaysOnSampler();
  }
}

interface ExportListener {
  readonly onSpans: TracingProps['onSpans'];
  readonly onTrouble: (error: Error) => void;
}

/** Tells of the first loss after spans were sent, and counts every one: a collector that is away is told of once. */
class ToldExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #listener: ExportListener;
  #isInTrouble = false;

  constructor(exporter: SpanExporter, listener: ExportListener) {
    this.#exporter = exporter;
    this.#listener = listener;
  }

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.#exporter.export(spans, (result) => {
      const { error } = result;
      this.#listener.onSpans(error === undefined ? 'sent' : 'lost', spans.length);
      if (error !== undefined && !this.#isInTrouble) this.#listener.onTrouble(error);
      this.#isInTrouble = error !== undefined;
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}
