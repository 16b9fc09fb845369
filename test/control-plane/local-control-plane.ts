import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createCertificateAuthority, createSigningKeys } from './certificates.ts';
import type { CertificateAuthority } from './certificates.ts';
import { Child, messageOf } from './child.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import type { ControlPlane, ControlPlaneOptions, Identity, KubectlCall } from './control-plane.ts';
import { ensureControlPlaneBinaries } from './ensure-binaries.ts';
import type { ControlPlaneBinaries } from './ensure-binaries.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { runKubectl } from './kubectl.ts';
import type { KubectlOptions } from './kubectl.ts';
import { writeServiceAccountKubeconfig } from './service-account.ts';
import { Watchdog } from './watchdog.ts';

const READY_TIMEOUT_MS = 120_000;
const ETCD_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const PROBE_TIMEOUT_MS = 5_000;
const GRACEFUL_STOP_MS = 20_000;
const WATCH_GRACE_SECONDS = 2;
const PORT_ATTEMPTS = 10;
/**
 * Below the ports that Linux and macOS hand to outgoing connections (32768 and up): a client that reconnects to a
 * stopped server on one of those may be given that very port and be connected to itself, and the server cannot return.
 * Below Kubernetes' node ports (30000) too.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 29_999;

/** Starts etcd and kube-apiserver on this machine. See `startControlPlane`. */
export async function startLocalControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const binaries = await ensureControlPlaneBinaries(options);
  const plane = await LocalControlPlane.create(binaries, options);
  try {
    await plane.boot();
  } catch (error) {
    await plane.stop();
    throw error;
  }
  return plane;
}

class LocalControlPlane implements ControlPlane {
  readonly directory: string;
  readonly caFile: string;
  readonly adminToken = randomBytes(16).toString('hex');
  readonly kubeconfig: string;
  readonly supportsRestart = true;
  readonly #binaries: ControlPlaneBinaries;
  readonly #options: ControlPlaneOptions;
  readonly #authority: CertificateAuthority = createCertificateAuthority('aurora-dr-test-ca');
  readonly #watchdog: Watchdog;
  readonly #etcdSocket: string;
  #port = 0;
  #etcd: Child | undefined;
  #apiServer: Child | undefined;
  #kubeconfigs = 0;
  #stopped: Promise<void> | undefined;

  private constructor(directory: string, binaries: ControlPlaneBinaries, options: ControlPlaneOptions) {
    this.directory = directory;
    this.caFile = join(directory, 'ca.crt');
    this.kubeconfig = join(directory, 'admin.kubeconfig');
    this.#etcdSocket = join(directory, 'etcd.sock');
    this.#binaries = binaries;
    this.#options = options;
    this.#watchdog = new Watchdog(options.keepFiles === true ? undefined : directory);
  }

