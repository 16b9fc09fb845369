/** Settles as the promise does, or rejects with the signal's reason as soon as that is aborted. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    const stopListening = (): void => signal.removeEventListener('abort', onAbort);
    promise.then(
      (value) => {
        stopListening();
        resolve(value);
      },
      (error: unknown) => {
        stopListening();
        // Passed on as it came: what a call was rejected with is classified by whoever called.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- an error made here would hide it
        reject(error);
      },
    );
  });
}
