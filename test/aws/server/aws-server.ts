import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { answer } from '../world/answer.ts';
import type { Answer, AwsCall } from '../world/answer.ts';
import { AwsError } from '../world/aws-error.ts';
import type { Service } from '../world/actions/action.ts';
import type { World } from '../world/world.ts';
import { cloudWatchTarget, parseJson, renderJson, renderJsonError } from './json-protocol.ts';
import { reset } from './loopback-listener.ts';
import { parseQuery, renderError, renderOutput } from './query-protocol.ts';

const unzip = promisify(gunzip);

/** What a request's signature says about its sender. The signature itself is not checked: there are no secrets here. */
interface Credential {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
}

/** Serves a region's services (all four unless told otherwise) over the wire protocols that the SDK speaks. */
export function createAwsServer(
  world: World,
  region: string,
  onAnswered: () => void,
  services: readonly Service[] = ['rds', 'monitoring', 'sns', 'sts'],
): Server {
  return createServer((request, response) => {
    void serve(world, region, services, request, response).then(onAnswered, (error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
}

async function serve(
  world: World,
  region: string,
  services: readonly Service[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  const requestId = `00000000-0000-4000-9000-${world.nextNumber().toString(16).padStart(12, '0')}`;
  response.setHeader('x-amzn-requestid', requestId);
  const target = header(request, 'x-amz-target');
  let call: AwsCall | undefined;
  let result: Answer;
  try {
    call = parseCall(region, request, target, body);
    if (!services.includes(call.service)) {
      throw new AwsError('InvalidAction', 400, `${call.service} is not served by this endpoint.`);
    }
    result = answer(world, call);
  } catch (error) {
    if (!(error instanceof AwsError)) {
      throw error;
    }
    result = { kind: 'error', error, delayMilliseconds: 0 };
  }
  const service = call?.service ?? (target === undefined ? 'rds' : 'monitoring');
  await send(response, result, service, call?.action ?? '', requestId);
}

/** The body as text. The SDK compresses large ones (PutMetricData beyond 10 KiB). */
async function readBody(request: IncomingMessage): Promise<string> {
  const body = await buffer(request);
  return (header(request, 'content-encoding') === 'gzip' ? await unzip(body) : body).toString('utf8');
}

function parseCall(region: string, request: IncomingMessage, target: string | undefined, body: string): AwsCall {
  if (request.headers.authorization === undefined && unsigned.test(body)) {
    const { action, input } = parseQuery(body);
    return { region, service: 'sts', action, input };
  }
  const credential = parseCredential(header(request, 'authorization'));
  if (credential.region !== region) {
    throw new AwsError(
      'SignatureDoesNotMatch',
      403,
      `Credential should be scoped to a valid region, not ${credential.region}.`,
    );
  }
  const { accessKeyId } = credential;
  const sessionToken = header(request, 'x-amz-security-token');
  if (target?.startsWith(`${cloudWatchTarget}.`) === true) {
    return { region, service: 'monitoring', ...parseJson(target, body), accessKeyId, sessionToken };
  }
  const { action, version, input } = parseQuery(body);
  const service = queryVersions[version];
  if (service === undefined) {
    throw new AwsError('InvalidAction', 400, `Could not find operation ${action} for version ${version}.`);
  }
  if (credential.service !== service) {
    throw new AwsError('SignatureDoesNotMatch', 403, `Credential should be scoped to correct service: '${service}'.`);
  }
  return { region, service, action, input, accessKeyId, sessionToken };
}

/** The one call that a caller without credentials makes. */
const unsigned = /(^|&)Action=AssumeRoleWithWebIdentity(&|$)/;

/** The API versions tell the Query services apart. */
const queryVersions: Partial<Record<string, Exclude<Service, 'monitoring'>>> = {
  '2014-10-31': 'rds',
  '2010-03-31': 'sns',
  '2011-06-15': 'sts',
};

/** Reads `Credential=AKID/date/region/service/aws4_request` of a Signature Version 4 header. */
function parseCredential(authorization: string | undefined): Credential {
  const match = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/.exec(authorization ?? '');
  const [, accessKeyId, region, service] = match ?? [];
  if (accessKeyId === undefined || region === undefined || service === undefined) {
    throw new AwsError('MissingAuthenticationToken', 403, 'Request is missing Authentication Token');
  }
  return { accessKeyId, region, service };
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

async function send(
  response: ServerResponse,
  result: Answer,
  service: Service,
  action: string,
  requestId: string,
): Promise<void> {
  switch (result.kind) {
    case 'hang':
      return;
    case 'drop':
      if (response.socket !== null) {
        reset(response.socket);
      }
      return;
    case 'garbage':
      respond(response, 200, contentType(service), '<<< {"neither": XML nor JSON');
      return;
    case 'error':
      await Promise.all([delay(result.delayMilliseconds), result.released]);
      sendError(response, result.error, service, requestId);
      return;
    case 'output':
      await Promise.all([delay(result.delayMilliseconds), result.released]);
      respond(
        response,
        200,
        contentType(service),
        service === 'monitoring' ? renderJson(result.output) : renderOutput(service, action, result.output, requestId),
      );
  }
}

function sendError(response: ServerResponse, error: AwsError, service: Service, requestId: string): void {
  if (service !== 'monitoring') {
    respond(response, error.httpStatus, contentType(service), renderError(service, error, requestId));
    return;
  }
  const { body, headers } = renderJsonError(error);
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, value);
  }
  respond(response, error.httpStatus, contentType(service), body);
}

function respond(response: ServerResponse, status: number, type: string, body: string): void {
  response.statusCode = status;
  response.setHeader('content-type', type);
  response.end(body);
}

function contentType(service: Service): string {
  return service === 'monitoring' ? 'application/x-amz-json-1.0' : 'text/xml';
}
