import type { Command } from 'commander';
import type {
  DisasterRecoveryPolicy,
  HistoryEntry,
  LastDrillStatus,
  LastRequest,
} from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { defined } from '../../operator/failover/defined.ts';
import { withCluster, type Cluster } from '../cluster/connect.ts';
import { getPolicy } from '../cluster/policies.ts';
import { PolicyWatch } from '../cluster/policy-watch.ts';
import { Request, type Wish } from '../cluster/request.ts';
import type { CommandContext } from '../command-context.ts';
import {
  durationFlag,
  withClusterFlags,
  withOutputFlag,
  type ClusterFlags,
  type OutputFlags,
} from '../command-flags.ts';
import { EXIT_CODES, type ExitCode } from '../exit-codes.ts';
import { PluginError } from '../plugin-error.ts';
import { confirm, type Question } from '../terminal/confirm.ts';
import { printData } from '../terminal/print-data.ts';
import { errorPaint, outPaint, print, remark, widthOf, type Terminal } from '../terminal/terminal.ts';
import { drillLines } from '../views/drill-view.ts';
import { operationProgress, type Progress } from '../views/progress.ts';
import type { ViewStyle } from '../views/status-view.ts';
import { spanText } from '../views/time-text.ts';

/** Flags of every command that asks the operator for something. */
export interface AskFlags extends ClusterFlags, OutputFlags {
  readonly yes?: boolean;
  readonly wait: boolean;
  readonly timeout: number;
}

/** What a command asks for, and what it shows and asks the person first. */
export interface Plan {
  readonly wish: Wish;
  /** What is about to happen, for the person who confirms it. */
  readonly preview: readonly string[];
  /** Absent: nothing to be confirmed. */
  readonly question?: Question;
}

const ANSWER_TIMEOUT = '1m';

export function withAskFlags(command: Command): Command {
  return withOutputFlag(withClusterFlags(command))
    .option('-y, --yes', 'do not ask for confirmation')
    .option('--no-wait', 'do not wait for the answer, nor for the end of the operation')
    .option(
      '--timeout <duration>',
      'how long to wait for the answer; without one the request is taken back. The operation itself is followed to its end',
      durationFlag('--timeout'),
      durationFlag('--timeout')(ANSWER_TIMEOUT),
    );
}

/** Runs a command that asks: plans on the policy as it is, confirms, writes the request, and follows it to its end. */
export function ask(
  { terminal, run }: CommandContext,
  name: string,
  flags: AskFlags,
  plan: (policy: DisasterRecoveryPolicy, style: ViewStyle, now: number) => Plan,
): Promise<void> {
  return run(() =>
    withCluster(flags, terminal.clock, async (cluster) => {
      const policy = await getPolicy(cluster.client, cluster.namespace, name);
      const style = { paint: errorPaint(terminal), width: widthOf(terminal.stderr) };
      const { wish, preview, question } = plan(policy, style, terminal.clock.now());
      if (flags.yes !== true && question !== undefined) {
        preview.forEach((line) => remark(terminal, line));
        await confirm(terminal, question);
      }
      return new Asking(terminal, cluster, name, flags).run(wish);
    }),
  );
}

/** What became of a request: what `-o json` prints. */
interface Result {
  readonly request: Wish;
  readonly answer?: LastRequest;
  readonly operation?: HistoryEntry;
  readonly drill?: LastDrillStatus;
}

/** The drill that ended since the request was written. */
function drillSince({ before }: Request, { status }: DisasterRecoveryPolicy): LastDrillStatus | undefined {
  const drill = status?.lastDrill;
  return drill?.id === before.status?.lastDrill?.id ? undefined : drill;
}

class Asking {
  readonly #terminal: Terminal;
  readonly #cluster: Cluster;
  readonly #name: string;
  readonly #flags: AskFlags;
  readonly #startedAt: number;

  constructor(terminal: Terminal, cluster: Cluster, name: string, flags: AskFlags) {
    this.#terminal = terminal;
    this.#cluster = cluster;
    this.#name = name;
    this.#flags = flags;
    this.#startedAt = terminal.clock.now();
  }

