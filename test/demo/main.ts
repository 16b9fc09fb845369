import { once } from 'node:events';
import { runDatabaseDemo } from '../database/demo.ts';
import { Checks } from './checks.ts';
import { loseRegion } from './lose-region.ts';
import { Narrator } from './narrator.ts';
import { parseOptions, usage, type DemoOptions } from './options.ts';
import type { Play } from './play.ts';
import { names } from './policy.ts';
import { protect } from './protect.ts';
import { tellMeasurements, tellVerdict, type DemoReport } from './report.ts';
import { setStage, type Stage } from './stage.ts';
import { switchBack } from './switch-back.ts';
import { takeDown } from './take-down.ts';

const INTERRUPTED = 130;

type Acts = Pick<DemoReport, 'failover' | 'switchover'>;

/** Plays the acts; what they found out is in `acts` even when one fails. */
async function play(
  acts: { -readonly [K in keyof Acts]: Acts[K] },
  stagePlay: Play,
  options: DemoOptions,
): Promise<void> {
  const { narrator } = stagePlay;
  narrator.heading('1. A policy is applied');
  await protect(stagePlay);

  narrator.heading(`2. ${names.primary} is lost`);
  acts.failover = await loseRegion(stagePlay);

  narrator.heading(`3. ${names.primary} returns, and a person switches back`);
  acts.switchover = { timeline: await switchBack(stagePlay) };

  if (!options.isKept) {
    narrator.heading('4. The policy is deleted');
    await takeDown(stagePlay);
  }
  narrator.heading('Measured failover');
  tellMeasurements(narrator, acts.failover.measurements);
}

function suggest(narrator: Narrator, { plane, controlUrl, kubectlPath }: Stage): void {
  const control = `node test/aws/control.ts --url ${controlUrl}`;
  narrator.heading('Everything is left running. Try, in another terminal:');
  const lines = [
    `alias k='${kubectlPath} --kubeconfig ${plane.kubeconfig} --namespace ${names.namespace}'`,
    'k get drp --watch --output wide',
    `k describe drp ${names.policy}`,
    `k get service,configmap ${names.published} --output yaml`,
    'k get events --sort-by .metadata.creationTimestamp',
    'k explain drp.spec.detection',
    '',
    `${control} lose ${names.primary}             # break the region of the writer`,
    `${control} restore ${names.primary}          # heal it`,
    `${control} lag ${names.secondary} ${names.cluster} 5000   # more lag than the recovery point permits`,
    'node test/aws/control.ts        # lists everything else that can go wrong',
    '',
    `k annotate drp ${names.policy} aurora-dr.io/force-failover=any`,
    `k annotate drp ${names.policy} aurora-dr.io/drill=Simulate`,
    `k get drp ${names.policy} --output jsonpath='{.status.lastRequest}'`,
    '',
    '# After a role change automation rests for failover.cooldown (30m). To end that early:',
    `k annotate drp ${names.policy} aurora-dr.io/acknowledge=$(k get drp ${names.policy} --output jsonpath='{.status.history[0].id}')`,
  ];
  for (const line of lines) {
    narrator.line(`  ${line}`);
  }
  narrator.line('\nCtrl-C stops everything.');
}

async function untilInterrupted(): Promise<void> {
  // A pending promise alone does not keep the process alive.
  const keepAlive = setInterval(() => undefined, 60_000);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  clearInterval(keepAlive);
}

async function run(options: DemoOptions): Promise<DemoReport> {
  const startedAt = performance.now();
  const narrator = new Narrator(options.isJson ? process.stderr : process.stdout);
  const checks = new Checks((check) => narrator.check(check));
  const acts: { -readonly [K in keyof Acts]: Acts[K] } = {};
  const report = (error?: Error): DemoReport => ({
    hasPassed: error === undefined && checks.havePassed,
    ...(error === undefined ? {} : { error: error.message }),
    checks: checks.all,
    ...acts,
    elapsedMilliseconds: Math.round(performance.now() - startedAt),
  });
  await using cleanUp = new AsyncDisposableStack();
  const interruption = new AbortController();
  const interrupt = (): void => {
    interruption.abort();
    narrator.line('\ninterrupted: stopping everything …');
    void cleanUp.disposeAsync().finally(() => process.exit(INTERRUPTED));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  let stage: Stage | undefined;
  try {
    narrator.line('Aurora DR Operator: a policy on a real API server survives the loss of a region.');
    narrator.heading('Set-up');
    stage = await setStage(narrator, cleanUp);
    await play(acts, { stage, narrator, checks }, options);
    tellVerdict(narrator, report());
    if (options.isKept) {
      suggest(narrator, stage);
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      await untilInterrupted();
      process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
      narrator.line('\nstopping everything …');
      await stage.kubectl(['delete', 'drp', names.policy, '--timeout=20s']);
    }
    return report();
  } catch (error) {
    const failed = report(error instanceof Error ? error : new Error(String(error)));
    // What is stopped on purpose fails in many ways, none of which is news.
    if (interruption.signal.aborted) return failed;
    tellVerdict(narrator, failed);
    for (const line of stage?.operator.tail ?? []) {
      narrator.line(`  operator: ${line}`);
    }
    return failed;
  }
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options.isHelpWanted) {
    process.stdout.write(usage);
    return 0;
  }
  if (options.isOnDatabases) return runDatabaseDemo(options);
  const report = await run(options);
  if (options.isJson) {
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  }
  return report.hasPassed ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 1;
  },
);
