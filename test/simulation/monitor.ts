import type { DisasterRecoveryPolicy, OperationStatus } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import type { MetricDatum } from '../../operator/aws/aws-gateway.ts';
import type { Round } from '../../operator/failover/observation.ts';
import { dataLoss } from '../aws/world/data-loss.ts';
import type { World } from '../aws/world/world.ts';
import type { Evidence, RoleChangeCall } from './call-hooks.ts';
import { isGone } from './check-liveness.ts';
import { ShardChecks } from './check-shards.ts';
import { TurnChecks } from './check-turns.ts';
import { UnionChecks } from './check-union.ts';
import type { DecisionTrail } from './decision-trail.ts';
import { Ledger } from './ledger.ts';
import type { Network } from './network.ts';
import { ACCOUNT, namesOf } from './policy-of.ts';
import { PERSON, PolicyWatch } from './policy-watch.ts';
import type { Replicas } from './replicas.ts';
import {
  clockError,
  isIncident,
  policiesOf,
  siteOf,
  type Action,
  type Scenario,
  type ScenarioEvent,
} from './scenario.ts';
import { EPOCH, type Scheduler } from './scheduler.ts';
import type { SimulatedApiServer, Write } from './simulated-api-server.ts';
import type { WitnessMode } from './simulated-probes.ts';
import { AWS_CALL_TIMEOUT_MILLISECONDS } from './simulated-operator.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { Tally } from './statistics.ts';
import { describeWrite } from './story.ts';
import type { Invariant, Violation } from './violation.ts';
import { Visibility } from './visibility.ts';

/** What an automatic failover lost in truth, and what was said of it before; milliseconds. */
export interface LossFigure {
  readonly trueLoss: number;
  readonly estimate: number;
  readonly worstCase: number;
  /** False: the primary was missed while it lived, and may have gone on writing; no figure of before can cover that. */
  readonly isRegionLost: boolean;
}

/** What one run of one scenario came to. */
export interface Report {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly isIncident: boolean;
  readonly steps: number;
  readonly simulatedMilliseconds: number;
  /** Faults that were injected, by kind. */
  readonly faults: Tally;
  /** Verdicts, answers and ends, by what status said. */
  readonly branches: Tally;
  readonly losses: readonly LossFigure[];
  /** Several operators, several policies: what there was, and what they disagreed about. */
  readonly disagreements: Tally;
}

export interface MonitorProps {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly world: World;
  readonly network: Network;
  readonly witness: { readonly mode: WitnessMode };
  /** The API server of each site. */
  readonly servers: readonly SimulatedApiServer[];
  /** Absent: decisions are not taken down in this run. */
  readonly decisions: DecisionTrail | undefined;
  readonly process: (name: string) => SimulatedProcess | undefined;
  /** Into how many shards a process divides the policies. */
  readonly shardsOf: (process: string) => number;
  readonly onLine: ((line: string) => void) | undefined;
}

/** Faults that only come to pass at a later call, or that find nothing left to strike: counted when they do. */
const LATENT: readonly Action['kind'][] = [
  'loseRegion',
  'crash',
  'crashAtCall',
  'awsFault',
  'repeatCall',
  'planOperation',
];

/** Between a process's clock and the true time, twice, milliseconds. */
const CLOCK_SKEW = 1_000;

/** Watches everything from outside, after every step: holds it against the invariants, counts, and tells the story. */
export class Monitor {
  readonly #props: MonitorProps;
  readonly #ledger: Ledger;
  readonly #visibility: Visibility;
  readonly #unions: readonly UnionChecks[];
  readonly #turns: TurnChecks | undefined;
  readonly #shards: ShardChecks;
  /** Each policy in each site. */
  readonly #watches: readonly PolicyWatch[];
  readonly #faults = new Tally();
  readonly #branches = new Tally();
  readonly #disagreements = new Tally();
  /** Regions that events took away. */
  readonly #lost = new Map<ScenarioEvent, string>();
  #violation: Violation | undefined;
  #call: { readonly watch: PolicyWatch; readonly operation: OperationStatus; readonly known: number } | undefined;

