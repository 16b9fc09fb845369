import { ReleaseError } from './release-error.ts';

const VERSION = /^(\d+)\.(\d+)\.(\d+)$/;

function numbersOf(version: string): readonly number[] {
  const [, ...numbers] = VERSION.exec(version) ?? [];
  if (numbers.length === 0) {
    throw new ReleaseError(`cannot release version ${version}: it is not of the form 1.2.3; name one that is`);
  }
  return numbers.map(Number);
}

/** @throws ReleaseError unless `next` is a version, and a later one */
export function assertLater(what: string, present: string, next: string): void {
  const [before, after] = [numbersOf(present), numbersOf(next)];
  const difference = after.map((number, index) => number - (before[index] ?? 0)).find((step) => step !== 0) ?? 0;
  if (difference <= 0) {
    throw new ReleaseError(`cannot release ${what} ${next}: the present one is ${present}; name a later one`);
  }
}

/** Chart.yaml with other versions, and everything else as it was. */
export function withChartVersions(
  text: string,
  versions: { readonly version: string; readonly appVersion: string },
): string {
  return text
    .replace(/^version: .*$/m, `version: ${versions.version}`)
    .replace(/^appVersion: .*$/m, `appVersion: ${versions.appVersion}`);
}

/** A field of a YAML file's first level. */
export function fieldOf(text: string, name: string): string {
  const value = new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1];
  if (value === undefined) throw new ReleaseError(`cannot read ${name}: Chart.yaml does not have it; add it`);
  return value;
}
