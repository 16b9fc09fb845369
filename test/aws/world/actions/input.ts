import { AwsError, invalidParameterValue } from '../aws-error.ts';
import type { Input } from './action.ts';

/** Readers of inputs that come as text (Query protocol), as JSON, or straight from a simulation. */
export function optionalString(input: Input, name: string): string | undefined {
  const value = input[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function requiredString(input: Input, name: string): string {
  return optionalString(input, name) ?? missing(name);
}

export function optionalBoolean(input: Input, name: string): boolean | undefined {
  const value = input[name];
  return value === undefined ? undefined : value === true || value === 'true';
}

export function optionalNumber(input: Input, name: string): number | undefined {
  const value = input[name];
  if (value === undefined) {
    return undefined;
  }
  const number = Number(value);
  if (!Number.isFinite(number)) {
    throw invalidParameterValue(`Invalid value for ${name}: ${JSON.stringify(value)} is not a number.`);
  }
  return number;
}

/** A timestamp in milliseconds: ISO 8601 (Query), seconds since the epoch (JSON) or a Date. */
export function optionalTime(input: Input, name: string): number | undefined {
  const value = input[name];
  if (value === undefined) {
    return undefined;
  }
  const time = parseTime(value);
  if (!Number.isFinite(time)) {
    throw invalidParameterValue(`Invalid value for ${name}: ${JSON.stringify(value)} is not a timestamp.`);
  }
  return Math.round(time);
}

function parseTime(value: unknown): number {
  if (value instanceof Date) {
    return value.getTime();
  }
  return typeof value === 'number' ? value * 1000 : Date.parse(typeof value === 'string' ? value : '');
}

export function requiredTime(input: Input, name: string): number {
  return optionalTime(input, name) ?? missing(name);
}

/** A list of structures; empty when left out. */
export function structures(input: Input, name: string): Input[] {
  const value = input[name];
  return Array.isArray(value) ? value.filter((item): item is Input => typeof item === 'object' && item !== null) : [];
}

/** A nested structure. */
export function optionalStructure(input: Input, name: string): Input | undefined {
  const value = input[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Input) : undefined;
}

/** A list of strings; empty when left out. */
export function strings(input: Input, name: string): string[] {
  const value = input[name];
  return Array.isArray(value) ? value.map(String) : [];
}

/** The `Filters` of an RDS call, by name. */
export function filters(input: Input, supported: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const filter of structures(input, 'Filters')) {
    const name = requiredString(filter, 'Name');
    if (!supported.includes(name)) {
      throw invalidParameterValue(`Unrecognized filter name: ${name}`);
    }
    found.set(name, strings(filter, 'Values'));
  }
  return found;
}

function missing(name: string): never {
  throw new AwsError('MissingParameter', 400, `The request must contain the parameter ${name}.`);
}
