import type { SeededRandom } from './seeded-random.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/**
 * `refuse`: a connection is refused at once. `blackhole`: silence. `answersLost`: requests arrive, answers do not.
 */
export type LinkState = 'up' | 'refuse' | 'blackhole' | 'answersLost';

/** What is at the other end of a link: `rds:REGION` (all AWS services there), `endpoint:REGION`, `witness`, `api`. */
export type Place = string;

/** Who sends: `operator-0` and so on, or `witness`. */
export type Sender = string;

/** A connection that was not to be had, or that broke. */
export class LinkError extends Error {
  override name = 'LinkError';
  readonly code: 'ECONNREFUSED' | 'ECONNRESET';
  readonly syscall: string;

  constructor(code: 'ECONNREFUSED' | 'ECONNRESET') {
    super(code === 'ECONNREFUSED' ? 'connect ECONNREFUSED' : 'read ECONNRESET');
    this.code = code;
    this.syscall = code === 'ECONNREFUSED' ? 'connect' : 'read';
  }
}

/** The most that a message usually takes one way, milliseconds. */
const USUAL_LATENCY = 40;

interface Cut {
  /** `*`: everybody; `operators`: all of them, but not the witness. */
  readonly sender: Sender;
  readonly place: Place;
  readonly state: LinkState;
}

/** Who reaches whom, and how fast. */
export class Network {
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #cuts = new Map<number, Cut>();
  #lastCut = 0;
  /** The most that a message takes one way, milliseconds, by each slowness in force; some take ten times as long. */
  readonly #slowness = new Set<{ readonly most: number }>();

  constructor(scheduler: Scheduler, random: SeededRandom) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  /** Cuts a link, or one of everybody; returns how to heal it. */
  cut(cut: Cut): () => void {
    this.#lastCut += 1;
    const id = this.#lastCut;
    this.#cuts.set(id, cut);
    return () => {
      this.#cuts.delete(id);
    };
  }

  /** Slows everything down; returns how to end that. */
  slow(most: number): () => void {
    const slowness = { most };
    this.#slowness.add(slowness);
    return () => {
      this.#slowness.delete(slowness);
    };
  }

  state(sender: Sender, place: Place): LinkState {
    if (this.#cuts.size === 0) return 'up';
    for (const cut of this.#cuts.values()) {
      if (cut.place === place && isMeant(cut.sender, sender)) return cut.state;
    }
    return 'up';
  }

  /**
   * Sends a request and brings its answer back. `serve` runs at the other end, when the request arrives there, and says
   * what is answered after how long; undefined: nothing. Neither `resolve` nor `reject` runs where nothing comes back.
   */
  send<T>(
    process: SimulatedProcess,
    place: Place,
    serve: () => Served<T>,
    resolve: (value: T) => void,
    reject: (error: Error) => void,
  ): void {
    if (!process.isAlive) return;
    const { sender } = process;
    const arrive = (): void => {
      const state = this.state(sender, place);
      if (state === 'blackhole') return;
      if (state === 'refuse') {
        process.deliver(this.#oneWay(), () => reject(new LinkError('ECONNREFUSED')));
        return;
      }
      const served = serve();
      if (served === undefined) return;
      process.deliver(this.#oneWay() + (served.afterMilliseconds ?? 0), () => {
        // An answer that meets a cut on its way back is lost as silently as one that is never sent.
        const back = this.state(sender, place);
        if (back === 'refuse') reject(new LinkError('ECONNRESET'));
        else if (back === 'up') {
          if ('error' in served) reject(served.error);
          else resolve(served.value);
        }
      });
    };
    // What has left a process arrives whether or not the process lives on; the other end keeps no promises.
    this.#scheduler.afterPassively(this.#oneWay(), arrive);
  }

  #oneWay(): number {
    const draw = this.#random.next();
    let most = USUAL_LATENCY;
    for (const slowness of this.#slowness) most = Math.max(most, slowness.most);
    const usual = 1 + draw * (most - 1);
    return Math.round(draw > 0.98 ? usual * 10 : usual);
  }
}

/** What the other end answers; undefined: nothing, ever. */
export type Served<T> =
  | { readonly value: T; readonly afterMilliseconds?: number }
  | { readonly error: Error; readonly afterMilliseconds?: number }
  | undefined;

function isMeant(wanted: Cut['sender'], sender: Sender): boolean {
  return wanted === '*' || wanted === sender || (wanted === 'operators' && sender.startsWith('operator-'));
}