  constructor(props: MonitorProps) {
    this.#props = props;
    const { scenario, scheduler, servers } = props;
    this.#ledger = new Ledger(scheduler, ({ replica }) => siteOf(props.scenario.installation.sites, replica));
    this.#visibility = new Visibility(props);
    this.#shards = new ShardChecks({ ...props, branches: this.#branches, accuse: this.#accuse });
    const policies = policiesOf(scenario);
    const shared = { ...props, disagreements: this.#disagreements, accuse: this.#accuse };
    const { roleChanges } = scenario.installation;
    this.#turns = roleChanges && new TurnChecks({ limits: roleChanges, scheduler, accuse: this.#accuse });
    this.#unions = policies.map((one, index) => new UnionChecks({ ...shared, props: one, names: namesOf(index) }));
    this.#watches = servers.flatMap((server, site) =>
      policies.map((one, index) => {
        const union = this.#unions[index];
        if (union === undefined) throw new RangeError(`cannot watch policy ${index}`);
        return new PolicyWatch({
          ...shared,
          site,
          server,
          union,
          names: namesOf(index),
          props: one,
          ledger: this.#ledger,
          visibility: this.#visibility,
          branches: this.#branches,
        });
      }),
    );
  }

  tell(who: string, what: string): void {
    const { onLine, scheduler } = this.#props;
    onLine?.(`${(scheduler.time / 1000).toFixed(3).padStart(9)} s  ${who.padEnd(18)} ${what}`);
  }

  onWrite(site: number, write: Write): void {
    const { type, by, before, after } = write;
    this.#shards.onWrite(site, write);
    if (type.kind === 'DisasterRecoveryPolicy') {
      const name = (after ?? before)?.metadata.name;
      this.#watches
        .find((watch) => watch.site === site && watch.names.policy.name === name)
        ?.onPolicy(by, before as DisasterRecoveryPolicy | undefined, after as DisasterRecoveryPolicy | undefined);
      this.#turns?.onPolicy(
        by,
        before as DisasterRecoveryPolicy | undefined,
        after as DisasterRecoveryPolicy | undefined,
      );
    } else if ((type.kind === 'Service' || type.kind === 'ConfigMap') && after !== undefined && by !== PERSON) {
      for (const watch of this.#watches) if (watch.site === site) watch.onPublished(after);
    }
    if (this.#props.onLine !== undefined) {
      const line = describeWrite(write);
      if (line !== undefined) this.tell(by, `${this.#where(site, (after ?? before)?.metadata.name)}${line}`);
    }
  }

