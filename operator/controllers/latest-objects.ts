import type { KubeObject } from '../runtime/resource.ts';
import { keyOf } from '../runtime/resource.ts';

/**
 * Reads one's own writes. The watch cache lags behind what this process has just written; deciding on the older object
 * would mean deciding twice. Every write here carries a resourceVersion precondition, so each version known to be
 * replaced is older than our last write.
 */
export class LatestObjects<T extends KubeObject> {
  readonly #cached: (key: string) => T | undefined;
  readonly #written = new Map<string, { readonly object: T; readonly replaced: Set<string> }>();

  constructor(cached: (key: string) => T | undefined) {
    this.#cached = cached;
  }

  /** The newest known version; undefined when the object is gone. */
  get(key: string): T | undefined {
    const cached = this.#cached(key);
    const own = this.#written.get(key);
    if (cached === undefined || own === undefined) {
      this.#written.delete(key);
      return cached;
    }
    if (own.replaced.has(cached.metadata.resourceVersion ?? '')) {
      return own.object;
    }
    this.#written.delete(key);
    return cached;
  }

  /** Notes that `written` has replaced `base`. */
  noteWrite(base: T, written: T): void {
    const key = keyOf(written);
    const version = written.metadata.resourceVersion ?? '';
    const known = this.#written.get(key);
    const replaced = known?.replaced ?? new Set<string>();
    replaced.add(base.metadata.resourceVersion ?? '');
    // A write without effect leaves the version as it was.
    replaced.delete(version);
    this.#written.set(key, { object: written, replaced });
  }
}
