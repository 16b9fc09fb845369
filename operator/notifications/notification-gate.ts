import type { NotificationKind } from './notification.ts';

const hour = 3_600_000;
/** Fingerprints remembered for each key and kind: the oldest is forgotten, and then notified again at worst. */
const fingerprintLimit = 16;

/**
 * Keeps a state that lasts from being notified at every round. The same key, kind and fingerprint passes once, and again
 * after `renotifyAfterMilliseconds` as a reminder; another fingerprint (another region, another obstacle) passes at once,
 * but two that alternate pass only once each. Lives in memory: after a restart, a state that still lasts is notified anew.
 */
export class NotificationGate {
  readonly #renotifyAfterMilliseconds: number;
  /** By key, then by kind, then by fingerprint: when it passed last. */
  readonly #passed = new Map<string, Map<NotificationKind, Map<string, number>>>();

  /** @param renotifyAfterMilliseconds one hour unless told */
  constructor(renotifyAfterMilliseconds: number = hour) {
    this.#renotifyAfterMilliseconds = renotifyAfterMilliseconds;
  }

  /**
   * Whether to notify now; the answer yes is remembered.
   *
   * @param key the policy, `namespace/name`
   * @param fingerprint what makes this occurrence different from another of its kind
   * @param now milliseconds of any clock, the same at every call
   */
  shouldNotify(key: string, kind: NotificationKind, fingerprint: string, now: number): boolean {
    const fingerprints = this.#fingerprintsOf(key, kind);
    const last = fingerprints.get(fingerprint);
    // A wall clock that jumped back must not silence anything for longer than the reminder.
    const isRecent = last !== undefined && Math.abs(now - last) < this.#renotifyAfterMilliseconds;
    if (isRecent) return false;
    fingerprints.delete(fingerprint);
    fingerprints.set(fingerprint, now);
    const [oldest] = fingerprints.keys();
    if (fingerprints.size > fingerprintLimit && oldest !== undefined) fingerprints.delete(oldest);
    return true;
  }

  /** The state has ended for good: its next occurrence passes at once. */
  clear(key: string, kind: NotificationKind): void {
    this.#passed.get(key)?.delete(kind);
  }

  /** The policy is gone. */
  forget(key: string): void {
    this.#passed.delete(key);
  }

  #fingerprintsOf(key: string, kind: NotificationKind): Map<string, number> {
    const kinds = this.#passed.get(key) ?? new Map<NotificationKind, Map<string, number>>();
    this.#passed.set(key, kinds);
    const fingerprints = kinds.get(kind) ?? new Map<string, number>();
    kinds.set(kind, fingerprints);
    return fingerprints;
  }
}
