import { AwsError } from '../world/aws-error.ts';
import type { Input, Output } from '../world/actions/action.ts';

/**
 * The AWS Query protocol, as RDS, SNS and STS speak it: a form with dotted names comes in, XML goes out.
 * @see https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
export function parseQuery(body: string): { action: string; version: string; input: Input } {
  const form = new URLSearchParams(body);
  const action = form.get('Action');
  if (action === null) {
    throw new AwsError('MissingAction', 400, 'The request must contain the parameter Action.');
  }
  const root: Node = {};
  for (const [name, value] of form) {
    if (name !== 'Action' && name !== 'Version') {
      insert(root, name.split('.'), value);
    }
  }
  const input = Object.fromEntries(Object.entries(root).map(([name, node]) => [name, withLists(node)]));
  return { action, version: form.get('Version') ?? '', input };
}

interface Node {
  [name: string]: Node | string;
}

function insert(node: Node, [name = '', ...rest]: string[], value: string): void {
  if (rest.length === 0) {
    node[name] = value;
    return;
  }
  const child = node[name];
  const next = typeof child === 'object' ? child : {};
  node[name] = next;
  insert(next, rest, value);
}

/** `{1: a, 2: b}` becomes `[a, b]`; `{member: [a, b]}`, whatever the item is called, becomes `[a, b]`. */
function withLists(node: Node | string): unknown {
  if (typeof node === 'string') {
    return node;
  }
  const entries = Object.entries(node);
  if (entries.every(([name]) => /^\d+$/.test(name))) {
    return entries.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, item]) => withLists(item));
  }
  const [first, ...others] = entries.map(([name, child]): [string, unknown] => [name, withLists(child)]);
  if (first !== undefined && others.length === 0 && Array.isArray(first[1])) {
    return first[1];
  }
  return Object.fromEntries([...(first === undefined ? [] : [first]), ...others]);
}

export const queryNamespaces = {
  rds: 'http://rds.amazonaws.com/doc/2014-10-31/',
  sns: 'http://sns.amazonaws.com/doc/2010-03-31/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
} as const;

export type QueryService = keyof typeof queryNamespaces;

export function renderOutput(service: QueryService, action: string, output: Output, requestId: string): string {
  const result = `<${action}Result>${members(output)}</${action}Result>`;
  const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
  return `<${action}Response xmlns="${queryNamespaces[service]}">${result}${metadata}</${action}Response>`;
}

export function renderError(service: QueryService, error: AwsError, requestId: string): string {
  const detail = members({ Type: error.type, Code: error.code, Message: error.message });
  return `<ErrorResponse xmlns="${queryNamespaces[service]}"><Error>${detail}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
}

/** What an item is called in the lists whose model gives it a name of its own; elsewhere it is `member`. */
const itemNames: Partial<Record<string, string>> = {
  AvailabilityZones: 'AvailabilityZone',
  DBClusterMembers: 'DBClusterMember',
  DBClusterSnapshots: 'DBClusterSnapshot',
  DBClusters: 'DBCluster',
  DBInstances: 'DBInstance',
  EventCategories: 'EventCategory',
  Events: 'Event',
  GlobalClusterMembers: 'GlobalClusterMember',
  GlobalClusters: 'GlobalClusterMember',
  ReadReplicaIdentifiers: 'ReadReplicaIdentifier',
  TagList: 'Tag',
};

function members(output: Output): string {
  return Object.entries(output)
    .map(([name, value]) => element(name, value))
    .join('');
}

function element(name: string, value: unknown): string {
  if (value === undefined || value === null) {
    return '';
  }
  if (Array.isArray(value)) {
    const item = itemNames[name] ?? 'member';
    return `<${name}>${value.map((each) => element(item, each)).join('')}</${name}>`;
  }
  return `<${name}>${text(value)}</${name}>`;
}

function text(value: unknown): string {
  if (value instanceof Date) {
    return value.toISOString();
  }
  if (typeof value === 'string') {
    return escape(value);
  }
  return typeof value === 'object' ? members(value as Output) : JSON.stringify(value);
}

const entities: Partial<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escape(value: string): string {
  return value.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}
