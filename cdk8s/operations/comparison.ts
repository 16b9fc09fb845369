import { isDeepStrictEqual } from 'node:util';
import type { Consequence } from './consequences.ts';
import { consequenceOfChange, consequenceOfLoss } from './consequences.ts';

/** An object, as far as it is compared. */
export interface ComparedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: { readonly managementPolicies?: readonly string[] } & Readonly<Record<string, unknown>>;
}

/** A value that differs; undefined where there is none. */
export interface ChangedField {
  /** Under its section: `cidrBlock`, `tags.Environment`, `parameter[binlog_format].value`, `policy.Statement[Log].Action`. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface Change extends ChangedField {
  /** `forProvider`, `initProvider`, … or `metadata`; empty for what has no sections. */
  readonly section: string;
  readonly consequence: Consequence | undefined;
}

/** What applying another configuration would do to an object. */
export interface Difference {
  /** `rds.Cluster aurora-us-east-1-prod`. */
  readonly title: string;
  readonly type: 'appears' | 'vanishes' | 'changes';
  /** Of an object that vanishes. */
  readonly consequence: Consequence | undefined;
  readonly changes: readonly Change[];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What tells the items of a list apart: parameters, replicas, VPCs of a zone, statements of a policy, other objects. */
const ITEM_KEYS = ['name', 'region', 'vpcRegion', 'Sid', 'id'] as const;

function keyOfItem(item: unknown): string | undefined {
  if (typeof item === 'string') return item;
  const key = isObject(item) ? ITEM_KEYS.map((name) => item[name]).find((value) => value !== undefined) : undefined;
  return typeof key === 'string' ? key : undefined;
}

/** The items by what tells them apart; undefined if nothing does. */
function itemsByKey(items: readonly unknown[]): ReadonlyMap<string, unknown> | undefined {
  const keys = items.map(keyOfItem);
  const isTold = keys.every((key) => key !== undefined) && new Set(keys).size === keys.length;
  return isTold ? new Map(items.map((item, index) => [keys[index] ?? '', item])) : undefined;
}

/** What a text says that is JSON, such as a policy: as text, its changes would be lost in it. */
function readText(value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith('{')) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function* changedItems(before: readonly unknown[], after: readonly unknown[], path: string): Generator<ChangedField> {
  const [earlier, later] = [itemsByKey(before), itemsByKey(after)];
  const isOneWord = [before, after].every((items) => items.length === 1 && typeof items[0] === 'string');
  if (earlier !== undefined && later !== undefined && !isOneWord) {
    const changes = [...new Set([...earlier.keys(), ...later.keys()])].flatMap((key) => [
      ...changedFields(earlier.get(key), later.get(key), `${path}[${key}]`),
    ]);
    // Otherwise it is their order alone.
    if (changes.length > 0) yield* changes;
    else yield { path, before, after };
  } else if (before.length === after.length && before.some(isObject)) {
    for (const [index, item] of before.entries()) yield* changedFields(item, after[index], `${path}[${String(index)}]`);
  } else {
    yield { path, before, after };
  }
}

/** Differing values, as deep as objects go; items of lists by what tells them apart, or one by one. */
function* changedFields(earlier: unknown, later: unknown, path = ''): Generator<ChangedField> {
  if (isDeepStrictEqual(earlier, later)) return;
  const [before, after] = [readText(earlier), readText(later)];
  const inner = (key: string): string => (path === '' ? key : `${path}.${key}`);
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      yield* changedFields(before[key], after[key], inner(key));
    }
  } else if (Array.isArray(before) && Array.isArray(after)) {
    yield* changedItems(before, after, path);
  } else {
    yield { path, before: earlier, after: later };
  }
}

function kindOf({ apiVersion, kind }: ComparedObject): string {
  const service = /^(?<service>[a-z0-9]+)\.aws\.(m\.)?upbound\.io\//.exec(apiVersion)?.groups?.['service'];
  return service === undefined ? kind : `${service}.${kind}`;
}

