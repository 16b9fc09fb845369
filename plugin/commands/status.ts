import type { Command } from 'commander';
import type { DisasterRecoveryPolicy } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { withCluster, type Cluster } from '../cluster/connect.ts';
import { getPolicy, listPolicies, statusWrittenAt } from '../cluster/policies.ts';
import { eventsOf } from '../cluster/policy-events.ts';
import { PolicyWatch } from '../cluster/policy-watch.ts';
import { withClusterFlags, withOutputFlag, type ClusterFlags, type OutputFlags } from '../command-flags.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT_CODES, type ExitCode } from '../exit-codes.ts';
import { printData, printOneOfMany } from '../terminal/print-data.ts';
import { Screen } from '../terminal/screen.ts';
import { outPaint, print, remark, widthOf, type Terminal } from '../terminal/terminal.ts';
import { wrap } from '../views/layout.ts';
import type { PolicyEvent } from '../views/policy-event.ts';
import { readinessOf, type PolicySnapshot } from '../views/readiness.ts';
import { statusData } from '../views/status-data.ts';
import { statusLines, statusTable, type ViewStyle } from '../views/status-view.ts';
import { clockText, spanText } from '../views/time-text.ts';

interface StatusFlags extends ClusterFlags, OutputFlags {
  readonly allNamespaces?: boolean;
  readonly watch?: boolean;
  readonly exitCode?: boolean;
}

/** How often a screen that is watched is drawn anew although nothing changed: ages go on. */
const TICK_MILLISECONDS = 1_000;
const EVENTS_MILLISECONDS = 5_000;

export function addStatus(program: Command, { terminal, run }: CommandContext): void {
  const command = program
    .command('status')
    .summary('who is primary, and would a failover work right now')
    .description(
      'Shows who is primary, how far the secondaries are behind, whether a failover would work right now and why not, ' +
        'what is in flight, and the last events. Without NAME: all policies, a row each; the whole story when there is one.',
    )
    .argument('[name]', 'name of the policy')
    .option('-A, --all-namespaces', 'the policies of all namespaces')
    .option('-w, --watch', 'go on until Ctrl-C')
    .option('--exit-code', `end with ${EXIT_CODES.notReady} unless a failover of every policy shown would work`);
  withOutputFlag(withClusterFlags(command)).action((name: string | undefined, flags: StatusFlags) =>
    run(() => withCluster(flags, terminal.clock, (cluster) => new StatusCommand(terminal, cluster, flags, name).run())),
  );
}

class StatusCommand {
  readonly #terminal: Terminal;
  readonly #cluster: Cluster;
  readonly #flags: StatusFlags;
  readonly #name: string | undefined;

  constructor(terminal: Terminal, cluster: Cluster, flags: StatusFlags, name: string | undefined) {
    this.#terminal = terminal;
    this.#cluster = cluster;
    this.#flags = flags;
    this.#name = name;
  }