  static async create(binaries: ControlPlaneBinaries, options: ControlPlaneOptions): Promise<LocalControlPlane> {
    // A short name: the path of a Unix socket in it may have 107 characters (unix(7)).
    return new LocalControlPlane(await mkdtemp(join(tmpdir(), 'aurora-dr-')), binaries, options);
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  get etcdPid(): number | undefined {
    return runningPid(this.#etcd);
  }

  get apiserverPid(): number | undefined {
    return runningPid(this.#apiServer);
  }

  async boot(): Promise<void> {
    await this.#writeSecrets();
    await this.#startEtcd();
    await this.#startApiServerOnFreePort();
    await writeKubeconfig(this.kubeconfig, {
      server: this.url,
      certificateAuthority: this.#authority.certificate,
      user: 'admin',
      credentials: { token: this.adminToken },
    });
  }

  async kubeconfigFor(identity: Identity): Promise<string> {
    this.#kubeconfigs += 1;
    const path = join(this.directory, `${this.#kubeconfigs}.kubeconfig`);
    if ('serviceAccount' in identity) {
      await writeServiceAccountKubeconfig(path, this.kubeconfig, identity, this.#kubectlOptions());
      return path;
    }
    const { certificate, key } = this.#authority.issueClient(identity.user, identity.groups ?? []);
    await writeKubeconfig(path, {
      server: this.url,
      certificateAuthority: this.#authority.certificate,
      user: identity.user,
      credentials: { clientCertificate: certificate, clientKey: key },
    });
    return path;
  }

  kubectl(args: readonly string[], call: KubectlCall = {}): Promise<string> {
    return runKubectl(call.kubeconfig ?? this.kubeconfig, args, {
      ...this.#kubectlOptions(),
      ...(call.input === undefined ? {} : { input: call.input }),
    });
  }

  async stopApiServer(): Promise<void> {
    // A paused process would not see the request to stop.
    this.#apiServer?.signal('SIGCONT');
    await this.#end(this.#apiServer, 'SIGTERM');
    this.#apiServer = undefined;
  }

  async killApiServer(): Promise<void> {
    await this.#end(this.#apiServer, 'SIGKILL');
    this.#apiServer = undefined;
  }

  async startApiServer(): Promise<void> {
    if (this.#stopped !== undefined) {
      throw new ControlPlaneError('cannot start the API server: its control plane was stopped; start a new one');
    }
    if (this.apiserverPid !== undefined) {
      throw new ControlPlaneError(
        `cannot start the API server: it runs (process ${this.apiserverPid}); call stopApiServer() or ` +
          `killApiServer() first`,
      );
    }
    await this.#startApiServerOnce();
  }

  pauseApiServer(): void {
    this.#requireRunningApiServer('pause').signal('SIGSTOP');
  }

  resumeApiServer(): void {
    this.#requireRunningApiServer('resume').signal('SIGCONT');
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#tearDown();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #tearDown(): Promise<void> {
    // The data go anyway: nothing needs an orderly end.
    await Promise.all([this.#end(this.#apiServer, 'SIGKILL'), this.#end(this.#etcd, 'SIGKILL')]);
    await this.#watchdog.dismiss();
    if (this.#options.keepFiles !== true) await rm(this.directory, { recursive: true, force: true });
  }

  async #end(child: Child | undefined, signal: NodeJS.Signals): Promise<void> {
    if (child === undefined) return;
    await child.stop(signal, GRACEFUL_STOP_MS);
    this.#watchdog.forget(child.pid);
  }

  #requireRunningApiServer(verb: string): Child {
    if (this.#apiServer !== undefined && this.#apiServer.end === undefined) return this.#apiServer;
    throw new ControlPlaneError(`cannot ${verb} the API server: it does not run; call startApiServer() first`);
  }

  #kubectlOptions(): KubectlOptions {
    const { env } = this.#options;
    return { cacheDirectory: join(this.directory, 'kubectl-cache'), ...(env === undefined ? {} : { env }) };
  }

  async #writeSecrets(): Promise<void> {
    const server = this.#authority.issueServer();
    const serviceAccounts = createSigningKeys();
    const secret = { mode: 0o600 };
    await Promise.all([
      writeFile(this.caFile, this.#authority.certificate),
      writeFile(this.#file('server.crt'), server.certificate),
      writeFile(this.#file('server.key'), server.key, secret),
      writeFile(this.#file('service-accounts.key'), serviceAccounts.privateKey, secret),
      writeFile(this.#file('service-accounts.pub'), serviceAccounts.publicKey),
      // token, user, user id, groups: https://kubernetes.io/docs/reference/access-authn-authz/authentication/
      writeFile(this.#file('tokens.csv'), `${this.adminToken},admin,admin,"system:masters"\n`, secret),
    ]);
  }

  async #startEtcd(): Promise<void> {
    // On Unix sockets in our own directory, etcd takes no port, and nobody else's etcd can be taken for ours.
    const clientUrl = `unix://${this.#etcdSocket}`;
    // What etcd tells others must look like host:port; with the scheme unix that is a file in its working directory.
    const peerUrl = 'unix://etcd-peer.sock:0';
    this.#etcd = await this.#spawn('etcd', this.#binaries.etcd, [
      '--name=test',
      `--data-dir=${this.#file('etcd')}`,
      `--listen-client-urls=${clientUrl}`,
      '--advertise-client-urls=unix://etcd.sock:0',
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=test=${peerUrl}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
    ]);
    await this.#waitFor(this.#etcd, ETCD_TIMEOUT_MS, async () => {
      await connectTo(this.#etcdSocket);
    });
  }

  async #startApiServerOnFreePort(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      this.#port = await findFreePort();
      try {
        await this.#startApiServerOnce();
        return;
      } catch (error) {
        // Between our look at the port and the server's bind, somebody else may have taken it.
        if (attempt === PORT_ATTEMPTS || !messageOf(error).includes('address already in use')) throw error;
      }
    }
  }

  async #startApiServerOnce(): Promise<void> {
    const child = await this.#spawn('kube-apiserver', this.#binaries.kubeApiserver, this.#apiServerArguments());
    this.#apiServer = child;
    try {
      await this.#waitFor(child, this.#options.readyTimeoutMs ?? READY_TIMEOUT_MS, async () => {
        await this.#probe('/readyz');
        // Made by the server itself some time after it calls itself ready.
        await this.#probe('/api/v1/namespaces/default');
      });
    } catch (error) {
      await this.killApiServer();
      throw error;
    }
  }

  #apiServerArguments(): string[] {
    return [
      `--etcd-servers=unix://${this.#etcdSocket}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${this.#port}`,
      `--cert-dir=${this.directory}`,
      `--tls-cert-file=${this.#file('server.crt')}`,
      `--tls-private-key-file=${this.#file('server.key')}`,
      `--client-ca-file=${this.caFile}`,
      `--token-auth-file=${this.#file('tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${this.#file('service-accounts.pub')}`,
      `--service-account-signing-key-file=${this.#file('service-accounts.key')}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      // It refuses pods until a controller, which is not here, has made the namespace's service account.
      '--disable-admission-plugins=ServiceAccount',
      // Nothing in here is reached through the "kubernetes" Service.
      '--endpoint-reconciler-type=none',
      // Otherwise an orderly stop lasts until the clients have ended their watches.
      `--shutdown-watch-termination-grace-period=${WATCH_GRACE_SECONDS}s`,
      ...(this.#options.apiServerArguments ?? []),
    ];
  }

  async #spawn(name: string, program: string, args: readonly string[]): Promise<Child> {
    const child = await Child.start(name, program, args, {
      logFile: this.#file(`${name}.log`),
      directory: this.directory,
    });
    this.#watchdog.watch(child.pid);
    // A test that forgets to stop its control plane must not hang; the watchdog cleans up after it.
    child.unref();
    return child;
  }

  /** Waits until `probe` succeeds, while the child lives. */
  async #waitFor(child: Child, timeoutMs: number, probe: () => Promise<void>): Promise<void> {
    const startedAt = performance.now();
    for (;;) {
      try {
        await probe();
        return;
      } catch (error) {
        const problem = startProblem(child, error, performance.now() - startedAt, timeoutMs);
        if (problem !== undefined) {
          throw new ControlPlaneError(`cannot start ${child.name}: ${problem}; ${await child.logTail()}`, {
            cause: error,
          });
        }
      }
      await delay(POLL_MS);
    }
  }

  /**
   * Only our child has a certificate of the authority that was made for it: a stranger on the port fails the handshake.
   */
  async #probe(path: string): Promise<void> {
    const call = request(`${this.url}${path}`, {
      ca: this.#authority.certificate,
      headers: { authorization: `Bearer ${this.adminToken}` },
      agent: false,
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    call.end();
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) body += String(chunk);
    if (response.statusCode !== 200) {
      throw new ControlPlaneError(`cannot get ${path}: the server answers ${String(response.statusCode)}: ${body}`);
    }
  }

  #file(name: string): string {
    return join(this.directory, name);
  }
}

function runningPid(child: Child | undefined): number | undefined {
  return child !== undefined && child.end === undefined ? child.pid : undefined;
}

function startProblem(child: Child, error: unknown, waitedMs: number, timeoutMs: number): string | undefined {
  if (child.end !== undefined) return `it ended with ${child.end}`;
  if (waitedMs < timeoutMs) return undefined;
  return `it was not ready within ${timeoutMs} ms (${messageOf(error)}); give the machine more time or less to do`;
}

async function connectTo(socketPath: string): Promise<void> {
  const socket = connect(socketPath);
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

async function findFreePort(): Promise<number> {
  for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (await isPortFree(port)) return port;
  }
  throw new ControlPlaneError(
    `cannot find a free port on 127.0.0.1: ${PORT_ATTEMPTS} random ones between ${FIRST_PORT} and ${LAST_PORT} are ` +
      `taken; stop what listens there`,
  );
}

async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
