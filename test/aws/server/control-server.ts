import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { ZodError, z } from 'zod';
import type { LocalAws } from '../local-aws.ts';
import { controlCommands } from './control-commands.ts';
import { LoopbackListener } from './loopback-listener.ts';

/** The control API: what the world's methods do, for other processes. */
export interface ControlServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves the control API on loopback; without a port on a free one. */
export async function startControlServer(aws: LocalAws, port?: number): Promise<ControlServer> {
  const create = (): ReturnType<typeof createServer> =>
    createServer((request, response) => {
      void handle(aws, request).then(({ status, body }) => {
        response.statusCode = status;
        response.setHeader('content-type', 'application/json');
        response.end(`${JSON.stringify(body, undefined, 2)}\n`);
      });
    });
  const listener = new LoopbackListener('127.0.0.1', create, port);
  await listener.become('accept');
  return { url: `http://${listener.address}:${listener.port}`, stop: () => listener.become('refuse') };
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

async function handle(aws: LocalAws, request: IncomingMessage): Promise<Reply> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control');
  const segments = pathname.split('/').map(decodeURIComponent);
  const command = controlCommands.find(
    (each) => each.method === request.method && parametersOf(each.path, segments) !== undefined,
  );
  if (command === undefined) {
    const known = controlCommands.map(({ method, path }) => `${method} ${path}`);
    return { status: 404, body: { error: `cannot ${request.method ?? ''} ${pathname}: there is ${known.join(', ')}` } };
  }
  try {
    const content = await text(request);
    const body: unknown = content === '' ? undefined : JSON.parse(content);
    const parameters = parametersOf(command.path, segments) ?? [];
    const result: unknown = await command.run(aws, { parameters, query: searchParams, body });
    return { status: 200, body: result ?? {} };
  } catch (error) {
    return { status: 400, body: { error: messageOf(error) } };
  }
}

/** What stands at the `*` of the path; undefined when it does not match. */
function parametersOf(path: string, segments: readonly string[]): string[] | undefined {
  const pattern = path.split('/');
  const isMatch =
    pattern.length === segments.length && pattern.every((part, index) => part === '*' || part === segments[index]);
  return isMatch ? segments.filter((_, index) => pattern[index] === '*') : undefined;
}

function messageOf(error: unknown): string {
  if (error instanceof ZodError) {
    return z.prettifyError(error);
  }
  return error instanceof Error ? error.message : String(error);
}
