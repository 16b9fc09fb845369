/** Versions kept of one object: enough for the stale answers of a test, bounded for long runs. */
const versionsKept = 64;

/** Past versions of the world's objects, for answers that are stale. */
export class Journal<T extends object> {
  private readonly versions = new Map<string, { at: number; value: T }[]>();

  /** Keeps the value as it stands at `at`. */
  record(key: string, at: number, value: T): void {
    const versions = this.versions.get(key) ?? [];
    this.versions.set(key, versions);
    if (versions.at(-1)?.at === at) {
      versions.pop();
    }
    versions.push({ at, value: copyOf(value) });
    if (versions.length > versionsKept) {
      versions.shift();
    }
  }

  /** The value as it stood at `at`; the oldest version kept when it is younger than that. */
  asOf(key: string, at: number): T | undefined {
    const versions = this.versions.get(key);
    return (versions?.findLast((version) => version.at <= at) ?? versions?.[0])?.value;
  }
}

/** What `structuredClone` gives, of trees of plain objects and arrays, in a fraction of its time. */
function copyOf<V>(value: V): V {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as unknown[]).map(copyOf) as V;
  const copy: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) copy[name] = copyOf<unknown>(part);
  return copy as V;
}
