import { execFile } from 'node:child_process';
import { chmod, cp, link, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Container } from '../../scripts/image/dockerfile.ts';
import type { OperatorProgram } from '../e2e/harness/operator-process.ts';

const run = promisify(execFile);

/** Where the base image has Node. */
const NODE = '/nodejs/bin/node';
/** As the base image sets it. */
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Where every Pod finds its service account. */
const SERVICE_ACCOUNT = 'var/run/secrets/kubernetes.io/serviceaccount';

/**
 * As the kubelet starts a container with `readOnlyRootFilesystem`, `runAsUser`, `allowPrivilegeEscalation: false` and all
 * capabilities dropped: a root file system of its own that nobody can write, process 1 of its own process namespace, the
 * image's user. What it takes to get there (mounts, chroot, another user) is given up on the way.
 *
 * Arguments: the root, the user's number, then what is to run. As root, the user is changed for real; otherwise a user
 * namespace that maps to it has been entered before.
 */
const SCRIPT = `set -e
root=$1; user=$2; directory=$3; shift 3
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -o remount,bind,ro "$root"
if [ "$(id -u)" = 0 ]; then
  exec setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid \\
    unshare --root="$root" --wd="$directory" --setgid="$user" --setuid="$user" "$@"
fi
exec setpriv --no-new-privs --bounding-set=-all,+sys_chroot unshare --root="$root" --wd="$directory" "$@"
`;

export interface SandboxProps {
  readonly container: Container;
  /** PEM of the API server's authority. */
  readonly certificateAuthority: string;
  readonly token: string;
  readonly namespace: string;
}

/** The image's container without an engine: the files that it adds to its base, on a base of this machine's Node. */
export class Sandbox implements AsyncDisposable {
  readonly #root: string;
  readonly #container: Container;

  private constructor(root: string, container: Container) {
    this.#root = root;
    this.#container = container;
  }

  static async create({ container, certificateAuthority, token, namespace }: SandboxProps): Promise<Sandbox> {
    const root = await mkdtemp(join(tmpdir(), 'aurora-dr-image-'));
    // Of mkdtemp: closed to everybody else.
    await chmod(root, 0o755);
    await cp(container.root, root, { recursive: true });
    await addBase(root);
    const account = join(root, SERVICE_ACCOUNT);
    await mkdir(account, { recursive: true });
    await writeFile(join(account, 'ca.crt'), certificateAuthority, { mode: 0o444 });
    await writeFile(join(account, 'token'), token, { mode: 0o444 });
    await writeFile(join(account, 'namespace'), namespace, { mode: 0o444 });
    return new Sandbox(root, container);
  }

  /** The image's entry point. */
  program(environment: Readonly<Record<string, string>>): OperatorProgram {
    const [command = '', ...args] = this.#inside(this.#container.entryPoint, environment);
    return { command, args, isChild: true, hasOwnKubeconfig: true };
  }

  /** Runs another script of Node's inside, and gives what it writes. */
  async evaluate(script: string): Promise<string> {
    const [command = '', ...args] = this.#inside([NODE, '-e', script], {});
    const { stdout } = await run(command, args);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }

  #inside(command: readonly string[], environment: Readonly<Record<string, string>>): string[] {
    const { user, workingDirectory, environment: own } = this.#container;
    const number = user.split(':')[0] ?? '';
    const asUser =
      process.getuid?.() === 0 ? [] : ['--user', `--map-user=${number}`, `--map-group=${number}`, '--keep-caps'];
    const namespaces = ['--mount', '--pid', '--fork', '--kill-child'];
    const variables = Object.entries({ ...own, ...environment }).map(([name, value]) => `${name}=${value}`);
    return [
      ...['/usr/bin/env', '-i', PATH, ...variables],
      ...['unshare', ...asUser, ...namespaces],
      ...['sh', '-c', SCRIPT, 'sandbox', this.#root, number, workingDirectory],
      ...command,
    ];
  }
}

/** What distroless brings: Node with the libraries that it loads, and nothing to write to. */
async function addBase(root: string): Promise<void> {
  const { stdout } = await run('ldd', [process.execPath]);
  const libraries = stdout.split('\n').flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  for (const library of new Set(libraries)) {
    await place(library, join(root, library));
  }
  await place(process.execPath, join(root, NODE));
  for (const folder of ['proc', 'dev', 'tmp', 'etc']) await mkdir(join(root, folder), { recursive: true });
  await writeFile(join(root, 'etc/passwd'), 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n');
  await writeFile(join(root, 'etc/hosts'), await readFile('/etc/hosts', 'utf8'));
}

/** A hard link where one is possible: Node alone has a hundred megabytes. */
async function place(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  // A link to a symbolic link would be one, too.
  const file = await realpath(source);
  await link(file, target).catch(() => cp(file, target));
}
