import { describe, expect, it } from '@jest/globals';
import { Ledger } from './ledger.ts';
import { EPOCH, Scheduler } from './scheduler.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimulatedProcess } from './simulated-process.ts';

const KEY = 'payments/orders';

/** Processes of one Kubernetes cluster, and what they were told of one secondary. */
class Bench {
  readonly scheduler = new Scheduler();
  readonly ledger = new Ledger(this.scheduler, () => 0);

  process(name: string, wallOffset = 0): SimulatedProcess {
    const { scheduler } = this;
    return new SimulatedProcess({ name, replica: 0, scheduler, random: new SeededRandom(1), wallOffset });
  }

  /** A round at a time in seconds, which is told of that very moment. */
  async round(process: SimulatedProcess, seconds: number, sequence: number): Promise<void> {
    const at = EPOCH + seconds * 1_000;
    await this.scheduler.runUntil(seconds * 1_000);
    this.ledger.note(process, { kind: 'lag', region: 'west', cluster: 'orders', at, lagMilliseconds: 40 }, 0);
    this.ledger.noteRound(process, KEY, {
      sequence,
      startedAt: at,
      completedAt: at,
      regions: {},
      endpoints: {},
      lag: {},
    });
  }

  /** The seconds of which the figures that a process knows tell. */
  known(process: SimulatedProcess): readonly number[] {
    return this.ledger.lagFigures(process, KEY, 'west', 'orders').map(({ end }) => (end - EPOCH) / 1_000);
  }
}

describe('what a process knows of what readers told', () => {
  it('Given a process that died, then its successor knows what it had heard when it wrote status last', async () => {
    const bench = new Bench();
    const [one, other] = [bench.process('one'), bench.process('other')];
    await bench.round(one, 10, 1);
    bench.ledger.noteStatus('one', KEY);
    await bench.round(one, 20, 2);
    await bench.round(other, 30, 1);

    expect(bench.known(one)).toEqual([10, 20]);
    expect(bench.known(other)).toEqual([10, 30]);
  });

  it('Given a process that begins anew, then it knows of what it heard before no more than status tells', async () => {
    const bench = new Bench();
    const one = bench.process('one');
    await bench.round(one, 10, 1);
    bench.ledger.noteStatus('one', KEY);
    await bench.round(one, 20, 2);
    await bench.round(one, 30, 1);
    await bench.round(one, 40, 2);

    expect(bench.known(one)).toEqual([10, 30, 40]);
  });

  it('Given a clock that is off, then figures are dated by it: a reader says how old they are', async () => {
    const bench = new Bench();
    const one = bench.process('one', 5_000);
    await bench.round(one, 10, 1);

    expect(bench.known(one)).toEqual([15]);
  });
});