/** The group counts: another scope is another object. */
function keyOf({ apiVersion, kind, metadata }: ComparedObject): string {
  return [apiVersion.split('/')[0], kind, metadata.namespace ?? '', metadata.name].join(' ');
}

const titleOf = (object: ComparedObject): string => `${kindOf(object)} ${object.metadata.name}`;

function changesOf(before: ComparedObject, after: ComparedObject): Change[] {
  const policies = after.spec?.managementPolicies ?? [];
  const changed = [
    ...changedFields({ metadata: before.metadata, ...before.spec }, { metadata: after.metadata, ...after.spec }),
  ];
  return changed.map(({ path, ...values }) => {
    const [first = '', ...rest] = path.split('.');
    const section = first.split('[')[0] ?? '';
    const field = { path: rest.join('.') || first, ...values };
    return { ...field, section, consequence: consequenceOfChange(kindOf(after), section, field, policies) };
  });
}

/** What applying `after` to a cluster that has `before` does, object by object. */
export function compareObjects(before: readonly ComparedObject[], after: readonly ComparedObject[]): Difference[] {
  const earlier = new Map(before.map((object) => [keyOf(object), object]));
  const later = new Map(after.map((object) => [keyOf(object), object]));
  const vanishing = before.filter((object) => !later.has(keyOf(object)));
  const appearing = after.filter((object) => !earlier.has(keyOf(object)));
  const kept = after.flatMap((object) => {
    const old = earlier.get(keyOf(object));
    const changes = old === undefined ? [] : changesOf(old, object);
    return changes.length === 0
      ? []
      : [{ title: titleOf(object), type: 'changes' as const, consequence: undefined, changes }];
  });
  return [
    ...vanishing.map((object) => ({
      title: titleOf(object),
      type: 'vanishes' as const,
      consequence: consequenceOfLoss(object),
      changes: [],
    })),
    ...appearing.map((object) => ({
      title: titleOf(object),
      type: 'appears' as const,
      consequence: undefined,
      changes: [],
    })),
    ...kept,
  ];
}

/** Whether somebody has to think before it is applied. */
export function isDangerous({ consequence, changes }: Difference): boolean {
  return consequence?.isDangerous === true || changes.some((change) => change.consequence?.isDangerous === true);
}

/** Longer values, such as code, say nothing to people. */
const LONGEST_VALUE = 60;

function valueText(value: unknown): string {
  const text = value === undefined ? '(none)' : JSON.stringify(value);
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}…`;
}

const mark = (consequence: Consequence | undefined): string => (consequence?.isDangerous === true ? '!' : ' ');

function changeText({ section, path, before, after, consequence }: Change): string[] {
  const name = path.split('[')[0] === section ? path : `${section}.${path}`;
  return [
    `${mark(consequence)}     ${name}: ${valueText(before)} -> ${valueText(after)}`,
    ...(consequence === undefined ? [] : [`        ${consequence.text}`]),
  ];
}

const SIGNS = { appears: '+', vanishes: '-', changes: '~' } as const;

/** The differences for people. */
export function comparisonReport(differences: readonly Difference[]): string {
  if (differences.length === 0) return 'no difference\n';
  const lines = differences.flatMap(({ title, type, consequence, changes }) => [
    `${mark(consequence)} ${SIGNS[type]} ${title}`,
    ...(consequence === undefined ? [] : [`        ${consequence.text}`]),
    ...changes.flatMap(changeText),
  ]);
  const count = (type: Difference['type']) => differences.filter((one) => one.type === type).length;
  const dangers = differences.filter(isDangerous).length;
  const summary = `${String(count('appears'))} appear, ${String(count('vanishes'))} vanish, ${String(count('changes'))} change`;
  return [...lines, '', `${summary}; ${String(dangers)} to think about (!)`, ''].join('\n');
}
