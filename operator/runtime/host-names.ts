import dns, { type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Clock } from './clock.ts';
import { systemHosts, type Hosts } from './hosts-file.ts';

/** Once one family of addresses is known, the other is waited for this long. */
const OTHER_FAMILY_MILLISECONDS = 300;
/** A name that answered before is not waited for longer than this: its last addresses serve. */
const PATIENCE_MILLISECONDS = 1_000;
/** Names whose last addresses are remembered at most. */
const MAXIMUM_REMEMBERED = 4_096;

/** DNS has no such name, or there is no DNS: the operating system may know it all the same (hosts, search domains). */
const UNKNOWN_TO_DNS: readonly string[] = [dns.NOTFOUND, dns.NODATA, dns.CONNREFUSED, dns.BADNAME, dns.NOTINITIALIZED];

/**
 * The operating system's name servers. A datagram that is lost is sent again after half a second (after two by default,
 * and twice that the next time): whoever asks for the name meanwhile waits for the same answer. Node looks whether one is
 * due as often as the first wait is long, and once a second at least: it may take twice as long.
 */
export function systemResolver(): dns.promises.Resolver {
  return new dns.promises.Resolver({ timeout: 500, tries: 5 });
}

/** What answers questions for addresses, by family. */
export interface AddressResolver {
  resolve4(name: string): Promise<string[]>;
  resolve6(name: string): Promise<string[]>;
}

export interface HostNamesProps {
  readonly clock: Pick<Clock, 'setTimeout'>;
  /** @default - the name servers of the operating system, asked beside its own resolver */
  readonly resolver?: AddressResolver;
  /** Names that need no question: as for everybody else on this machine, they come before DNS. @default - the hosts file */
  readonly hosts?: Hosts;
  /** What the operating system says of a name that DNS does not know. @default - getaddrinfo */
  readonly lookUp?: (name: string) => Promise<LookupAddress[]>;
}

/**
 * Finds addresses such that a name that nobody answers for delays no other. Node's own look-up runs in a handful of
 * threads, two at a time: two names of a lost region whose servers are silent would keep every other name waiting. Here
 * each name is asked for on its own, once at a time however many want it, and takes no thread.
 */
export class HostNames {
  readonly #clock: Pick<Clock, 'setTimeout'>;
  readonly #resolver: AddressResolver;
  readonly #hosts: Hosts;
  readonly #lookUp: (name: string) => Promise<LookupAddress[]>;
  readonly #asking = new Map<string, Promise<LookupAddress[]>>();
  readonly #remembered = new Map<string, LookupAddress[]>();

  constructor(props: HostNamesProps) {
    this.#clock = props.clock;
    this.#resolver = props.resolver ?? systemResolver();
    this.#hosts = props.hosts ?? systemHosts();
    this.#lookUp = props.lookUp ?? ((name) => dns.promises.lookup(name, { all: true, order: 'verbatim' }));
  }

  /** For sockets that must learn where a name leads now: the endpoint of a database that may have moved. */
  readonly lookup: LookupFunction = (name, options, callback) => {
    answer(this.#find(name), options, callback);
  };

  /**
   * For sockets whose far side proves who it is, by TLS: when a name is not answered for in time, or not at all, the
   * addresses that it had last serve.
   */
  readonly lookupWithMemory: LookupFunction = (name, options, callback) => {
    answer(this.#findOrRemember(name), options, callback);
  };

  async #findOrRemember(name: string): Promise<LookupAddress[]> {
    const remembered = this.#remembered.get(name);
    const found = this.#find(name).then((addresses) => {
      this.#remember(name, addresses);
      return addresses;
    });
    if (remembered === undefined) {
      return found;
    }
    const tired = Promise.withResolvers<LookupAddress[]>();
    const timer = this.#clock.setTimeout(() => tired.resolve(remembered), PATIENCE_MILLISECONDS);
    try {
      return await Promise.race([found.catch(() => remembered), tired.promise]);
    } finally {
      timer.cancel();
    }
  }

  #remember(name: string, addresses: LookupAddress[]): void {
    this.#remembered.delete(name);
    this.#remembered.set(name, addresses);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > MAXIMUM_REMEMBERED && oldest !== undefined) {
      this.#remembered.delete(oldest);
    }
  }

  #find(name: string): Promise<LookupAddress[]> {
    const known = this.#asking.get(name);
    if (known !== undefined) {
      return known;
    }
    const asking = this.#ask(name).finally(() => this.#asking.delete(name));
    this.#asking.set(name, asking);
    return asking;
  }

  async #ask(name: string): Promise<LookupAddress[]> {
    const listed = this.#hosts.get(name.toLowerCase());
    if (listed !== undefined) {
      return [...listed];
    }
    // Short names are the operating system's: "localhost", and those that only a search domain makes whole.
    if (!name.includes('.')) {
      return this.#lookUp(name);
    }
    const families = [
      this.#resolver.resolve4(name).then((found) => found.map((address) => ({ address, family: 4 }))),
      this.#resolver.resolve6(name).then((found) => found.map((address) => ({ address, family: 6 }))),
    ];
    try {
      await Promise.any(families);
    } catch (error) {
      const errors = (error as AggregateError).errors as NodeJS.ErrnoException[];
      if (errors.every(({ code }) => UNKNOWN_TO_DNS.includes(code ?? ''))) {
        return this.#lookUp(name);
      }
      throw failure(name, errors);
    }
    const all = await Promise.all(families.map((family) => this.#inTime(family)));
    return all.flat();
  }

  /** Nothing when it fails, or takes too long. */
  async #inTime(family: Promise<LookupAddress[]>): Promise<LookupAddress[]> {
    const late = Promise.withResolvers<LookupAddress[]>();
    const timer = this.#clock.setTimeout(() => late.resolve([]), OTHER_FAMILY_MILLISECONDS);
    try {
      return await Promise.race([family.catch(() => []), late.promise]);
    } finally {
      timer.cancel();
    }
  }
}

/** As getaddrinfo says it: trouble of the resolver, which says nothing about the host. */
function failure(name: string, errors: readonly NodeJS.ErrnoException[]): Error {
  const why = errors.map(({ message }) => message).join(', ');
  const error: NodeJS.ErrnoException = new Error(
    `cannot find the addresses of ${name}: ${why}; check the name servers`,
  );
  return Object.assign(error, { code: 'EAI_AGAIN', syscall: 'getaddrinfo', hostname: name });
}

type Callback = Parameters<LookupFunction>[2];
type Options = Parameters<LookupFunction>[1];

function answer(finding: Promise<LookupAddress[]>, { all, family }: Options, callback: Callback): void {
  finding.then(
    (addresses) => {
      const wanted = addresses.filter((one) => (family !== 4 && family !== 6 ? true : one.family === family));
      const [first] = wanted;
      if (first === undefined) {
        callback(Object.assign(new Error('the name has no address of that family'), { code: dns.NODATA }), '', 0);
      } else if (all === true) {
        callback(null, wanted);
      } else {
        callback(null, first.address, first.family);
      }
    },
    (error: unknown) => {
      callback(error as NodeJS.ErrnoException, '', 0);
    },
  );
}
