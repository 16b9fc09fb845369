/** A role change that was asked for, as it arrived. */
export interface RoleChangeCall {
  /** Of all role changes that arrived, from 1. */
  readonly number: number;
  /** When it arrived: milliseconds since the epoch with their fraction. */
  readonly at: number;
  readonly action: string;
  readonly region: string;
  readonly globalClusterIdentifier: string;
  /** `ok` or the code of the error that was answered. */
  readonly result: string;
  /** Who asked, also in a session: each process under test has an access key of its own. */
  readonly accessKeyId: string | undefined;
}

/** Global clusters `first` to `last`, named by `clusterName`, two regions each. */
export interface FleetOfClusters {
  readonly first: number;
  readonly last: number;
  /** Those that have a writer endpoint of their own and can be lost alone. */
  readonly separate: readonly number[];
  /** All are in the account of the process's own access key. @default - each in that of `accountOf` */
  readonly isOneAccount?: true;
}

/** Delay of the local AWS's own event loop: how much later than it arrived a request may have been noticed. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly maximum: number;
}

/** Milliseconds that the phases of role changes take from now on. */
export interface RoleChangeDurations {
  readonly pending: number;
  readonly promoting: number;
}

/** What the process of the local AWS does for the benchmark. */
export interface AwsCommands {
  addClusters(fleet: FleetOfClusters): Promise<void>;
  /** Calls since the start, by `action region`. */
  counts(): Readonly<Record<string, number>>;
  /** Role changes after that number. */
  roleChanges(after: number): readonly RoleChangeCall[];
  /**
   * When the first call of the process with this access key arrived, its sessions' among them, and without those that only
   * ask for a session; undefined while none did.
   */
  firstCallOf(accessKeyId: string): number | undefined;
  /** The primary of each of these global clusters is lost for good, while its region lives. */
  loseClusters(numbers: readonly number[]): Promise<void>;
  loseRegion(region: string): Promise<void>;
  restoreRegion(region: string): Promise<void>;
  /** The next calls of that action (`*`: any) in the region meet this. */
  disturb(region: string, action: string, kind: 'throttle' | 'serverError' | 'refuse', count: number): void;
  /** Since the last time that it was asked. */
  loopDelay(): LoopDelay;
}

/** What the process says once it listens. */
export interface AwsReady {
  readonly endpoints: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
}

export interface AwsRequest {
  readonly id: number;
  readonly command: keyof AwsCommands;
  readonly parameters: readonly unknown[];
}

export interface AwsReply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A real account has few: AWS gives it 40 DB clusters a region until somebody asks for more. */
const POLICIES_PER_ACCOUNT = 100;
const FIRST_ACCOUNT = 200_000_000_001;

/** The account of a policy's global cluster. */
export const accountOf = (number: number): string =>
  String(FIRST_ACCOUNT + Math.floor((number - 1) / POLICIES_PER_ACCOUNT));
/** The role in it that whoever looks after the policy assumes. */
export const roleOf = (number: number): string => `arn:aws:iam::${accountOf(number)}:role/aurora-dr`;
/** A policy's place in its account: policies with the same are of different accounts. */
export const placeInAccount = (number: number): number => (number - 1) % POLICIES_PER_ACCOUNT;

/** Identifier of a policy's global cluster, and of its cluster in each region. */
export const clusterName = (number: number): string => `bench-${String(number).padStart(6, '0')}`;
