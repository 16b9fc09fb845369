import ipaddr from 'ipaddr.js';

/** A range of IPv4 addresses in CIDR notation. */
export interface Cidr {
  readonly first: number;
  /** Inclusive. */
  readonly last: number;
  /** Bits of the network. */
  readonly prefix: number;
}

const ADDRESS_BITS = 32;

function toNumber(address: ipaddr.IPv4): number {
  return address.octets.reduce((value, octet) => value * 256 + octet, 0);
}

function toText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

/** The range, or undefined if it is none in four decimal parts, or has bits set beyond its network. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = ''] = text.split('/');
  if (!ipaddr.IPv4.isValidFourPartDecimal(address) || !ipaddr.IPv4.isValidCIDR(text)) return undefined;
  const [network, prefix] = ipaddr.IPv4.parseCIDR(text);
  const first = toNumber(network);
  const size = 2 ** (ADDRESS_BITS - prefix);
  return first % size === 0 ? { first, last: first + size - 1, prefix } : undefined;
}

/** The range that was meant where bits beyond the network are set; undefined where nothing can be guessed. */
export function networkOf(text: string): string | undefined {
  return ipaddr.IPv4.isValidCIDR(text)
    ? `${ipaddr.IPv4.networkAddressFromCIDR(text).toString()}/${text.split('/')[1] ?? ''}`
    : undefined;
}

/** Whether they share an address. */
export function overlaps(one: Cidr, other: Cidr): boolean {
  return one.first <= other.last && other.first <= one.last;
}

/** Whether all addresses of `inner` are in `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}

/**
 * The `index`-th block of `bits` more bits: of 10.0.0.0/16 with 8 bits number 10 is 10.0.10.0/24. Undefined if there is none.
 */
export function blockOf(outer: Cidr, bits: number, index: number): string | undefined {
  const prefix = outer.prefix + bits;
  if (prefix > ADDRESS_BITS || index >= 2 ** bits) return undefined;
  return `${toText(outer.first + index * 2 ** (ADDRESS_BITS - prefix))}/${String(prefix)}`;
}
