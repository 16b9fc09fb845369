import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Linux counts a process's time in these (sysconf(_SC_CLK_TCK)): 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
const KILOBYTES = 1000;

/** What the kernel knows of a process. */
export interface ProcessFigures {
  /** Resident memory, and the most that it ever was: megabytes (10^6 bytes). */
  readonly residentMegabytes: number;
  readonly peakMegabytes: number;
  /** User and system time so far, in seconds. */
  readonly cpuSeconds: number;
  readonly openFiles: number;
  readonly sockets: number;
}

/** Reads /proc: see proc(5). */
export function processFigures(pid: number): ProcessFigures {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1]);
  // The second field, in brackets, may hold anything; utime and stime are the 14th and the 15th.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    residentMegabytes: (kibibytes('VmRSS') * 1024) / (KILOBYTES * KILOBYTES),
    peakMegabytes: (kibibytes('VmHWM') * 1024) / (KILOBYTES * KILOBYTES),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    openFiles: readdirSync(`/proc/${pid}/fd`).length,
    sockets: socketsOf(pid),
  };
}

/** Sockets of the process, of any kind. A descriptor that was closed meanwhile does not count. */
function socketsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).filter((descriptor) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${descriptor}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}
