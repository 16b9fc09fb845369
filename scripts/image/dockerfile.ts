/**
 * Reads the Dockerfile, and carries out its steps without an engine: each stage in a folder, without the base images. It
 * knows what the Dockerfile uses and refuses the rest. So what is tested is what is built.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

export class DockerfileError extends Error {
  override name = 'DockerfileError';
}

export interface Instruction {
  readonly name: string;
  readonly text: string;
}

export interface Stage {
  /** The base image, with its arguments filled in. */
  readonly from: string;
  /** After AS; absent for the last one. */
  readonly name?: string;
  readonly instructions: readonly Instruction[];
}

/** What the last stage says about the container that runs. */
export interface Container {
  /** The folder that holds what the image adds to its base. */
  readonly root: string;
  readonly from: string;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string;
  readonly entryPoint: readonly string[];
}

/** Fills in `$NAME`, `${NAME}` and `${NAME:+text}`. */
export function expand(text: string, values: Readonly<Record<string, string>>): string {
  const inner = /\$\{(\w+):\+((?:[^${}]|\$\{\w+\})*)\}/g;
  return text
    .replaceAll(inner, (_all, name: string, word: string) => ((values[name] ?? '') === '' ? '' : word))
    .replaceAll(/\$\{(\w+)\}|\$(\w+)/g, (_all, long?: string, short?: string) => values[long ?? short ?? ''] ?? '');
}

function instructionsOf(text: string): Instruction[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  return lines.map((line) => {
    const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    return { name: name.toUpperCase(), text: rest };
  });
}

/** The stages, with build arguments filled into their FROM. */
export function readStages(text: string, given: Readonly<Record<string, string>> = {}): Stage[] {
  const instructions = instructionsOf(text);
  const starts = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []));
  const values = Object.fromEntries(
    instructions.slice(0, starts[0]).map(({ text: argument }) => {
      const [, name = '', fallback = ''] = /^(\w+)(?:="?([^"]*)"?)?$/.exec(argument) ?? [];
      return [name, given[name] ?? fallback];
    }),
  );
  return starts.map((start, index) => {
    const words = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(expand(instructions[start]?.text ?? '', values));
    const [, from = '', name] = words ?? [];
    return {
      from,
      ...(name === undefined ? {} : { name }),
      instructions: instructions.slice(start + 1, starts[index + 1]),
    };
  });
}

export interface BuildOptions {
  readonly dockerfile: string;
  /** Folder that COPY without --from reads. */
  readonly context: string;
  /** Folder for the stages. */
  readonly output: string;
  readonly buildArguments?: Readonly<Record<string, string>>;
  /** Runs a command of RUN in its working directory. @default - `sh -c` */
  readonly run?: (command: string, directory: string) => void;
}

/** With the Node that runs this as `node`: the base image's is of the same major. */
export function runInShell(command: string, directory: string): void {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
  const { status } = spawnSync('sh', ['-c', command], { cwd: directory, env, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new DockerfileError(`cannot run "${command}": it ended with ${status}; see its output`);
}

/** Carries out one stage in a folder of its own. */
class StageBuild {
  readonly #options: BuildOptions;
  readonly #stages: ReadonlyMap<string, string>;
  readonly #root: string;
  #directory = '/';
  #user = '0:0';
  #entryPoint: readonly string[] = [];
  readonly #environment: Record<string, string> = {};
  readonly #values: Record<string, string>;

  constructor(options: BuildOptions, stages: ReadonlyMap<string, string>, root: string) {
    this.#options = options;
    this.#stages = stages;
    this.#root = root;
    this.#values = { ...options.buildArguments };
    mkdirSync(root, { recursive: true });
  }

  build({ from, instructions }: Stage): Container {
    for (const { name, text } of instructions) this.#step(name, text);
    return {
      root: this.#root,
      from,
      workingDirectory: this.#directory,
      environment: this.#environment,
      user: this.#user,
      entryPoint: this.#entryPoint,
    };
  }

  #step(name: string, text: string): void {
    const steps: Readonly<Record<string, () => void>> = {
      WORKDIR: () => {
        this.#directory = resolve(this.#directory, text);
        mkdirSync(join(this.#root, this.#directory), { recursive: true });
      },
      COPY: () => this.#copy(text.split(/\s+/)),
      RUN: () => (this.#options.run ?? runInShell)(text, join(this.#root, this.#directory)),
      ENV: () => this.#set(text.split(/\s+/)),
      USER: () => void (this.#user = text),
      ENTRYPOINT: () => void (this.#entryPoint = JSON.parse(text) as string[]),
      // What a registry or a person reads, and nothing runs by.
      ARG: () => undefined,
      LABEL: () => undefined,
      EXPOSE: () => undefined,
    };
    const step = steps[name];
    if (step === undefined) {
      throw new DockerfileError(`cannot carry out ${name} ${text}: teach scripts/image/dockerfile.ts`);
    }
    step();
  }

  #set(pairs: readonly string[]): void {
    for (const pair of pairs) {
      const [key = '', value = ''] = pair.split('=');
      this.#environment[key] = expand(value, this.#values);
    }
  }

  #copy(words: readonly string[]): void {
    const flags = words.filter((word) => word.startsWith('--'));
    const paths = words.filter((word) => !word.startsWith('--'));
    const target = paths.at(-1) ?? '';
    const stage = flags.find((flag) => flag.startsWith('--from='))?.slice('--from='.length);
    const source = stage === undefined ? this.#options.context : this.#stages.get(stage);
    if (source === undefined) throw new DockerfileError(`cannot copy from ${String(stage)}: there is no such stage`);
    for (const path of paths.slice(0, -1)) {
      const isFolder = path.endsWith('/');
      const into = join(this.#root, resolve(this.#directory, target));
      const name = target.endsWith('/') && !isFolder ? basename(path) : '';
      cpSync(join(source, path), join(into, name), { recursive: true });
    }
  }
}

/** Carries out all stages and gives the last one. */
export function buildContainer(options: BuildOptions): Container {
  const folders = new Map<string, string>();
  let container: Container | undefined;
  for (const [index, stage] of readStages(readFileSync(options.dockerfile, 'utf8'), options.buildArguments).entries()) {
    const root = join(options.output, stage.name ?? `stage-${index}`);
    container = new StageBuild(options, folders, root).build(stage);
    if (stage.name !== undefined) folders.set(stage.name, root);
  }
  if (container === undefined) throw new DockerfileError(`cannot build ${options.dockerfile}: it has no FROM; add one`);
  return container;
}
