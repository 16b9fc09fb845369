import type { CallHooks } from './call-hooks.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** A call at which whoever makes it dies. */
export interface CrashPoint {
  /** Part of the call's name, such as `aws FailoverGlobalCluster`. */
  readonly what: string;
  readonly nth: number;
  /** Before the request leaves, or once it took its effect. */
  readonly when: 'before' | 'after';
}

export interface RunningOperator {
  readonly process: SimulatedProcess;
  readonly stop: () => void;
}

/** A process that died at a call; milliseconds since the simulation began. */
export interface Strike {
  readonly replica: number;
  readonly at: number;
}

/** How long a process that is asked to end may take before it is killed: Kubernetes' default. */
const GRACE_MILLISECONDS = 30_000;
/** From a crash at a call until the replica runs again. */
const RESTART_MILLISECONDS = 3_000;

/** The operator's replicas: who runs, who is down, and who dies when. */
export class Replicas implements Pick<CallHooks, 'beforeCall' | 'afterEffect'> {
  readonly #start: (replica: number, wallOffset: number) => RunningOperator;
  readonly #running = new Map<number, RunningOperator>();
  readonly #wallOffsets: number[];
  readonly #crashPoints = new Map<CrashPoint, number>();
  crashes = 0;
  /** Those of them that were at a call, oldest first. */
  readonly strikes: Strike[] = [];

  constructor(wallOffsets: readonly number[], start: (replica: number, wallOffset: number) => RunningOperator) {
    this.#wallOffsets = [...wallOffsets];
    this.#start = start;
  }

  process(replica: number): SimulatedProcess | undefined {
    return this.#running.get(replica)?.process;
  }

  start(replica: number): void {
    if (replica >= this.#wallOffsets.length || this.#running.has(replica)) return;
    const started = this.#start(replica, this.#wallOffsets[replica] ?? 0);
    // It may have died at its very first calls.
    if (started.process.isAlive) this.#running.set(replica, started);
  }

  crash(replica: number): void {
    const running = this.#running.get(replica);
    if (running === undefined) return;
    this.crashes += 1;
    running.process.kill();
    this.#running.delete(replica);
  }

  /** Ends a run in order, or after its grace, while the next one starts: as a rolling update does. */
  restart(replica: number): void {
    const running = this.#running.get(replica);
    if (running === undefined) return;
    running.stop();
    this.#running.delete(replica);
    running.process.scheduler.after(GRACE_MILLISECONDS, () => running.process.kill());
    this.start(replica);
  }

  jumpClock(replica: number, milliseconds: number): void {
    this.process(replica)?.jumpWallClock(milliseconds);
    this.#wallOffsets[replica] = (this.#wallOffsets[replica] ?? 0) + milliseconds;
  }

  /** Returns how to take it back. */
  crashAt(point: CrashPoint): () => void {
    this.#crashPoints.set(point, 0);
    return () => {
      this.#crashPoints.delete(point);
    };
  }

  beforeCall(process: SimulatedProcess, what: string): boolean {
    return process.isAlive && !this.#isStruck(process, what, 'before');
  }

  afterEffect(process: SimulatedProcess, what: string): boolean {
    return !this.#isStruck(process, what, 'after');
  }

  #isStruck(process: SimulatedProcess, what: string, when: CrashPoint['when']): boolean {
    for (const [point, count] of this.#crashPoints) {
      if (point.when !== when || !what.includes(point.what)) continue;
      this.#crashPoints.set(point, count + 1);
      if (count + 1 < point.nth) continue;
      this.#crashPoints.delete(point);
      this.crashes += 1;
      this.strikes.push({ replica: process.replica, at: process.scheduler.time });
      process.kill();
      if (this.#running.get(process.replica)?.process === process) this.#running.delete(process.replica);
      process.scheduler.after(RESTART_MILLISECONDS, () => this.start(process.replica));
      return true;
    }
    return false;
  }
}
