import { fileURLToPath } from 'node:url';
import { formatDuration } from '../../operator/api/v1alpha1/duration.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { waitUntilServed } from '../control-plane/serve-crd.ts';
import { Watchdog } from '../control-plane/watchdog.ts';
import { firstContestant, type Contestant } from './contestant.ts';
import { Measurements } from './report/report.ts';
import { Fleet } from './rig/fleet.ts';
import { KubeApi } from './rig/kube-api.ts';
import { Witness } from './rig/witness.ts';

const crd = fileURLToPath(new URL('../../crds/aurora-dr.io_disasterrecoverypolicies.yaml', import.meta.url));

/** How much is measured. */
export interface Effort {
  /** Sessions of each contestant with each number of policies. */
  readonly repetitions: number;
  /** Policies that are lost, or annotated, in each reaction run. */
  readonly reactions: number;
  /** How long a steady state is looked at. */
  readonly steadyMilliseconds: number;
  /** Starts and takeovers of each kind. */
  readonly starts: number;
  readonly soakMilliseconds: number;
  /** Between two rounds of every policy. */
  readonly intervalMilliseconds: number;
}

export interface BenchProps {
  readonly contestants: readonly Contestant[];
  readonly effort: Effort;
  /** How many role changes an account takes in a region: the rate, and how many at once before it counts. */
  readonly roleChanges: { readonly perSecond: number; readonly burst: number };
  /** Policies that each contestant reconciles at the same time. */
  readonly workers: number;
  /** Further flags of the operator, such as `--log-level=warn`. */
  readonly operatorFlags: readonly string[];
  /** Folder for CPU profiles of the operator. @default - none are taken */
  readonly profiles?: string;
  /** Told what is going on. */
  readonly tell: (what: string) => void;
}

/** What all scenarios stand on: a control plane with a fleet of policies, and where measurements go. */
export class Bench implements AsyncDisposable {
  readonly props: BenchProps;
  readonly plane: ControlPlane;
  readonly kube: KubeApi;
  readonly fleet: Fleet;
  readonly watchdog: Watchdog;
  readonly witness: Witness;
  readonly measurements = new Measurements();
  /** Policies whose primary is not where the local AWS begins with it. */
  readonly moved = new Set<number>();

  private constructor(props: BenchProps, plane: ControlPlane, watchdog: Watchdog, witness: Witness) {
    this.props = props;
    this.plane = plane;
    this.watchdog = watchdog;
    this.witness = witness;
    this.kube = new KubeApi(plane);
    const interval = formatDuration(props.effort.intervalMilliseconds);
    this.fleet = new Fleet(this.kube, { witnessUrlOf: (number) => witness.urlOf(number), interval });
  }

  static async start(props: BenchProps): Promise<Bench> {
    for (const peer of new Set([firstContestant, ...props.contestants].map((contestant) => contestant.peer))) {
      props.tell(`preparing ${peer.name}`);
      await peer.prepare();
    }
    props.tell('starting etcd and kube-apiserver');
    const plane = await startControlPlane();
    const watchdog = new Watchdog(undefined);
    const bench = new Bench(props, plane, watchdog, await Witness.start(watchdog));
    try {
      await plane.kubectl(['apply', '-f', crd]);
      await waitUntilServed(plane, 'drp');
      await bench.fleet.begin();
    } catch (error) {
      await bench[Symbol.asyncDispose]();
      throw error;
    }
    return bench;
  }

  /** Contestants of one process, for what is about a process. */
  get alone(): readonly Contestant[] {
    return this.props.contestants.filter(({ replicas }) => replicas === 1);
  }

  /** Every policy is as if nothing had ever happened to its primary. The local AWS is left to who starts a fresh one. */
  async restore(): Promise<void> {
    await this.witness.see({ kind: 'clear' });
    await this.fleet.reset(this.moved);
    this.moved.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kube.close();
    await this.witness.stop();
    await this.plane.stop();
    await this.watchdog.dismiss();
  }
}