  async run(wish: Wish): Promise<ExitCode> {
    this.#terminal.interrupted.throwIfAborted();
    const { client, namespace } = this.#cluster;
    const request = await Request.write({ client, namespace, name: this.#name }, wish);
    this.#tell(`asked for ${wish.action}${wish.value === 'true' ? '' : ` ${wish.value}`}`);
    if (!this.#flags.wait) {
      this.#show({ request: wish });
      return EXIT_CODES.done;
    }
    const answer = await this.#answer(request);
    const { result, reason = result, message = '', operationId } = answer;
    this.#tell(`${result}: ${result === 'Refused' ? `${reason}: ` : ''}${message}`);
    if (operationId !== undefined) {
      return this.#follow(wish, request, answer, operationId);
    }
    const drill = wish.action === 'drill' ? await this.#simulationOf(request) : undefined;
    this.#show(defined({ request: wish, answer, drill }));
    if (drill?.result === 'Failed') {
      return EXIT_CODES.notReady;
    }
    return result === 'Refused' ? EXIT_CODES.refused : EXIT_CODES.done;
  }

  /** Waits for the answer; a request that is left behind would be carried out whenever an operator comes. */
  async #answer(request: Request): Promise<LastRequest> {
    const { interrupted } = this.#terminal;
    const limit = AbortSignal.timeout(this.#flags.timeout);
    try {
      return await this.#until(AbortSignal.any([interrupted, limit]), (policy) => request.answerIn(policy));
    } catch (error) {
      if (!interrupted.aborted && !limit.aborted) throw error;
      const answer = await request.withdraw();
      if (answer !== undefined) return answer;
      this.#tell('no answer yet: the request was taken back, nothing happens');
      interrupted.throwIfAborted();
      throw new PluginError(
        `cannot get an answer in ${spanText(this.#flags.timeout)}: check that the operator runs and watches namespace ` +
          `${this.#cluster.namespace}, or wait longer with --timeout`,
        EXIT_CODES.unanswered,
        { cause: error },
      );
    }
  }

  async #follow(wish: Wish, request: Request, answer: LastRequest, operationId: string): Promise<ExitCode> {
    const end =
      wish.action === 'drill' ? this.#drillToItsEnd(request, operationId) : this.#operationToItsEnd(operationId);
    const { operation, drill } = await end.catch((error: unknown) => {
      if (this.#terminal.interrupted.aborted) {
        this.#tell(
          `it goes on without you; see: kubectl aurora-dr status ${this.#name} -n ${this.#cluster.namespace} --watch`,
        );
      }
      throw error;
    });
    this.#show(defined({ request: wish, answer, operation, drill }));
    const outcome = drill?.result ?? operation?.outcome;
    return outcome === 'Succeeded' ? EXIT_CODES.done : EXIT_CODES.unsuccessful;
  }

  async #operationToItsEnd(id: string): Promise<Pick<Result, 'operation' | 'drill'>> {
    const tell = this.#teller();
    const operation = await this.#until(this.#terminal.interrupted, (policy) => {
      tell(operationProgress(policy, id));
      return policy.status?.history?.find((entry) => entry.id === id);
    });
    return { operation };
  }

  /** There and back are two operations of one drill. */
  async #drillToItsEnd(request: Request, firstOperation: string): Promise<Pick<Result, 'operation' | 'drill'>> {
    const tell = this.#teller();
    let legs: readonly string[] = [firstOperation];
    const drill = await this.#until(this.#terminal.interrupted, (policy) => {
      const leg = policy.status?.drill?.operationId;
      if (leg !== undefined && !legs.includes(leg)) legs = [...legs, leg];
      for (const id of legs) tell(operationProgress(policy, id), id);
      return drillSince(request, policy);
    });
    return { drill };
  }

  /** A simulation is over when it is answered: what it checked was written together with the answer. */
  async #simulationOf(request: Request): Promise<LastDrillStatus | undefined> {
    return drillSince(request, await getPolicy(this.#cluster.client, this.#cluster.namespace, this.#name));
  }

  /** Tells each news of an operation once. */
  #teller(): (progress: Progress | undefined, id?: string) => void {
    const told = new Set<string>();
    return (progress, id = '') => {
      const key = `${id} ${progress?.key ?? ''}`;
      if (progress !== undefined && !told.has(key)) {
        told.add(key);
        this.#tell(progress.line);
      }
    };
  }

  async #until<T>(signal: AbortSignal, find: (policy: DisasterRecoveryPolicy) => T | undefined): Promise<T> {
    const { client, namespace } = this.#cluster;
    const watch = new PolicyWatch({ client, clock: this.#terminal.clock, namespace, name: this.#name, signal });
    let found: T | undefined;
    await watch.follow(() => {
      const [policy] = watch.list();
      if (policy === undefined) {
        throw new PluginError(`cannot follow ${namespace}/${this.#name}: the policy was deleted`);
      }
      found = find(policy);
      return found !== undefined;
    });
    if (found === undefined) {
      throw new PluginError('cannot find what was just there; report this as a bug');
    }
    return found;
  }

  #show(result: Result): void {
    const { output } = this.#flags;
    if (output !== undefined) {
      printData(this.#terminal, output, result);
    } else if (result.drill !== undefined) {
      print(
        this.#terminal,
        drillLines(result.drill, { paint: outPaint(this.#terminal), width: widthOf(this.#terminal.stdout) }),
      );
    }
  }

  /** Progress: beside the data when data are asked for. */
  #tell(line: string): void {
    const { clock } = this.#terminal;
    const now = clock.now();
    const time = new Date(now).toISOString().slice(11, 19);
    const text = `${time}Z  +${spanText(now - this.#startedAt).padEnd(7)}  ${line}`;
    if (this.#flags.output === undefined) {
      print(this.#terminal, [text]);
    } else {
      remark(this.#terminal, text);
    }
  }
}
