import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../runtime/manual-clock.ts';
import { METRIC_LABELS } from './metric-labels.ts';
import { OperatorMetrics } from './metrics.ts';
import type { PolicySample } from './policy-metrics.ts';

const key = { namespace: 'payments', name: 'transactions' };
const sample: PolicySample = {
  createdAt: 500_000,
  phase: 'Protected',
  isReady: true,
  failoverReady: { isTrue: false, reason: 'NoCandidate' },
  hasSplitBrainRisk: false,
  isEndpointPublished: true,
  isSuspended: false,
  objectives: { recoveryTimeMilliseconds: 600_000, recoveryPointMilliseconds: 1_500 },
  rescueSnapshotsPending: 0,
  lag: [],
  signals: [],
};

describe('OperatorMetrics', () => {
  let clock: ManualClock;
  let metrics: OperatorMetrics;

  beforeEach(() => {
    clock = new ManualClock(1_000_000);
    metrics = new OperatorMetrics({ clock, version: '1.2.3', isProcessIncluded: false });
  });

  /** The sample lines that start with the text. */
  async function lines(start: string): Promise<string[]> {
    return (await metrics.render()).split('\n').filter((line) => line.startsWith(start));
  }

  const policy = 'namespace="payments",name="transactions"';

  it('given a policy, shows what is known of it', async () => {
    metrics.observePolicy(key, {
      createdAt: 500_000,
      phase: 'Protected',
      primaryRegion: 'us-east-1',
      isReady: true,
      failoverReady: { isTrue: false, reason: 'NoCandidate' },
      hasSplitBrainRisk: true,
      isEndpointPublished: false,
      hasResourceDrift: true,
      isSuspended: false,
      rescueSnapshotsPending: 2,
      recoveryBegan: 955_000,
      lag: [{ region: 'us-west-2', lagMilliseconds: 250, sampleTime: 970_000 }],
      signals: [{ name: 'endpoint', state: 'Failing' }],
      operation: { type: 'Switchover', step: 'Promoting', startedAt: 940_000 },
      cooldownUntil: 1_090_000,
      estimatedDataLossMilliseconds: 1_500,
      worstCaseDataLossMilliseconds: 31_500,
      objectives: {
        recoveryTimeMilliseconds: 600_000,
        recoveryPointMilliseconds: 1_500,
        drillMaximumAgeMilliseconds: 3_600_000,
        detectionWindowMilliseconds: 43_000,
      },
    });
    const text = await metrics.render();
    for (const line of [
      `aurora_dr_created_timestamp_seconds{${policy}} 500`,
      `aurora_dr_protected{${policy}} 1`,
      `aurora_dr_phase{${policy},phase="Protected"} 1`,
      `aurora_dr_primary{${policy},region="us-east-1"} 1`,
      `aurora_dr_ready{${policy}} 1`,
      `aurora_dr_failover_ready{${policy},reason="NoCandidate"} 0`,
      `aurora_dr_split_brain_risk{${policy}} 1`,
      `aurora_dr_rescue_snapshots_pending{${policy}} 2`,
      `aurora_dr_endpoint_published{${policy}} 0`,
      `aurora_dr_resource_drift{${policy}} 1`,
      `aurora_dr_suspended{${policy}} 0`,
      `aurora_dr_replication_lag_seconds{${policy},region="us-west-2"} 0.25`,
      `aurora_dr_lag_sample_age_seconds{${policy},region="us-west-2"} 30`,
      `aurora_dr_signal_state{${policy},signal="endpoint",state="Passing"} 0`,
      `aurora_dr_signal_state{${policy},signal="endpoint",state="Failing"} 1`,
      `aurora_dr_signal_state{${policy},signal="endpoint",state="Unknown"} 0`,
      `aurora_dr_operation_in_flight{${policy},type="Failover"} 0`,
      `aurora_dr_operation_in_flight{${policy},type="Switchover"} 1`,
      `aurora_dr_operation_age_seconds{${policy},type="Switchover",step="Promoting"} 60`,
      `aurora_dr_cooldown_remaining_seconds{${policy}} 90`,
      `aurora_dr_estimated_data_loss_seconds{${policy}} 1.5`,
      `aurora_dr_recovery_duration_seconds{${policy}} 45`,
      `aurora_dr_worst_case_data_loss_seconds{${policy}} 31.5`,
      `aurora_dr_recovery_time_objective_seconds{${policy}} 600`,
      `aurora_dr_recovery_point_objective_seconds{${policy}} 1.5`,
      `aurora_dr_drill_maximum_age_seconds{${policy}} 3600`,
      `aurora_dr_detection_window_seconds{${policy}} 43`,
      `aurora_dr_judged_age_seconds{${policy}} 0`,
    ]) {
      expect(text).toContain(`\n${line}\n`);
    }
  });

  it('given time that passes, ages grow and the cooldown shrinks down to zero', async () => {
    const lag = [{ region: 'us-west-2', lagMilliseconds: 250, sampleTime: 1_000_000 }];
    metrics.observePolicy(key, { ...sample, lag, cooldownUntil: 1_060_000 });
    await clock.advance(45_000);
    expect(await lines('aurora_dr_lag_sample_age_seconds{')).toEqual([expect.stringMatching(/ 45$/)]);
    expect(await lines('aurora_dr_cooldown_remaining_seconds{')).toEqual([expect.stringMatching(/ 15$/)]);
    await clock.advance(45_000);
    expect(await lines('aurora_dr_cooldown_remaining_seconds{')).toEqual([expect.stringMatching(/ 0$/)]);
  });

  it('given a phase, a reason or a primary that changes, only the present one is left', async () => {
    metrics.observePolicy(key, { ...sample, primaryRegion: 'us-east-1' });
    metrics.observePolicy(key, {
      ...sample,
      phase: 'Suspect',
      primaryRegion: 'us-west-2',
      failoverReady: { isTrue: true, reason: 'Protected' },
    });
    expect(await lines('aurora_dr_phase{')).toEqual([`aurora_dr_phase{${policy},phase="Suspect"} 1`]);
    expect(await lines('aurora_dr_protected{')).toEqual([`aurora_dr_protected{${policy}} 0`]);
    expect(await lines('aurora_dr_primary{')).toEqual([`aurora_dr_primary{${policy},region="us-west-2"} 1`]);
    expect(await lines('aurora_dr_failover_ready{')).toEqual([
      `aurora_dr_failover_ready{${policy},reason="Protected"} 1`,
    ]);
  });

  it('given an operation that ended, shows its moments and its recovery time', async () => {
    metrics.observePolicy(key, {
      ...sample,
      lastOperation: {
        type: 'Failover',
        trigger: 'Automatic',
        outcome: 'Succeeded',
        detectedAt: 900_000,
        startedAt: 920_000,
        promotedAt: 970_000,
        completedAt: 985_500,
        recoveryMilliseconds: 85_500,
      },
    });
    const labels = `${policy},type="Failover",trigger="Automatic",outcome="Succeeded"`;
    expect(await lines('aurora_dr_last_operation_timestamp_seconds{')).toEqual([
      `aurora_dr_last_operation_timestamp_seconds{${labels},moment="detected"} 900`,
      `aurora_dr_last_operation_timestamp_seconds{${labels},moment="started"} 920`,
      `aurora_dr_last_operation_timestamp_seconds{${labels},moment="promoted"} 970`,
      `aurora_dr_last_operation_timestamp_seconds{${labels},moment="completed"} 985.5`,
    ]);
    expect(await lines('aurora_dr_last_recovery_seconds{')).toEqual([
      `aurora_dr_last_recovery_seconds{${policy},type="Failover"} 85.5`,
    ]);
  });

  it('given a policy that is not judged any more, shows for how long', async () => {
    metrics.observePolicy(key, sample);
    await clock.advance(75_000);
    expect(await lines('aurora_dr_judged_age_seconds{')).toEqual([`aurora_dr_judged_age_seconds{${policy}} 75`]);
  });

  it.each([
    'replication_lag',
    'estimated_data_loss',
    'worst_case_data_loss',
    'resource_drift',
    'primary',
    'operation_age',
    'last_operation',
    'last_recovery',
    'drill_maximum_age',
    'detection_window',
  ])('given no %s, shows none instead of zero', async (name) => {
    metrics.observePolicy(key, sample);
    expect(await lines(`aurora_dr_${name}`)).toEqual([]);
  });

  it('given drills, shows the newest one, its age, its times, and counts them', async () => {
    expect(await lines('aurora_dr_last_drill')).toEqual([]);
    const lastDrill = {
      mode: 'Switchover',
      result: 'Failed',
      completedAt: 990_000,
      lastSucceededAt: 900_000,
      thereMilliseconds: 61_000,
      backMilliseconds: 62_500,
    } as const;
    metrics.observePolicy(key, { ...sample, lastDrill });
    metrics.countDrill(lastDrill);
    const text = await metrics.render();
    for (const line of [
      `aurora_dr_last_drill_result{${policy},mode="Switchover",result="Succeeded"} 0`,
      `aurora_dr_last_drill_result{${policy},mode="Switchover",result="Failed"} 1`,
      `aurora_dr_last_drill_result{${policy},mode="Switchover",result="Missed"} 0`,
      `aurora_dr_last_drill_age_seconds{${policy}} 10`,
      `aurora_dr_last_successful_drill_age_seconds{${policy}} 100`,
      `aurora_dr_last_drill_duration_seconds{${policy},leg="there"} 61`,
      `aurora_dr_last_drill_duration_seconds{${policy},leg="back"} 62.5`,
      'aurora_dr_drills_total{mode="Switchover",result="Failed"} 1',
    ]) {
      expect(text).toContain(`\n${line}\n`);
    }
  });

  it('given a drill that was missed and none that ever succeeded, shows no time that nobody knows', async () => {
    metrics.observePolicy(key, {
      ...sample,
      lastDrill: { mode: 'Simulate', result: 'Missed', completedAt: 1_000_000 },
    });
    expect(await lines('aurora_dr_last_successful_drill_age_seconds{')).toEqual([]);
    expect(await lines('aurora_dr_last_drill_duration_seconds{')).toEqual([]);
    expect(await lines('aurora_dr_last_drill_age_seconds{')).toEqual([expect.stringMatching(/ 0$/)]);
  });

  it('given a signal that is not configured any more, its series go', async () => {
    metrics.observePolicy(key, { ...sample, signals: [{ name: 'http', state: 'Passing' }] });
    expect(await lines('aurora_dr_signal_state{')).toHaveLength(3);
    metrics.observePolicy(key, sample);
    expect(await lines('aurora_dr_signal_state{')).toEqual([]);
  });

  it('given a policy that is gone, its series go and those of others stay', async () => {
    metrics.observePolicy(key, sample);
    metrics.observePolicy({ ...key, name: 'orders' }, sample);
    metrics.removePolicy(key);
    expect(await metrics.render()).not.toContain('transactions');
    expect(await lines('aurora_dr_protected{')).toEqual(['aurora_dr_protected{namespace="payments",name="orders"} 1']);
  });

  it('counts operations and measures those times that are known', async () => {
    const operation = { type: 'Failover', trigger: 'Automatic', outcome: 'Succeeded' } as const;
    metrics.countOperation({ ...operation, detectionMilliseconds: 32_000, recoveryMilliseconds: 95_000 });
    metrics.countOperation({ ...operation, outcome: 'Failed' });
    const counted = (await lines('aurora_dr_operations_total{')).filter((line) => !line.endsWith(' 0'));
    expect(counted).toEqual([
      'aurora_dr_operations_total{type="Failover",trigger="Automatic",outcome="Succeeded"} 1',
      'aurora_dr_operations_total{type="Failover",trigger="Automatic",outcome="Failed"} 1',
    ]);
    // The first of them is an increase: what may come is there at zero.
    expect(await lines('aurora_dr_detection_seconds_sum')).toEqual([
      'aurora_dr_detection_seconds_sum{type="Failover"} 32',
      'aurora_dr_detection_seconds_sum{type="Switchover"} 0',
    ]);
    expect(await lines('aurora_dr_recovery_seconds_count')).toEqual([
      'aurora_dr_recovery_seconds_count{type="Failover"} 1',
      'aurora_dr_recovery_seconds_count{type="Switchover"} 0',
    ]);
    expect(await lines('aurora_dr_recovery_seconds_sum')).toEqual([
      'aurora_dr_recovery_seconds_sum{type="Failover"} 95',
      'aurora_dr_recovery_seconds_sum{type="Switchover"} 0',
    ]);
  });

  it('counts calls to AWS and notifications', async () => {
    metrics.countAwsCall({ region: 'us-east-1', action: 'Publish', result: 'timeout', durationMilliseconds: 3_000 });
    metrics.countAwsCall({ region: 'us-east-1', action: 'Publish', result: 'timeout' });
    metrics.countNotification({ region: 'us-east-1', kind: 'FailoverStarted', result: 'delivered' });
    expect(await lines('aurora_dr_aws_calls_total{')).toEqual([
      'aurora_dr_aws_calls_total{region="us-east-1",action="Publish",result="timeout"} 2',
    ]);
    expect(await lines('aurora_dr_aws_call_duration_seconds_sum')).toEqual([expect.stringMatching(/ 3$/)]);
    expect(await lines('aurora_dr_notifications_total{')).toEqual([
      'aurora_dr_notifications_total{region="us-east-1",kind="FailoverStarted",result="delivered"} 1',
    ]);
  });

  it.each([
    ['operations', 2 * 5 * 4],
    ['drills', 2 * 3],
    ['rounds', 4],
    ['decision_records', 2],
    ['events_lost', 1],
  ])('given nothing that happened, every kind of %s is there at zero', async (name, count) => {
    const found = await lines(`aurora_dr_${name}_total`);
    expect(found).toHaveLength(count);
    expect(found.every((line) => line.endsWith(' 0'))).toBe(true);
  });

  it('counts rounds, probes and lost events', async () => {
    metrics.countRound({ isDisturbed: false, durationMilliseconds: 250 });
    metrics.countRound({ isDisturbed: true, durationMilliseconds: 750 });
    metrics.countLostRound();
    metrics.countProbe({ kind: 'endpoint', result: 'timeout' });
    metrics.countLostEvent();
    metrics.countSpans('sent', 3);
    const text = await metrics.render();
    for (const line of [
      'aurora_dr_rounds_total{result="completed"} 1',
      'aurora_dr_rounds_total{result="disturbed"} 1',
      'aurora_dr_rounds_total{result="lost"} 1',
      'aurora_dr_round_duration_seconds_sum 1',
      'aurora_dr_probes_total{kind="endpoint",result="timeout"} 1',
      'aurora_dr_events_lost_total 1',
      'aurora_dr_spans_total{result="sent"} 3',
    ]) {
      expect(text).toContain(`\n${line}\n`);
    }
  });

  it('counts records of the decision log', async () => {
    metrics.countDecisionRecords('written', 3);
    metrics.countDecisionRecords('lost', 1);
    metrics.countDecisionRecords('written', 2);
    expect(await lines('aurora_dr_decision_records_total{')).toEqual([
      'aurora_dr_decision_records_total{result="written"} 5',
      'aurora_dr_decision_records_total{result="lost"} 1',
    ]);
  });

  it('describes every metric that it renders, and every label of its own', async () => {
    const all = new OperatorMetrics({ clock, version: '1' });
    const described = await all.describe();
    const rendered = Array.from((await all.render()).matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => [
      name,
      type,
    ]);
    expect(described.map(({ name, type }) => [name, type])).toEqual(rendered);
    const own = described.filter(({ name }) => !/^(nodejs|process)_/.test(name));
    expect(new Set(own.flatMap(({ labels }) => labels))).toEqual(new Set(Object.keys(METRIC_LABELS)));
    expect(described.find(({ name }) => name === 'aurora_dr_detection_seconds')?.buckets?.slice(0, 3)).toEqual([
      1, 2, 5,
    ]);
  });

  it('given many metrics, when rendered, then others get their turn in between', async () => {
    let turns = 0;
    let isOver = false;
    const take = (): void => {
      turns += 1;
      if (!isOver) setImmediate(take);
    };
    setImmediate(take);
    await metrics.render();
    isOver = true;
    expect(turns).toBeGreaterThan((await metrics.describe()).length / 2);
  });

  it('names its version', async () => {
    expect(await lines('aurora_dr_build_info')).toEqual(['aurora_dr_build_info{version="1.2.3"} 1']);
  });

  it("shows Node's own figures unless told not to", async () => {
    expect(await lines('nodejs_')).toEqual([]);
    expect(await new OperatorMetrics({ clock, version: '1' }).render()).toContain('nodejs_eventloop_lag_seconds');
  });

  it('two instances share nothing', async () => {
    metrics.observePolicy(key, sample);
    const other = new OperatorMetrics({ clock, version: '1', isProcessIncluded: false });
    expect(await other.render()).not.toContain('transactions');
  });

  it('given role changes of several accounts, shows how many wait together, and the least of what is left', async () => {
    const lane = { region: 'us-west-2', action: 'FailoverGlobalCluster' };
    let lanes = [
      { ...lane, waiting: 3, tokens: 0, perSecond: 2.5 },
      { ...lane, waiting: 4, tokens: 7, perSecond: 5 },
      { ...lane, region: 'us-east-1', waiting: 0, tokens: 20, perSecond: 5 },
    ];
    metrics.trackRoleChanges(() => lanes);
    const labels = (region: string): string => `{region="${region}",action="FailoverGlobalCluster"}`;
    expect(await lines('aurora_dr_role_changes_waiting')).toEqual([
      `aurora_dr_role_changes_waiting${labels('us-west-2')} 7`,
      `aurora_dr_role_changes_waiting${labels('us-east-1')} 0`,
    ]);
    expect((await lines('aurora_dr_role_change_tokens'))[0]).toBe(
      `aurora_dr_role_change_tokens${labels('us-west-2')} 0`,
    );
    expect((await lines('aurora_dr_role_changes_per_second'))[0]).toBe(
      `aurora_dr_role_changes_per_second${labels('us-west-2')} 2.5`,
    );
    lanes = [];
    expect(await lines('aurora_dr_role_changes_waiting')).toEqual([]);
  });

  describe('runtime', () => {
    it('given a controller that has not worked yet, every result and error is there at zero', async () => {
      metrics.runtime.controllerListener('policy', 8);
      expect(await lines('controller_runtime_reconcile_total')).toHaveLength(4);
      for (const name of ['reconcile', 'reconcile_errors', 'terminal_reconcile_errors']) {
        const found = await lines(`controller_runtime_${name}_total`);
        expect([found.length > 0, found.every((line) => line.endsWith(' 0'))]).toEqual([true, true]);
      }
    });

    it("given a controller, counts under controller-runtime's names", async () => {
      const listener = metrics.runtime.controllerListener('policy', 8);
      listener.onStart('a/b');
      listener.onStart('a/c');
      expect(await lines('controller_runtime_active_workers')).toEqual([
        'controller_runtime_active_workers{controller="policy"} 2',
      ]);
      listener.onEnd('a/b', 'requeue_after', 300);
      listener.onError('a/c', new Error('x'), true);
      listener.onEnd('a/c', 'error', 700);
      listener.onError('a/d', new Error('x'), false);
      const text = await metrics.render();
      for (const line of [
        'controller_runtime_reconcile_total{controller="policy",result="requeue_after"} 1',
        'controller_runtime_reconcile_total{controller="policy",result="error"} 1',
        'controller_runtime_reconcile_errors_total{controller="policy"} 2',
        'controller_runtime_terminal_reconcile_errors_total{controller="policy"} 1',
        'controller_runtime_reconcile_time_seconds_sum{controller="policy"} 1',
        'controller_runtime_active_workers{controller="policy"} 0',
        'controller_runtime_max_concurrent_reconciles{controller="policy"} 8',
      ]) {
        expect(text).toContain(`\n${line}\n`);
      }
    });

    it('given a reconcile that leaves its worker, counts the worker as free and the reconcile until its end', async () => {
      const listener = metrics.runtime.controllerListener('policy', 8);
      listener.onStart('a/b');
      listener.onLeaveWorker('a/b');
      listener.onStart('a/c');
      const gauges = async (): Promise<string[]> => [
        ...(await lines('controller_runtime_active_workers')),
        ...(await lines('aurora_dr_reconciles_without_worker')),
      ];
      expect((await gauges()).map((line) => line.split(' ').at(-1))).toEqual(['1', '1']);
      listener.onEnd('a/b', 'success', 300);
      listener.onEnd('a/c', 'success', 300);
      expect((await gauges()).map((line) => line.split(' ').at(-1))).toEqual(['0', '0']);
    });

    it("given a work queue, counts under client-go's names with controller-runtime's labels", async () => {
      const queue = { unfinishedWorkMilliseconds: 1_500, longestRunningMilliseconds: 1_000 };
      const listener = metrics.runtime.workQueueListener('policy');
      metrics.runtime.trackWorkQueue('policy', queue);
      listener.onAdd('a/b');
      listener.onDepth(4);
      listener.onGet('a/b', 20);
      listener.onDone('a/b', 30);
      listener.onRetry('a/b', 1_000);
      const text = await metrics.render();
      for (const line of [
        'workqueue_adds_total{name="policy",controller="policy"} 1',
        'workqueue_depth{name="policy",controller="policy",priority=""} 4',
        'workqueue_queue_duration_seconds_sum{name="policy",controller="policy"} 0.02',
        'workqueue_work_duration_seconds_sum{name="policy",controller="policy"} 0.03',
        'workqueue_retries_total{name="policy",controller="policy"} 1',
        'workqueue_unfinished_work_seconds{name="policy",controller="policy"} 1.5',
        'workqueue_longest_running_processor_seconds{name="policy",controller="policy"} 1',
      ]) {
        expect(text).toContain(`\n${line}\n`);
      }
      queue.unfinishedWorkMilliseconds = 0;
      expect(await lines('workqueue_unfinished_work_seconds{')).toEqual([expect.stringMatching(/ 0$/)]);
    });

    it('shows watches, requests and leadership', async () => {
      let staleness = 2_000;
      const listener = metrics.runtime.reflectorListener('drps');
      metrics.runtime.trackWatch('drps', () => staleness);
      listener.onList(3, 10);
      listener.onWatch();
      listener.onError(new Error('x'), 200);
      metrics.runtime.countRestRequest({ code: '200', method: 'GET', host: 'h' });
      expect(await lines('aurora_dr_leader')).toEqual(['aurora_dr_leader 0']);
      expect(await lines('leader_election')).toEqual([]);
      metrics.runtime.setLeader(true, 'the-lease');
      const text = await metrics.render();
      for (const line of [
        'aurora_dr_watch_staleness_seconds{resource="drps"} 2',
        'aurora_dr_watch_lists_total{resource="drps"} 1',
        'aurora_dr_watch_opened_total{resource="drps"} 1',
        'aurora_dr_watch_errors_total{resource="drps"} 1',
        'rest_client_requests_total{code="200",method="GET",host="h"} 1',
        'aurora_dr_leader 1',
        'leader_election_master_status{name="the-lease"} 1',
      ]) {
        expect(text).toContain(`\n${line}\n`);
      }
      staleness = 7_000;
      expect(await lines('aurora_dr_watch_staleness')).toEqual([
        'aurora_dr_watch_staleness_seconds{resource="drps"} 7',
      ]);
      metrics.runtime.setLeader(false);
      expect(await lines('aurora_dr_leader')).toEqual(['aurora_dr_leader 0']);
    });
  });
});
