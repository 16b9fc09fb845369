import type { Watchdog } from '../../control-plane/watchdog.ts';

/** Leader election on a Lease, with client-go's meanings. */
export interface PeerLease {
  /** Where the lease is kept: two processes of one peer with the same namespace compete. */
  readonly namespace: string;
  /** @default 15000 */
  readonly leaseDurationMilliseconds?: number;
  /** @default 10000 */
  readonly renewDeadlineMilliseconds?: number;
  /** @default 2000 */
  readonly retryPeriodMilliseconds?: number;
}

/** What every peer is started with. */
export interface PeerOptions {
  /** Path of the kubeconfig. */
  readonly kubeconfig: string;
  /** URL of the local AWS by region: `LocalAws.endpoints`. */
  readonly awsEndpoints: Readonly<Record<string, string>>;
  /** Credentials for it: `LocalAws.environment`. */
  readonly environment: Readonly<Record<string, string>>;
  /** The only namespace to watch. @default - all */
  readonly namespace?: string;
  /** @default - no leader election: it leads from the start */
  readonly lease?: PeerLease;
  /** Policies that are reconciled at the same time. @default 8 */
  readonly workers?: number;
  /** Read requests to AWS per second, for each account and region. @default 20 */
  readonly readsPerSecond?: number;
  /** Role changes asked of AWS, for each region and action. @default 5 per second after 100 at once */
  readonly roleChanges?: { readonly perSecond: number; readonly burst: number };
  /** Period of the lag samples in CloudWatch, and how often each series is asked. @default 60000 */
  readonly metricPeriodMilliseconds?: number;
  /** Further flags of the program itself, behind the others. @default - none */
  readonly flags?: readonly string[];
  /** Added to the environment of the process, behind `environment`: `NODE_OPTIONS`, `GOGC`. @default - none */
  readonly variables?: Readonly<Record<string, string>>;
  /** Told of every line of its log. @default - nobody is told */
  readonly onLine?: (line: string) => void;
  /** Ends the process should this one die. */
  readonly watchdog: Watchdog;
}

/** A peer's process. Times are the caller's: each `until` resolves as soon as this process can know. */
export interface RunningPeer {
  /** Of the process that does the work: for `/proc/<pid>`. */
  readonly pid: number;
  /** How it ended: its exit code or the signal; undefined while it runs. */
  readonly end: number | NodeJS.Signals | undefined;
  /** The newest lines of its log, stdout and stderr together. */
  readonly lines: readonly string[];
  /** Waits until the policies are listed into its cache. */
  untilSynced(timeoutMilliseconds?: number): Promise<void>;
  /** Waits until it leads; without leader election, until it is synced. */
  untilLeading(timeoutMilliseconds?: number): Promise<void>;
  /** One series of its `/metrics`, summed over the labels that are not given; 0 while there is none. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** Sends the signal (SIGTERM unless told otherwise) and waits for the end; after half a minute it is killed. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | undefined>;
}

/** A program that the operator is compared with, and the operator itself. */
export interface Peer {
  /** As tables call it. */
  readonly name: string;
  /** What it does of the operator's work; a table that shows its figures shows this too. */
  readonly scope: string;
  /** It answers forced failovers and does nothing else: it writes no status and takes no lease. @default false */
  readonly isWatchOnly?: boolean;
  /** Builds and compiles what it needs, once: before the first `start`, and outside of anything measured. */
  prepare(): Promise<void>;
  /** Starts a process. Returns as soon as it runs: see `untilSynced`. */
  start(options: PeerOptions): Promise<RunningPeer>;
}

export const defaultLease = {
  leaseDurationMilliseconds: 15_000,
  renewDeadlineMilliseconds: 10_000,
  retryPeriodMilliseconds: 2_000,
} as const;

export const defaultPeerOptions = {
  workers: 8,
  readsPerSecond: 20,
  roleChanges: { perSecond: 5, burst: 100 },
  metricPeriodMilliseconds: 60_000,
} as const;
