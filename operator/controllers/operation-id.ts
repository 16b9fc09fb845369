import type { Instant } from '../failover/observation.ts';
import type { Random } from '../runtime/random.ts';

/** Readable and unique: `failover-20261123t093705z-4f7a2c`. People type it into annotations. */
export function operationId(kind: string, now: Instant, random: Random): string {
  const time = new Date(now)
    .toISOString()
    .replace(/[-:]|\.\d+/g, '')
    .toLowerCase();
  const suffix = Math.floor(random() * 0x1000000)
    .toString(16)
    .padStart(6, '0');
  return `${kind}-${time}-${suffix}`;
}
