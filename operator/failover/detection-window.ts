import { VANTAGE_OF, type Settings, type SignalSettings } from './settings.ts';

/** All subsets of the listed classes: at most four classes, so at most sixteen. */
function subsets(signals: readonly SignalSettings[]): SignalSettings[][] {
  return signals.reduce<SignalSettings[][]>((all, signal) => [...all, ...all.map((set) => [...set, signal])], [[]]);
}

/** Whether these classes, all Failing, would make a quorum: enough of them, from at least two vantages. */
export function isQuorum(names: readonly { readonly name: SignalSettings['name'] }[], quorum: number): boolean {
  const vantages = new Set(names.map(({ name }) => VANTAGE_OF[name]));
  return names.length >= quorum && vantages.size >= 2;
}

/**
 * How long a real loss takes to be acted on with this configuration, in milliseconds: D + interval × (threshold + 1) +
 * timeout. D is the time until the slowest class that the fastest possible quorum needs can be Failing. The extra
 * interval is the loss falling just after a round began; the timeout is the last round waiting for silence.
 * Undefined when the listed classes can never make a quorum.
 */
export function detectionWindow(settings: Settings): number | undefined {
  if (!windows.has(settings)) {
    windows.set(settings, computeWindow(settings));
  }
  return windows.get(settings);
}

/** Settings never change and every round asks: sixteen subsets each time would be a percent of the whole. */
const windows = new WeakMap<Settings, number | undefined>();

function computeWindow(settings: Settings): number | undefined {
  const delays = subsets(settings.signals)
    .filter((set) => isQuorum(set, settings.quorum))
    .map((set) => Math.max(...set.map((signal) => signal.delayMilliseconds)));
  if (delays.length === 0) {
    return undefined;
  }
  return (
    Math.min(...delays) + settings.intervalMilliseconds * (settings.failureThreshold + 1) + settings.timeoutMilliseconds
  );
}
