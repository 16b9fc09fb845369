import { fileURLToPath } from 'node:url';
import { KubeConfig } from '@kubernetes/client-node';
import { HttpKubeClient } from '../../../operator/runtime/http-kube-client.ts';
import { startLocalAws, type LocalAws } from '../../aws/local-aws.ts';
import { waitUntilServed } from '../../control-plane/serve-crd.ts';
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from '../../control-plane/control-plane.ts';
import { Watchdog } from '../../control-plane/watchdog.ts';
import { warmUp } from './operator-process.ts';
import { PolicyScene, type SceneOptions } from './policy-scene.ts';

const crd = fileURLToPath(new URL('../../../crds/aurora-dr.io_disasterrecoverypolicies.yaml', import.meta.url));
/**
 * For the tests that play on a stage: a bound for what never comes, beyond that of each wait in it. A test's time counts
 * from the file's start, while others still have the stage, and a busy machine takes several times as long.
 */
export const SCENE_TIMEOUT = 600_000;
/** Two cores carry so many operators, each with an AWS of its own, without their clocks becoming a matter of luck. */
const SCENES_AT_ONCE = 4;

async function startAws({ aws: { settings, ...others } = {}, cluster }: SceneOptions): Promise<LocalAws> {
  const aws = await startLocalAws({ ...others, settings: { metricPeriod: 1_000, metricDelay: 100, ...settings } });
  await aws.addGlobalCluster(cluster);
  return aws;
}

/** How a stage is set up. */
export interface StageOptions extends ControlPlaneOptions {
  /** Others wait. @default 4 */
  readonly scenesAtOnce?: number;
}

/** What the cases of one file share: one API server with the CRD, on which each plays a scene of its own. */
export class Stage implements AsyncDisposable {
  readonly plane: ControlPlane;
  /** The administrator's client: for looking; what a user does goes through `kubectl`. */
  readonly client: HttpKubeClient;
  readonly #watchdog = new Watchdog(undefined);
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #scenes = 0;

  readonly #scenesAtOnce: number;

  private constructor(plane: ControlPlane, scenesAtOnce: number) {
    this.plane = plane;
    this.#scenesAtOnce = scenesAtOnce;
    const config = new KubeConfig();
    config.loadFromFile(plane.kubeconfig);
    this.client = new HttpKubeClient({ config, userAgent: 'aurora-dr-e2e' });
  }

  /** Starts an API server, and waits until it serves policies. */
  static async start({ scenesAtOnce = SCENES_AT_ONCE, ...options }: StageOptions = {}): Promise<Stage> {
    const [plane] = await Promise.all([startControlPlane(options), warmUp()]);
    await plane.kubectl(['apply', '-f', crd]);
    await waitUntilServed(plane, 'drp');
    return new Stage(plane, scenesAtOnce);
  }

  /**
   * A new namespace and a new AWS with one global cluster; nothing runs yet. Dispose of it. Waits while too many others
   * run: give tests a timeout for that.
   */
  async scene(options: SceneOptions = {}): Promise<PolicyScene> {
    await this.#admit();
    try {
      return await this.#build(options);
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  /** Plays a script on a new scene; when it fails, tells the policy, its events and the end of the operators' logs. */
  async play(options: SceneOptions, script: (scene: PolicyScene) => Promise<void>): Promise<void> {
    await using scene = await this.scene(options);
    try {
      await script(scene);
    } catch (error) {
      process.stderr.write(`\n${await scene.report()}\n`);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.plane.stop();
    await this.#watchdog.dismiss();
  }

  async #build(options: SceneOptions): Promise<PolicyScene> {
    this.#scenes += 1;
    const namespace = `e2e-${this.#scenes}`;
    await this.plane.kubectl(['create', 'namespace', namespace]);
    const aws = options.neighbour?.aws ?? (await startAws(options));
    const { plane, client } = this;
    const watchdog = this.#watchdog;
    return new PolicyScene({ plane, client, aws, namespace, options, watchdog, onEnd: () => this.#leave() });
  }

  async #admit(): Promise<void> {
    if (this.#running >= this.#scenesAtOnce) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      return;
    }
    this.#running += 1;
  }

  /** The place goes to the one who waits longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#running -= 1;
    } else {
      next();
    }
  }
}
