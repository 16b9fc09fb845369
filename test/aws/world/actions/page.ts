import { invalidParameterValue } from '../aws-error.ts';
import type { Input } from './action.ts';
import { optionalNumber, optionalString } from './input.ts';

/** A page of an RDS listing: MaxRecords from 20 to 100 (default 100), and an opaque Marker for the rest. */
export function page<T>(input: Input, all: readonly T[]): { items: T[]; marker: string | undefined } {
  const size = optionalNumber(input, 'MaxRecords') ?? 100;
  if (size < 20 || size > 100) {
    throw invalidParameterValue('Invalid value for max records. Must be between 20 and 100');
  }
  return slice(all, size, optionalString(input, 'Marker'), 'Marker');
}

/** A slice of a listing from the place that an opaque token names. */
export function slice<T>(
  all: readonly T[],
  size: number,
  token: string | undefined,
  tokenName: string,
): { items: T[]; marker: string | undefined } {
  const start = token === undefined ? 0 : decode(token, tokenName);
  const end = start + size;
  return { items: all.slice(start, end), marker: end < all.length ? encode(end) : undefined };
}

function encode(offset: number): string {
  return Buffer.from(`offset:${offset}`).toString('base64url');
}

function decode(token: string, tokenName: string): number {
  const match = /^offset:(\d+)$/.exec(Buffer.from(token, 'base64url').toString());
  if (match === null) {
    throw invalidParameterValue(`Invalid ${tokenName}: ${token}`);
  }
  return Number(match[1]);
}
