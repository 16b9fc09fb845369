import type { AwsRequest } from './aws/request-report.ts';
import type { FinishedSpan } from './observability/tracing.ts';
import type { KubeRequest } from './runtime/http-kube-client.ts';

/** A request to AWS that has just ended, as a span. Names of attributes are OpenTelemetry's where it has one. */
export function spanOfAwsRequest(request: AwsRequest, now: number): FinishedSpan {
  const { region, action, result, durationMilliseconds = 0 } = request;
  return {
    name: action,
    start: now - durationMilliseconds,
    end: now,
    attributes: {
      'rpc.system': 'aws-api',
      'rpc.method': action,
      'cloud.region': region,
      'aurora_dr.result': result,
    },
    ...(result === 'answered' ? {} : { failure: result }),
  };
}

/** A request to the API server that has just ended, as a span. */
export function spanOfKubeRequest(request: KubeRequest, now: number): FinishedSpan {
  const { code, method, path, host, durationMilliseconds } = request;
  const status = Number(code);
  return {
    name: `${method} ${path.split('?')[0] ?? ''}`,
    start: now - durationMilliseconds,
    end: now,
    attributes: {
      'http.request.method': method,
      'url.path': path,
      'server.address': host,
      'http.response.status_code': Number.isInteger(status) ? status : undefined,
    },
    ...(status >= 200 && status < 300 ? {} : { failure: code }),
  };
}
