import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { ShardMetrics } from './shard-metrics.ts';

async function seriesOf(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith('aurora_dr_'));
}

describe('ShardMetrics', () => {
  it('given a process without shards, then there are no series', async () => {
    const registry = new Registry();
    const metrics = new ShardMetrics(registry);
    expect(metrics).toBeDefined();
    expect(await seriesOf(registry)).toEqual([]);
  });

  it('given one that takes part, then its figures are those of the moment, and every kind of move starts at zero', async () => {
    const registry = new Registry();
    const metrics = new ShardMetrics(registry);
    let owned = 3;
    metrics.track(() => ({ shards: 8, owned, orphans: 1, members: 2, policies: 40 }));
    metrics.countMove('taken');
    expect(await seriesOf(registry)).toEqual([
      'aurora_dr_shards 8',
      'aurora_dr_shards_owned 3',
      'aurora_dr_shards_orphaned 1',
      'aurora_dr_shard_members 2',
      'aurora_dr_shard_policies 40',
      'aurora_dr_shard_moves_total{result="taken"} 1',
      'aurora_dr_shard_moves_total{result="handed-over"} 0',
      'aurora_dr_shard_moves_total{result="released"} 0',
      'aurora_dr_shard_moves_total{result="lost"} 0',
    ]);
    owned = 4;
    expect(await seriesOf(registry)).toContain('aurora_dr_shards_owned 4');
  });
});
