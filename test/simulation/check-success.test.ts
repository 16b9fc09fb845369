import { describe, expect, it } from '@jest/globals';
import type { HistoryEntry } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { addGlobalCluster } from '../aws/world/add-global-cluster.ts';
import { answer } from '../aws/world/answer.ts';
import { ManualClock } from '../aws/world/clock.ts';
import { World } from '../aws/world/world.ts';
import { SuccessChecks } from './check-success.ts';

const [EAST, WEST] = ['us-east-1', 'us-west-2'];
const MINUTE = 60_000;
const SWITCHOVER = { id: 'switchover-1', from: EAST, to: WEST } as const;

/** A switchover of which AWS knows nothing, and the failover to its target that somebody else makes. */
class Bench {
  readonly accused: string[] = [];
  readonly #clock = new ManualClock(Date.parse('2030-01-01T00:00:00Z'));
  readonly #world = new World(this.#clock, [EAST, WEST]);
  readonly #checks = new SuccessChecks({
    world: this.#world,
    globalCluster: 'aurora-global-prod',
    roleChangesOf: () => [],
    isStale: false,
    accuse: (_, message) => this.accused.push(message),
  });

  constructor() {
    addGlobalCluster(this.#world, { regions: [EAST, WEST] }, () => '127.0.0.1');
  }

  failOver(): this {
    const input = {
      GlobalClusterIdentifier: 'aurora-global-prod',
      TargetDbClusterIdentifier: `arn:aws:rds:${WEST}:123456789012:cluster:aurora-prod`,
      AllowDataLoss: true,
    };
    const { kind } = answer(this.#world, { region: WEST, service: 'rds', action: 'FailoverGlobalCluster', input });
    expect(kind).toBe('output');
    while (this.#world.operations.at(-1)?.phase !== 'completed') this.pass(100);
    return this;
  }

  pass(milliseconds: number): this {
    this.#clock.advance(milliseconds);
    this.#world.settle();
    return this;
  }

  register(): this {
    this.#checks.onOperation(SWITCHOVER);
    return this;
  }

  seePromoted(): this {
    this.#checks.onOperation({ ...SWITCHOVER, promotedAt: 'now' });
    return this;
  }

  succeed(): readonly string[] {
    const entry = { ...SWITCHOVER, type: 'Switchover', trigger: 'Annotation', outcome: 'Succeeded' };
    this.#checks.onHistory([], [entry as unknown as HistoryEntry]);
    return this.accused;
  }
}

describe('a switchover that is called a success', () => {
  it('given a failover whose old primary is synchronized anew when it is seen, then it is none', () => {
    expect(new Bench().register().failOver().seePromoted().pass(MINUTE).succeed()).toHaveLength(1);
  });

  it('given a failover whose old primary was connected again before it was seen, then nothing tells them apart', () => {
    expect(new Bench().register().failOver().pass(MINUTE).seePromoted().succeed()).toEqual([]);
  });

  it('given a failover of before it was registered, then it is none', () => {
    expect(new Bench().failOver().pass(MINUTE).register().seePromoted().succeed()).toHaveLength(1);
  });
});