  onEvent(event: ScenarioEvent, phase: 'begin' | 'end'): void {
    const { kind } = event.action;
    if (phase === 'end') {
      const region = this.#lost.get(event);
      if (region !== undefined) for (const watch of this.#watches) watch.endLoss(region);
    } else {
      if (!LATENT.includes(kind)) this.#faults.add(kind);
      if (kind === 'loseRegion') this.#noteLoss(event);
    }
    this.tell('—', `${phase === 'begin' ? '▶' : '■'} ${JSON.stringify({ ...event.action, ...aboutOf(event) })}`);
  }

  /** Something that is not a role has changed. */
  onChanged(): void {
    this.#visibility.update();
  }

  onEvidence(process: SimulatedProcess, evidence: Evidence, sentAt: number): void {
    this.#ledger.note(process, evidence, sentAt);
    this.#shards.onEvidence(process, evidence);
  }

  /** Of a process's Kubernetes cluster, and of the policy that names the DB cluster. */
  watchOf(process: SimulatedProcess, targetArn: string): PolicyWatch | undefined {
    const site = siteOf(this.#props.scenario.installation.sites, process.replica);
    const identifier = this.#props.world.clusters.get(targetArn)?.identifier;
    return this.#watches.find((each) => each.site === site && each.names.cluster === identifier);
  }

  onRoleChange(process: SimulatedProcess, { action, region, targetArn, sentAt, policy: asSent }: RoleChangeCall): void {
    this.tell(process.name, `AWS in ${region} takes up ${action} to ${targetArn.split(':').slice(3).join(':')}`);
    this.#turns?.onCall(process.name, action, region);
    const watch = this.watchOf(process, targetArn);
    const isLate = process.scheduler.time - sentAt > AWS_CALL_TIMEOUT_MILLISECONDS;
    // Nobody answers for what has happened since the caller gave up: neither call of AWS is conditional.
    const policy = isLate ? asSent : watch?.policy;
    const at = isLate ? sentAt : process.scheduler.time;
    if (watch !== undefined) this.#shards.onAct(watch.site, process, policy, { action, at });
    const operation = watch?.operations.onCall(action, targetArn, policy);
    if (watch === undefined) this.#accuse('one-effect', `${action} was called for ${targetArn}, which no policy names`);
    else this.#call = operation && { watch, operation, known: this.#props.world.operations.length };
  }

  onMetrics(process: SimulatedProcess, metrics: readonly MetricDatum[]): void {
    const site = siteOf(this.#props.scenario.installation.sites, process.replica);
    for (const watch of this.#watches) if (watch.site === site) watch.onMetrics(process, metrics);
  }

  /** AWS has carried out, or refused, what it took up. */
  onServed(): void {
    const call = this.#call;
    if (call === undefined) return;
    this.#call = undefined;
    const { watch, operation } = call;
    const roleChange = this.#props.world.operations[call.known];
    this.#branches.add(`AWS ${roleChange === undefined ? 'refuses' : 'begins'} ${operation.type}`);
    if (roleChange === undefined) return;
    watch.operations.noteEffect(operation, roleChange);
    watch.union.onEffect(operation, roleChange);
  }

  /** A fault that waited for a call has struck one. */
  onStruck(kind: Action['kind']): void {
    this.#faults.add(kind);
  }

  onRound(process: SimulatedProcess, key: string, round: Round): void {
    this.#ledger.noteRound(process, key, round);
    this.#shards.onRound(process, key);
    this.#branches.add('rounds');
  }

  onLog(process: SimulatedProcess, level: string, fields: unknown, message: string): void {
    this.#shards.onLog(process, message);
    if (level === 'error') this.#branches.add(`log: ${message.slice(0, 60).replaceAll(/[\d-]{3,}\w*/g, '#')}`);
    if (this.#props.onLine !== undefined && level !== 'debug') this.tell(process.name, `${level}: ${message}`);
    if (level === 'fatal') this.#accuse('truth', `${message}: ${JSON.stringify(fields)}`);
  }

  finish(replicas: Replicas): Report {
    const { scenario, scheduler } = this.#props;
    if (this.#violation === undefined) this.#checkEnding(replicas);
    this.#countLatent(replicas);
    this.#countSeed();
    return {
      seed: scenario.seed,
      violation: this.#violation,
      isIncident: scenario.events.some(({ action }) => isIncident(action, scenario)),
      steps: scheduler.steps,
      simulatedMilliseconds: scheduler.time,
      faults: this.#faults,
      branches: this.#branches,
      losses: this.#losses(),
      disagreements: this.#disagreements,
    };
  }

  readonly #accuse = (invariant: Invariant, message: string): void => {
    this.tell('VIOLATION', `${invariant}: ${message}`);
    this.#violation ??= { invariant, message, at: this.#props.scheduler.time };
    this.#props.scheduler.stop();
  };

  #where(site: number, name: string | undefined): string {
    const { installation, otherPolicies } = this.#props.scenario;
    const region = installation.sites[site]?.region;
    const place = installation.sites.length === 1 ? undefined : (region ?? `site ${site}`);
    return `${place === undefined ? '' : `[${place}] `}${otherPolicies.length === 0 ? '' : `${name ?? ''}: `}`;
  }

  #countSeed(): void {
    const { installation, otherPolicies } = this.#props.scenario;
    const { length } = installation.sites;
    const isTold = installation.sites.every(({ region }) => region !== undefined);
    if (length > 1)
      this.#disagreements.add(`seeds with operators in ${length} clusters${isTold ? '' : ', without --region'}`);
    if (otherPolicies.length > 0) this.#disagreements.add(`seeds with ${otherPolicies.length + 1} policies`);
  }

  #countLatent({ crashes, strikes }: Replicas): void {
    const { world, scenario } = this.#props;
    const plans = scenario.events.filter(({ action }) => action.kind === 'planOperation');
    const planned = plans.filter(({ at }, index) => {
      const [from, to = Infinity] = [at, plans[index + 1]?.at].map((time = Infinity) => EPOCH + scenario.warmUp + time);
      return world.operations.some(({ requestedAt }) => requestedAt >= (from ?? to) && requestedAt < to);
    });
    const counts = {
      crashAtCall: strikes.length,
      crash: crashes - strikes.length,
      awsFault: world.faults.struck,
      planOperation: planned.length,
    };
    for (const [kind, count] of Object.entries(counts)) if (count > 0) this.#faults.add(kind, count);
  }

  /** Called before the region is gone. */
  #noteLoss(event: ScenarioEvent): void {
    const { action, policy = 0 } = event;
    if (action.kind !== 'loseRegion') return;
    const { world } = this.#props;
    const globalCluster = world.globalClusters.get(`${ACCOUNT}/${namesOf(policy).globalCluster}`);
    const primary = globalCluster && world.writerOf(globalCluster)?.region;
    const region = action.region === 'primary' ? primary : action.region;
    if (region === undefined) return;
    if (world.isAlive(region)) this.#faults.add('loseRegion');
    this.#lost.set(event, region);
    for (const watch of this.#watches) watch.noteLoss(region);
  }

  #checkEnding(replicas: Replicas): void {
    const { scenario, decisions } = this.#props;
    for (const watch of this.#watches) {
      if (!isGone(scenario, watch.site)) watch.checkEnding(replicas);
    }
    this.#checkLosses();
    this.#turns?.finish();
    this.#shards.finish();
    for (const [index, union] of this.#unions.entries()) {
      const { globalCluster } = namesOf(index);
      const watches = this.#watches.filter(({ names }) => names.globalCluster === globalCluster);
      union.finish(watches.map((watch) => (isGone(scenario, watch.site) ? undefined : watch.policy)));
    }
    const registered = this.#watches.flatMap(({ operations }) => [...operations.registered.values()]);
    decisions?.check(registered, this.#accuse);
  }

  /** What is lost with a region is never more than was said to be the worst case. */
  #checkLosses(): void {
    const skew = CLOCK_SKEW + clockError(this.#props.scenario);
    for (const { trueLoss, worstCase, isRegionLost } of this.#losses()) {
      if (isRegionLost && trueLoss > worstCase + skew) {
        this.#accuse('known-loss', `${trueLoss} ms were lost, ${worstCase} ms were said to be the worst case`);
      }
    }
  }

  #losses(): LossFigure[] {
    const effects = this.#watches.flatMap(({ operations }) => operations.effects);
    return effects.flatMap(({ operation, roleChange, lostAt }) => {
      if (operation.trigger !== 'Automatic' || roleChange.replicatedTo === undefined) return [];
      const { milliseconds } = dataLoss(roleChange);
      const { estimatedDataLossMilliseconds: estimate, worstCaseDataLossMilliseconds: worstCase } = operation;
      return milliseconds === undefined || estimate === undefined || worstCase === undefined
        ? []
        : [{ trueLoss: milliseconds, estimate, worstCase, isRegionLost: lostAt === roleChange.lastWriteAt }];
    });
  }
}

/** What an event is about, for the story. */
function aboutOf({ site, policy }: ScenarioEvent): object {
  return { ...(site === undefined ? {} : { site }), ...(policy === undefined ? {} : { policy }) };
}
