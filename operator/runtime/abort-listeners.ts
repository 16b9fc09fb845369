const listenersOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back once when the signal is aborted, as `addEventListener` does, for signals that very many listen to. A signal
 * compares each new listener with all that it has, and looks through them for the one to remove: with the probes of a
 * thousand policies that was a tenth of what a round cost, and it grows with the square.
 */
export function addAbortListener(signal: AbortSignal, callback: () => void): void {
  const known = listenersOf.get(signal);
  if (known !== undefined) {
    known.add(callback);
    return;
  }
  const listeners = new Set([callback]);
  listenersOf.set(signal, listeners);
  const tell = (): void => {
    for (const listener of listeners) {
      listeners.delete(listener);
      listener();
    }
  };
  signal.addEventListener('abort', tell, { once: true });
}

/** Does nothing when nobody listens with this callback. */
export function removeAbortListener(signal: AbortSignal | undefined, callback: () => void): void {
  if (signal !== undefined) listenersOf.get(signal)?.delete(callback);
}