  async run(): Promise<ExitCode> {
    // Also when it is watched: a policy that is not there is a mistake, and not something to wait for.
    const policies = await this.#read();
    if (this.#flags.watch === true) {
      await this.#watch();
      return EXIT_CODES.interrupted;
    }
    await this.#show(policies);
    const isReady = policies.every((policy) => readinessOf(this.#snapshot(policy)).wouldWork === 'yes');
    return this.#flags.exitCode === true && !(isReady && policies.length > 0) ? EXIT_CODES.notReady : EXIT_CODES.done;
  }

  get #namespace(): string | undefined {
    return this.#flags.allNamespaces === true ? undefined : this.#cluster.namespace;
  }

  get #style(): ViewStyle {
    return { paint: outPaint(this.#terminal), width: widthOf(this.#terminal.stdout) };
  }

  #snapshot(policy: DisasterRecoveryPolicy): PolicySnapshot {
    return { policy, writtenAt: statusWrittenAt(policy), now: this.#terminal.clock.now() };
  }

  async #read(): Promise<readonly DisasterRecoveryPolicy[]> {
    const { client, namespace } = this.#cluster;
    return this.#name === undefined
      ? listPolicies(client, this.#namespace)
      : [await getPolicy(client, namespace, this.#name)];
  }

  async #show(policies: readonly DisasterRecoveryPolicy[]): Promise<void> {
    const { output } = this.#flags;
    if (output !== undefined) {
      printData(this.#terminal, output, await this.#data(policies));
      return;
    }
    if (policies.length === 0) {
      remark(
        this.#terminal,
        `no policies in ${this.#namespace === undefined ? 'any namespace' : `namespace ${this.#namespace}`}`,
      );
      return;
    }
    const [only] = policies;
    const events = only !== undefined && this.#isWhole(policies) ? await this.#eventsOf(only) : undefined;
    print(this.#terminal, this.#lines(policies, events));
  }

  /** One object for one policy that was named, and a list otherwise, however long. */
  async #data(policies: readonly DisasterRecoveryPolicy[]): Promise<unknown> {
    const items = await Promise.all(
      policies.map(async (policy) => statusData({ ...this.#snapshot(policy), events: await this.#eventsOf(policy) })),
    );
    return this.#name === undefined ? { items } : items[0];
  }

  #isWhole(policies: readonly DisasterRecoveryPolicy[]): boolean {
    return this.#name !== undefined || (policies.length === 1 && this.#flags.allNamespaces !== true);
  }

  #lines(policies: readonly DisasterRecoveryPolicy[], events: readonly PolicyEvent[] | undefined): string[] {
    const [only] = policies;
    return only !== undefined && this.#isWhole(policies)
      ? statusLines({ ...this.#snapshot(only), events }, this.#style)
      : statusTable(
          policies.map((policy) => this.#snapshot(policy)),
          this.#flags.allNamespaces === true,
          this.#style,
        );
  }

  #eventsOf(policy: DisasterRecoveryPolicy): Promise<readonly PolicyEvent[] | undefined> {
    return eventsOf(this.#cluster.client, policy);
  }

  async #watch(): Promise<void> {
    const { client } = this.#cluster;
    const { clock, interrupted } = this.#terminal;
    const watch = new PolicyWatch({ client, clock, namespace: this.#namespace, name: this.#name, signal: interrupted });
    const isOnScreen = this.#terminal.stdout.isTTY === true && this.#flags.output === undefined;
    await (isOnScreen ? this.#watchOnScreen(watch) : this.#watchInLines(watch)).catch((error: unknown) => {
      if (!interrupted.aborted) throw error;
    });
  }

  async #watchOnScreen(watch: PolicyWatch): Promise<void> {
    const { clock } = this.#terminal;
    let events: readonly PolicyEvent[] | undefined = [];
    let last: string[] = [];
    {
      using screen = new Screen(this.#terminal);
      const draw = (): boolean => {
        last = this.#lines(watch.list(), events);
        screen.draw([...this.#contact(watch), ...(last.length === 0 ? ['no such policy any more'] : last)]);
        return false;
      };
      const ended = new AbortController();
      const refresh = async (): Promise<void> => {
        const [only] = watch.list();
        if (only !== undefined && this.#isWhole(watch.list())) {
          events = await this.#eventsOf(only).catch(() => events);
        }
      };
      const every = async (milliseconds: number, work: () => unknown): Promise<void> => {
        for (;;) {
          await clock.sleep(milliseconds, ended.signal);
          await work();
        }
      };
      const background = [every(TICK_MILLISECONDS, draw), every(EVENTS_MILLISECONDS, refresh)];
      background.forEach((loop) => void loop.catch(() => undefined));
      try {
        await watch.follow(() => {
          void refresh().then(draw);
          return draw();
        });
      } finally {
        ended.abort(new Error('the watch ends'));
        await Promise.allSettled(background);
      }
    }
    // Left on the first screen: what was seen last.
    print(this.#terminal, last);
  }

  #contact(watch: PolicyWatch): string[] {
    const { breakdown } = watch;
    if (breakdown === undefined) return [];
    const { error, sinceMilliseconds } = breakdown;
    const why = error instanceof Error ? error.message : 'it is silent';
    const what = `the API server was last heard ${spanText(sinceMilliseconds)} ago, what is below may be old: ${why}`;
    return wrap(what, this.#style.width).map((line) => outPaint(this.#terminal).bad(line));
  }

  /** For a pipe: the table row, or the data, of each policy that changed. */
  async #watchInLines(watch: PolicyWatch): Promise<void> {
    const seen = new Map<string, string>();
    let pending = Promise.resolve();
    await watch.follow(() => {
      const changed = watch.list().filter(({ metadata }) => {
        const isNews = seen.get(metadata.uid) !== metadata.resourceVersion;
        seen.set(metadata.uid, metadata.resourceVersion);
        return isNews;
      });
      pending = pending.then(() => this.#tellChanged(changed));
      return false;
    });
  }

  async #tellChanged(changed: readonly DisasterRecoveryPolicy[]): Promise<void> {
    const { output } = this.#flags;
    for (const policy of changed) {
      const snapshot = this.#snapshot(policy);
      if (output !== undefined) {
        printOneOfMany(this.#terminal, output, statusData({ ...snapshot, events: await this.#eventsOf(policy) }));
      } else {
        const [, row = ''] = statusTable([snapshot], true, this.#style);
        print(this.#terminal, [`${clockText(new Date(snapshot.now).toISOString())}  ${row}`]);
      }
    }
  }
}
