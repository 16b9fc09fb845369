import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { ensureHelm } from '../control-plane/ensure-binaries.ts';

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 120_000;

/** The chart's folder. */
export const CHART = fileURLToPath(new URL('../../charts/aurora-dr-operator', import.meta.url));

/** An object as Kubernetes has it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Values as a person would put them into a file. */
export type Values = Readonly<Record<string, unknown>>;

/** Helm failed: the message is what it said. */
export class HelmError extends Error {
  override readonly name = 'HelmError';
}

/** The real Helm, with settings and caches of its own, so that nothing of the user's is read or written. */
export class Helm implements AsyncDisposable {
  readonly #program: string;
  readonly #home: string;
  readonly #kubeconfig: string | undefined;
  #files = 0;

  private constructor(program: string, home: string, kubeconfig: string | undefined) {
    this.#program = program;
    this.#home = home;
    this.#kubeconfig = kubeconfig;
  }

  /** @param kubeconfig the cluster that it works on; absent: none can be reached */
  static async create(kubeconfig?: string): Promise<Helm> {
    const [program, home] = await Promise.all([ensureHelm(), mkdtemp(join(tmpdir(), 'aurora-dr-helm-'))]);
    return new Helm(program, home, kubeconfig);
  }

  /** Runs it and gives its standard output. */
  run(args: readonly string[]): Promise<string> {
    const { KUBECONFIG: _notOurs, ...inherited } = process.env;
    const env = {
      ...inherited,
      HELM_CACHE_HOME: join(this.#home, 'cache'),
      HELM_CONFIG_HOME: join(this.#home, 'config'),
      HELM_DATA_HOME: join(this.#home, 'data'),
      KUBECONFIG: this.#kubeconfig ?? '/dev/null',
    };
    return new Promise((resolve, reject) => {
      execFile(
        this.#program,
        [...args],
        { env, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else
            reject(new HelmError(`cannot run "helm ${args.join(' ')}": ${stderr.trim() || stdout || error.message}`));
        },
      );
    });
  }

  /** The objects that the chart becomes with these values, without a cluster. */
  async template(values: Values = {}, chart = CHART): Promise<readonly KubernetesObject[]> {
    const file = await this.valuesFile(values);
    const text = await this.run(['template', 'aurora-dr', chart, '--namespace', 'aurora-dr', '--values', file]);
    return objectsIn(text);
  }

  /** The objects of an installed release. */
  async manifest(release: string, namespace: string): Promise<readonly KubernetesObject[]> {
    return objectsIn(await this.run(['get', 'manifest', release, '--namespace', namespace]));
  }

  /** A file with these values, and the image that the chart has no default for. */
  async valuesFile(values: Values): Promise<string> {
    this.#files += 1;
    const path = join(this.#home, `values-${String(this.#files)}.json`);
    const image = { repository: 'registry.example.com/aurora-dr-operator' };
    await writeFile(path, JSON.stringify({ image, ...values }));
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#home, { recursive: true, force: true });
  }
}

function objectsIn(text: string): readonly KubernetesObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw new HelmError(`cannot parse what helm made: ${String(document.errors[0])}`);
    const object = document.toJS() as KubernetesObject | null;
    return object === null ? [] : [object];
  });
}

/** The one object of this kind, or of this kind and name. */
export function objectOf(objects: readonly KubernetesObject[], kind: string, name?: string): KubernetesObject {
  const found = objects.filter(
    (object) => object.kind === kind && (name ?? object.metadata.name) === object.metadata.name,
  );
  const [first] = found;
  if (first === undefined || found.length > 1) {
    const names = objects.map((object) => `${object.kind} ${object.metadata.name}`).join(', ');
    throw new Error(`cannot find the one ${kind} ${name ?? ''}: there are ${String(found.length)} among ${names}`);
  }
  return first;
}
