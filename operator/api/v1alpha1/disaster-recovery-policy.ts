// Generated from crds/aurora-dr.io_disasterrecoverypolicies.yaml: change that file and run `npm run generate`.
// The types describe an object as the API server returns it: fields with a default are always there.
import type { ObjectMeta } from './object-meta.ts';

/**
 * Whether this region may become the writer's. Prefer: chosen before regions that are only allowed, and the region
 * that failback returns to. Allow: may be chosen. Never: only a person can choose it, by name and accepting data
 * loss; use it for a region that lacks the capacity or is not permitted to hold the writer. Default Allow.
 */
export type Promotion = 'Prefer' | 'Allow' | 'Never';

/**
 * TCP: the connection is accepted. MySQL: handshake, TLS, login and SELECT 1 succeed and the server is not
 * read-only, which also notices a database that accepts connections and does not serve; it needs secretRef. No
 * answer is Failing; a refused login, too many connections and a read-only server are Unknown. Default TCP.
 */
export type EndpointProbeType = 'TCP' | 'MySQL';

/**
 * CloudWatch: the lag metrics of the secondaries, which arrive one to three minutes late. SQL:
 * information_schema.aurora_global_db_status on a secondary's reader (Aurora MySQL 3.04 and newer), read every
 * round, which makes detection a matter of seconds and needs secretRef and a network path to the secondary. The
 * lag is the longer of its durability lag and its RPO lag, and CloudWatch is not asked. Its behaviour during the
 * real loss of a region is still to be confirmed on AWS. Default CloudWatch.
 */
export type ReplicationSource = 'CloudWatch' | 'SQL';

/**
 * Automatic: a declared loss is failed over. Manual: the operator detects, reports and notifies, and a person
 * starts the failover with the annotation aurora-dr.io/force-failover. Default Automatic.
 */
export type FailoverMode = 'Automatic' | 'Manual';

/**
 * What automation may lose. Forbid: nothing, which only fits mode Manual. WithinRecoveryPoint: up to
 * objectives.recoveryPoint by the estimate. Allow: whatever is known to be unreplicated. An unknown loss is never
 * accepted automatically. A person may accept more with the annotation aurora-dr.io/accept-data-loss. Default
 * WithinRecoveryPoint.
 */
export type DataLossPolicy = 'Forbid' | 'WithinRecoveryPoint' | 'Allow';

/**
 * Which figure dataLoss judges. LastKnown: the newest lag sample at or before the first failing round. WorstCase:
 * that lag plus the age of the sample, as if nothing had been replicated since; with CloudWatch it is minutes, so
 * recoveryPoint must be as well. Default LastKnown.
 */
export type LossEstimate = 'LastKnown' | 'WorstCase';

/**
 * Manual: a person asks with the annotation aurora-dr.io/failback. Automatic: the operator switches back by
 * itself, inside of windows, once the preferred region has been healthy for stabilization. Default Manual.
 */
export type FailbackMode = 'Manual' | 'Automatic';

/**
 * None: the published names keep the old writer until the new one is known. BestEffort: they are pointed to
 * fenced.invalid alongside the failover call, which never waits for it. Required: as BestEffort, and the new
 * writer is published only after AWS reports that the old storage no longer takes writes (RDS event 0390) or a
 * person says so with the annotation aurora-dr.io/confirm-fenced; use it where a split brain is worse than a
 * longer outage. Default BestEffort.
 */
export type FencingMode = 'None' | 'BestEffort' | 'Required';

/**
 * Simulate: every check of a failover is made and no role changes. Switchover: the writer really moves, without
 * data loss but with a short interruption of writes. Default Simulate.
 */
export type DrillMode = 'Simulate' | 'Switchover';

/**
 * Auto: managed resources that describe a member of the global cluster are paused while roles are changing, and
 * for as long as declared and observed roles differ. Off: they are left alone; write it in quotes, "Off", because
 * YAML reads the bare word as false. Default Auto.
 */
export type CrossplaneMode = 'Auto' | 'Off';

/**
 * Summary for people. Pending: not observed yet. Protected: a lost primary region would be failed over. Degraded:
 * it would be, but something is not as it should be. Suspect: signals are failing, and a decision is being
 * prepared or is held. FailingOver, SwitchingOver: an operation is in flight. Unprotected: a lost primary region
 * would not be failed over; the condition FailoverReady says why. Suspended: spec.suspend is set.
 */
export type Phase =
  'Pending' | 'Protected' | 'Degraded' | 'Suspect' | 'FailingOver' | 'SwitchingOver' | 'Unprotected' | 'Suspended';

/**
 * Primary: it holds the writer. Secondary: it receives changes. Missing: the global cluster has no such member.
 */
export type RegionRole = 'Primary' | 'Secondary' | 'Missing';

/**
 * Whether the member can do its part; Unknown when it could not be observed.
 */
export type RegionHealth = 'Healthy' | 'Unhealthy' | 'Unknown';

/**
 * Class of the signal, as in spec.detection.signals.
 */
export type SignalName = 'controlPlane' | 'endpoint' | 'replication' | 'http';

/**
 * Where it looks from. direct: at the primary. secondary: from a surviving region. witness: from outside of both.
 */
export type Vantage = 'direct' | 'secondary' | 'witness';

/**
 * What it says of the primary. Unknown neither votes for a failover nor vetoes one.
 */
export type SignalState = 'Passing' | 'Failing' | 'Unknown';

/**
 * Failover: promotes without the old primary and may lose writes. Switchover: both take part and nothing is lost.
 */
export type OperationType = 'Failover' | 'Switchover';

/**
 * Who asked for it. Automatic: the operator, for a declared loss. Annotation: a person. Failback and Drill: the
 * operator or a person. External: somebody else called AWS, and the operator follows.
 */
export type OperationTrigger = 'Automatic' | 'Annotation' | 'Failback' | 'Drill' | 'External';

/**
 * How far it is. Accepted: recorded, AWS not called. Requested: AWS took the call. Unconfirmed: AWS was called and
 * its answer is not known. Promoting: AWS shows it in progress. Promoted: the target is the writer. Published: the
 * new address is out.
 */
export type OperationStep = 'Accepted' | 'Requested' | 'Unconfirmed' | 'Promoting' | 'Promoted' | 'Published';

/**
 * Whether AWS keeps the old storage from taking writes. Unknown: not reported. Succeeded: RDS event 0390, or
 * confirmed by a person. TimedOut: RDS event 0391.
 */
export type FenceState = 'Unknown' | 'Succeeded' | 'TimedOut';

/**
 * The annotation, without its prefix aurora-dr.io/.
 */
export type RequestAction =
  'force-failover' | 'failback' | 'drill' | 'acknowledge' | 'confirm-fenced' | 'accept-data-loss';

/**
 * What the operator decided.
 */
export type RequestResult = 'Accepted' | 'Refused';

/**
 * There: the switchover to away. Away: the writer is there, and its return is prepared. Back: the switchover home.
 */
export type DrillLeg = 'There' | 'Away' | 'Back';

/**
 * As in spec.drill.mode.
 */
export type DrilledMode = 'Simulate' | 'Switchover';

/**
 * Succeeded: everything that a failover would need was there; of a Switchover, also that the writer went there and
 * came home. Failed: message says what was missing, and where the writer is. Missed: it was due and could not
 * start in time.
 */
export type DrillResult = 'Succeeded' | 'Failed' | 'Missed';

/**
 * What its own region says of it: nothing (NotObserved), that it is the writer (StillWriter), that it is a member
 * which is synchronized anew (Resynchronizing, "pending-resync" in AWS), or that it stands alone, outside the
 * global cluster, and takes writes (Detached).
 */
export type OldPrimaryState = 'NotObserved' | 'StillWriter' | 'Resynchronizing' | 'Detached';

/**
 * Awaited: Aurora has not completed one yet. Copying: the copy is under way. Kept: the copy is complete. Refused:
 * AWS refuses the copy, which is tried again; message says what to do. GivenUp: none appeared, or its region is
 * not looked at any more.
 */
export type RescueState = 'Awaited' | 'Copying' | 'Kept' | 'Refused' | 'GivenUp';

/**
 * Failover: promoted without the old primary. Switchover: both took part and nothing was lost. Simulation: the
 * newest drill that called nothing, and from and to say what a failover would have done.
 */
export type HistoryType = 'Failover' | 'Switchover' | 'Simulation';

/**
 * How it ended. Succeeded: the target is the writer, serves and is published. Failed: AWS refused or gave up.
 * TimedOut: not finished within failover.timeout. Cancelled: AWS or a person cancelled it.
 */
export type Outcome = 'Succeeded' | 'Failed' | 'TimedOut' | 'Cancelled';

/**
 * Whether it holds.
 */
export type ConditionStatus = 'True' | 'False' | 'Unknown';

/**
 * DisasterRecoveryPolicy protects one Aurora MySQL global database: it says which regions may hold the writer, how
 * the loss of the writer's region is detected, what may be lost by acting on it, and where the address of the new
 * writer is published. People ask for a failover, a failback or a drill with annotations
 * (aurora-dr.io/force-failover and others); the operator never writes the spec.
 */
export interface DisasterRecoveryPolicy {
  /**
   * Always aurora-dr.io/v1alpha1.
   */
  apiVersion: 'aurora-dr.io/v1alpha1';
  /**
   * Always DisasterRecoveryPolicy.
   */
  kind: 'DisasterRecoveryPolicy';
  /**
   * Standard metadata of a Kubernetes object.
   */
  metadata: ObjectMeta;
  /**
   * What is wanted. Only globalClusterIdentifier and two regions have to be stated.
   */
  spec: DisasterRecoveryPolicySpec;
  /**
   * What the operator observes and does. Written when something changes, otherwise at most every 5 minutes: current
   * figures are metrics.
   */
  status?: DisasterRecoveryPolicyStatus;
}

/**
 * Access to the AWS account of the global cluster. Omitted: the operator's own credentials. State it when the
 * database lives in another account. Observation is shared by all policies of the same account and region.
 */
export interface AwsSpec {
  /**
   * ARN of the IAM role that the operator assumes for this policy, for example
   * arn:aws:iam::123456789012:role/aurora-dr. Required. It is assumed through the regional STS endpoints, so that it
   * keeps working when another region is lost.
   */
  roleArn: string;
  /**
   * External id that the role's trust policy demands (sts:ExternalId). Omitted: none is sent. State it when the role
   * belongs to another organisation.
   */
  externalId?: string;
}

/**
 * One region and the DB cluster that is the global cluster's member there.
 */
export interface RegionSpec {
  /**
   * AWS name of the region, for example us-east-1. Required and unique in the list.
   */
  name: string;
  /**
   * Identifier of the DB cluster in this region, in lower case as RDS stores it. Required. It may repeat in another
   * region; the region's name and this identifier together name a member.
   */
  clusterIdentifier: string;
  /**
   * Whether this region may become the writer's. Prefer: chosen before regions that are only allowed, and the region
   * that failback returns to. Allow: may be chosen. Never: only a person can choose it, by name and accepting data
   * loss; use it for a region that lacks the capacity or is not permitted to hold the writer. Default Allow.
   */
  promotion: Promotion;
}

/**
 * What the business expects of a recovery. Both are reported and alerted on, and never a reason to act: the
 * operator does not fail over because an objective is missed. recoveryPoint is also the limit that
 * failover.dataLoss WithinRecoveryPoint judges by.
 */
export interface ObjectivesSpec {
  /**
   * Longest acceptable time from the loss to a published new writer (RTO), a duration. Default 10m. Aurora's
   * promotion alone takes minutes; detection takes status.detectionWindow, and FailoverReady says so when that is
   * longer. What lasts longer sets status.recoveryTimeExceeded, with an event and a notification.
   */
  recoveryTime: string;
  /**
   * Most recent writes that may be lost (RPO), as a duration. Default 1s. Raise it when the usual replication lag of
   * the database is higher, otherwise automation is blocked whenever the lag is above it. To permit no loss at all,
   * set failover.mode to Manual.
   */
  recoveryPoint: string;
}

/**
 * A Secret in the policy's namespace.
 */
export interface SecretReference {
  /**
   * Name of the Secret in the policy's namespace. Required.
   */
  name: string;
}

/**
 * How a database server's certificate is verified.
 */
export interface TlsSpec {
  /**
   * Secret with the key ca.crt: certificates, in PEM, to trust instead. State it when the database is reached
   * through a proxy with a certificate of its own.
   */
  caSecretRef?: SecretReference;
}

/**
 * Writes one row at each probe, with type MySQL only: a database that answers and cannot write (a full disk, a
 * commit that hangs) is then Failing. The table has to exist: CREATE TABLE <table> (id TINYINT UNSIGNED PRIMARY
 * KEY, written_at DATETIME(6) NOT NULL); row 1 is written. During a role change only its target is written to.
 * Omitted: nothing is written.
 */
export interface WriteProbeSpec {
  /**
   * Name of the database (schema) that has the table. Required.
   */
  database: string;
  /**
   * Name of the table. Required.
   */
  table: string;
}

/**
 * Whether the writer's endpoint accepts connections; direct vantage. Leave it out where the operator has no
 * network path to the database.
 */
export interface EndpointSignalSpec {
  /**
   * TCP: the connection is accepted. MySQL: handshake, TLS, login and SELECT 1 succeed and the server is not
   * read-only, which also notices a database that accepts connections and does not serve; it needs secretRef. No
   * answer is Failing; a refused login, too many connections and a read-only server are Unknown. Default TCP.
   */
  type: EndpointProbeType;
  /**
   * Port to connect to. Omitted: the cluster's port as RDS states it. State it when the way to the database leads
   * through a forwarder with another port.
   */
  port?: number;
  /**
   * Secret with the keys username and password for type MySQL; ignored with TCP. The login needs no privileges
   * beyond connecting, and with writeProbe SELECT, INSERT and UPDATE on that table. A changed Secret counts within a
   * minute, and at once where the server refuses the login. The operator needs the right to get Secrets in the
   * policy's namespace.
   */
  secretRef?: SecretReference;
  /**
   * How the server's certificate is verified with type MySQL; ignored with TCP. Omitted: the connection uses TLS and
   * trusts the certificate authorities of Amazon RDS.
   */
  tls?: TlsSpec;
  /**
   * Writes one row at each probe, with type MySQL only: a database that answers and cannot write (a full disk, a
   * commit that hangs) is then Failing. The table has to exist: CREATE TABLE <table> (id TINYINT UNSIGNED PRIMARY
   * KEY, written_at DATETIME(6) NOT NULL); row 1 is written. During a role change only its target is written to.
   * Omitted: nothing is written.
   */
  writeProbe?: WriteProbeSpec;
}

/**
 * Whether a surviving region still receives changes from the primary; secondary vantage. While it passes on fresh
 * evidence it vetoes an automatic failover, whatever the others say.
 */
export interface ReplicationSignalSpec {
  /**
   * CloudWatch: the lag metrics of the secondaries, which arrive one to three minutes late. SQL:
   * information_schema.aurora_global_db_status on a secondary's reader (Aurora MySQL 3.04 and newer), read every
   * round, which makes detection a matter of seconds and needs secretRef and a network path to the secondary. The
   * lag is the longer of its durability lag and its RPO lag, and CloudWatch is not asked. Its behaviour during the
   * real loss of a region is still to be confirmed on AWS. Default CloudWatch.
   */
  source: ReplicationSource;
  /**
   * Age from which the newest sample no longer proves that replication works, a duration from 1s; the age counts
   * from the end of the sample's period, with SQL from the secondary's last calculation. Default 6m, because
   * CloudWatch samples carry periods of 60 s and arrive up to 3 minutes late. Lower it with source SQL, to some
   * seconds: a loss is then seen within maximumAge and one interval. With CloudWatch a lower one takes healthy
   * delays for failures.
   */
  maximumAge: string;
  /**
   * Secret with the keys username and password for source SQL; ignored with CloudWatch. The login needs no
   * privileges beyond connecting. Read as that of endpoint.secretRef.
   */
  secretRef?: SecretReference;
  /**
   * How the server's certificate is verified with source SQL; ignored with CloudWatch. Omitted: the connection uses
   * TLS and trusts the certificate authorities of Amazon RDS.
   */
  tls?: TlsSpec;
}

/**
 * A witness outside of both regions; witness vantage. It answers 2xx while it sees the primary serving (which
 * vetoes an automatic failover) and 503 when it sees it lost; anything else, no answer included, is Unknown.
 * Omitted: none. Without a witness the loss of the link between two regions cannot be told from the loss of a
 * region.
 */
export interface HttpSignalSpec {
  /**
   * Address that is asked with GET once in each round, https:// or http://. Required. The witness should run in a
   * third region or outside of AWS.
   */
  url: string;
}

/**
 * What is watched. Omitted: controlPlane, endpoint by TCP, and replication by CloudWatch. When given, exactly the
 * listed signals are used, so list all that you want; write `{}` to take a signal with its defaults (a name
 * without any value is not listed). Each belongs to a vantage: controlPlane and endpoint look at the primary
 * directly, replication looks from a surviving region, http from a witness. At least two vantages are needed,
 * because one place alone cannot tell a lost region from a lost network.
 */
export interface SignalsSpec {
  /**
   * Whether the RDS API of the primary's region answers and calls the cluster available; direct vantage. Write
   * `controlPlane: {}`: it has no settings. Leave it out only where that API cannot be reached from the operator.
   */
  controlPlane?: Record<string, never>;
  /**
   * Whether the writer's endpoint accepts connections; direct vantage. Leave it out where the operator has no
   * network path to the database.
   */
  endpoint?: EndpointSignalSpec;
  /**
   * Whether a surviving region still receives changes from the primary; secondary vantage. While it passes on fresh
   * evidence it vetoes an automatic failover, whatever the others say.
   */
  replication?: ReplicationSignalSpec;
  /**
   * A witness outside of both regions; witness vantage. It answers 2xx while it sees the primary serving (which
   * vetoes an automatic failover) and 503 when it sees it lost; anything else, no answer included, is Unknown.
   * Omitted: none. Without a witness the loss of the link between two regions cannot be told from the loss of a
   * region.
   */
  http?: HttpSignalSpec;
}

/**
 * How the loss of the primary region is told from lesser trouble. In each round every listed signal is Passing,
 * Failing or Unknown. A loss is declared when quorum signals of different classes, from at least two vantages, are
 * Failing for failureThreshold consecutive rounds, and no evidence newer than the first of these rounds shows the
 * primary working. Unknown neither votes nor vetoes, and a signal that never passed for the present primary has no
 * vote. status.detectionWindow shows how long all this takes with the present configuration.
 */
export interface DetectionSpec {
  /**
   * Time between two rounds, a duration from 1s to 5m. Default 10s. A shorter one detects a loss sooner and asks AWS
   * more often; a longer one suits databases that may wait.
   */
  interval: string;
  /**
   * How long one attempt may stay without an answer before it counts as no answer, a duration below interval.
   * Default 3s. Raise it when the operator is far from the primary region or its network is slow.
   */
  timeout: string;
  /**
   * Number of consecutive rounds in which quorum must be Failing before a loss is declared. Default 3. Raise it
   * where short interruptions are common; every round adds interval to the time until the operator acts.
   */
  failureThreshold: number;
  /**
   * Number of consecutive passing rounds after which a signal counts as Passing: only then has it a vote, and only
   * then is a suspicion over. Default 2. Raise it where connections come and go.
   */
  successThreshold: number;
  /**
   * Number of signal classes that must be Failing together, from at least two vantages, 2 to 4 and not above the
   * number of listed signals. Default 2. Raise it when a missed failover costs less than a false one.
   */
  quorum: number;
  /**
   * What is watched. Omitted: controlPlane, endpoint by TCP, and replication by CloudWatch. When given, exactly the
   * listed signals are used, so list all that you want; write `{}` to take a signal with its defaults (a name
   * without any value is not listed). Each belongs to a vantage: controlPlane and endpoint look at the primary
   * directly, replication looks from a surviving region, http from a witness. At least two vantages are needed,
   * because one place alone cannot tell a lost region from a lost network.
   */
  signals: SignalsSpec;
}

/**
 * What the operator does about a declared loss, and what it may cost.
 */
export interface FailoverSpec {
  /**
   * Automatic: a declared loss is failed over. Manual: the operator detects, reports and notifies, and a person
   * starts the failover with the annotation aurora-dr.io/force-failover. Default Automatic.
   */
  mode: FailoverMode;
  /**
   * What automation may lose. Forbid: nothing, which only fits mode Manual. WithinRecoveryPoint: up to
   * objectives.recoveryPoint by the estimate. Allow: whatever is known to be unreplicated. An unknown loss is never
   * accepted automatically. A person may accept more with the annotation aurora-dr.io/accept-data-loss. Default
   * WithinRecoveryPoint.
   */
  dataLoss: DataLossPolicy;
  /**
   * Which figure dataLoss judges. LastKnown: the newest lag sample at or before the first failing round. WorstCase:
   * that lag plus the age of the sample, as if nothing had been replicated since; with CloudWatch it is minutes, so
   * recoveryPoint must be as well. Default LastKnown.
   */
  estimate: LossEstimate;
  /**
   * Greatest age of that sample at the loss, a duration; an older one makes the loss unknown, never zero. Default
   * 6m, for CloudWatch's delay. Lower it with replication.source SQL.
   */
  maximumLagAge: string;
  /**
   * Time after an operation or a role change in which automation starts nothing, a duration, so that two troubled
   * regions do not pass the writer to and fro. Default 30m. A person ends it early with the annotation
   * aurora-dr.io/acknowledge.
   */
  cooldown: string;
  /**
   * Time from acceptance after which an unfinished operation is recorded as TimedOut, a duration. Default 15m.
   * Observation goes on, and a late success is still published. The deletion of a policy waits at most this long for
   * an operation. Raise it for large clusters that promote slowly.
   */
  timeout: string;
  /**
   * Who goes first when a whole region is lost, 0 to 1000, higher first. Default 0. It counts where more role
   * changes are due than AWS takes at once: see --role-changes-per-second. Raise it for the databases that the
   * business misses first.
   */
  priority: number;
  /**
   * How long Aurora may try to recover the writer within its own region, a duration. While the primary region's RDS
   * answers, an unreachable writer is Aurora's own to recover, and automation holds with reason InRegionRecovery;
   * after this time the hold ends and the endpoint signal votes. Omitted: the hold never ends. State it where an
   * outage that long costs more than the writes that a failover may lose.
   */
  inRegionRecoveryLimit?: string;
}

/**
 * One recurring window.
 */
export interface FailbackWindow {
  /**
   * When the window opens, as a cron expression of five fields, for example "0 3 * * 0" for Sundays at 3. Where both
   * the day of the month and the day of the week are restricted, either suffices. Required.
   */
  schedule: string;
  /**
   * How long the window stays open, a duration. Required.
   */
  duration: string;
  /**
   * IANA time zone in which schedule is read, for example Europe/Paris. Default UTC.
   */
  timeZone: string;
}

/**
 * How the writer returns to the preferred region after a failover. Failback is a switchover, which loses nothing,
 * and waits until the region is back, connected and small in lag.
 */
export interface FailbackSpec {
  /**
   * Manual: a person asks with the annotation aurora-dr.io/failback. Automatic: the operator switches back by
   * itself, inside of windows, once the preferred region has been healthy for stabilization. Default Manual.
   */
  mode: FailbackMode;
  /**
   * How long the preferred region must have been healthy and connected without interruption before an automatic
   * failback, a duration. Default 30m.
   */
  stabilization: string;
  /**
   * When an automatic failback may start. Omitted or empty: at any time. State it where a switchover's short
   * interruption of writes has to happen at quiet hours.
   *
   * Items: One recurring window.
   */
  windows?: FailbackWindow[];
}

/**
 * How clients are kept from writing to the old primary, which may go on accepting writes from whoever still
 * reaches it.
 */
export interface FencingSpec {
  /**
   * None: the published names keep the old writer until the new one is known. BestEffort: they are pointed to
   * fenced.invalid alongside the failover call, which never waits for it. Required: as BestEffort, and the new
   * writer is published only after AWS reports that the old storage no longer takes writes (RDS event 0390) or a
   * person says so with the annotation aurora-dr.io/confirm-fenced; use it where a split brain is worse than a
   * longer outage. Default BestEffort.
   */
  mode: FencingMode;
}

/**
 * A Service of type ExternalName that names the writer's endpoint, for clients in the cluster.
 */
export interface PublishServiceSpec {
  /**
   * Name of the Service in the policy's namespace; it is created if it does not exist. Required.
   */
  name: string;
}

/**
 * A ConfigMap that states the writer's endpoint and region, for clients that read or mount it.
 */
export interface PublishConfigMapSpec {
  /**
   * Name of the ConfigMap in the policy's namespace; it is created if it does not exist. Required.
   */
  name: string;
}

/**
 * A CloudWatch metric that Route 53 health checks can follow, so that prepared DNS records move with the writer
 * without a call to Route 53. It is 1 for the writer's region and 0 for the others, has the dimensions
 * GlobalCluster and Region, and is written every 60 s and on change to every configured region except the lost
 * one.
 */
export interface PublishRoutingSpec {
  /**
   * CloudWatch namespace of the metric. Default AuroraDR. Change it when alarms or IAM policies expect another one;
   * AWS reserves names that start with AWS/.
   */
  namespace: string;
  /**
   * Name of the metric. Default WriterRegion.
   */
  metric: string;
}

/**
 * Where the present writer's address is published. Omitted: nowhere but in status.writerEndpoint.
 */
export interface PublishSpec {
  /**
   * A Service of type ExternalName that names the writer's endpoint, for clients in the cluster.
   */
  service?: PublishServiceSpec;
  /**
   * A ConfigMap that states the writer's endpoint and region, for clients that read or mount it.
   */
  configMap?: PublishConfigMapSpec;
  /**
   * A CloudWatch metric that Route 53 health checks can follow, so that prepared DNS records move with the writer
   * without a call to Route 53. It is 1 for the writer's region and 0 for the others, has the dimensions
   * GlobalCluster and Region, and is written every 60 s and on change to every configured region except the lost
   * one.
   */
  routing?: PublishRoutingSpec;
}

/**
 * Whom the operator tells about failovers, their end, and what blocks them. Omitted: nobody.
 */
export interface NotificationsSpec {
  /**
   * Amazon SNS topics, each at most once. Each message goes to the topics of every region that can be reached, so
   * list one in each region: the topic of a lost region tells nobody.
   *
   * Items: ARN of a standard topic, for example arn:aws:sns:us-west-2:123456789012:database-alerts.
   */
  snsTopicArns?: string[];
}

/**
 * Rehearsals. Omitted: only on request, with the annotation aurora-dr.io/drill.
 */
export interface DrillSpec {
  /**
   * Simulate: every check of a failover is made and no role changes. Switchover: the writer really moves, without
   * data loss but with a short interruption of writes. Default Simulate.
   */
  mode: DrillMode;
  /**
   * When drills start, as a cron expression of five fields, for example "0 3 1 * *" for the first of each month at
   * 3. Omitted: only on request.
   */
  schedule?: string;
  /**
   * IANA time zone in which schedule is read, for example Europe/Paris. Default UTC.
   */
  timeZone: string;
  /**
   * Age from which the last successful drill is reported as too old, a duration. Default 1080h, 45 days, which suits
   * a monthly schedule.
   */
  maximumAge: string;
}

/**
 * How the operator treats Crossplane managed resources of the same clusters, which could undo a role change.
 */
export interface CrossplaneSpec {
  /**
   * Auto: managed resources that describe a member of the global cluster are paused while roles are changing, and
   * for as long as declared and observed roles differ. Off: they are left alone; write it in quotes, "Off", because
   * YAML reads the bare word as false. Default Auto.
   */
  mode: CrossplaneMode;
}

/**
 * What is wanted. Only globalClusterIdentifier and two regions have to be stated.
 */
export interface DisasterRecoveryPolicySpec {
  /**
   * Identifier of the Aurora global cluster, in lower case as RDS stores it. Required. It cannot be changed, because
   * recorded operations and cooldowns belong to this global cluster: create another policy for another one.
   */
  globalClusterIdentifier: string;
  /**
   * Access to the AWS account of the global cluster. Omitted: the operator's own credentials. State it when the
   * database lives in another account. Observation is shared by all policies of the same account and region.
   */
  aws?: AwsSpec;
  /**
   * Regions of the global cluster, 2 to 11, each named once: one holds the writer at a time, the others receive its
   * changes. Which one that is at present is observed, not configured. The order matters: among candidates of equal
   * promotion the one listed first is chosen.
   *
   * Items: One region and the DB cluster that is the global cluster's member there.
   */
  regions: RegionSpec[];
  /**
   * What the business expects of a recovery. Both are reported and alerted on, and never a reason to act: the
   * operator does not fail over because an objective is missed. recoveryPoint is also the limit that
   * failover.dataLoss WithinRecoveryPoint judges by.
   */
  objectives: ObjectivesSpec;
  /**
   * How the loss of the primary region is told from lesser trouble. In each round every listed signal is Passing,
   * Failing or Unknown. A loss is declared when quorum signals of different classes, from at least two vantages, are
   * Failing for failureThreshold consecutive rounds, and no evidence newer than the first of these rounds shows the
   * primary working. Unknown neither votes nor vetoes, and a signal that never passed for the present primary has no
   * vote. status.detectionWindow shows how long all this takes with the present configuration.
   */
  detection: DetectionSpec;
  /**
   * What the operator does about a declared loss, and what it may cost.
   */
  failover: FailoverSpec;
  /**
   * How the writer returns to the preferred region after a failover. Failback is a switchover, which loses nothing,
   * and waits until the region is back, connected and small in lag.
   */
  failback: FailbackSpec;
  /**
   * How clients are kept from writing to the old primary, which may go on accepting writes from whoever still
   * reaches it.
   */
  fencing: FencingSpec;
  /**
   * Where the present writer's address is published. Omitted: nowhere but in status.writerEndpoint.
   */
  publish?: PublishSpec;
  /**
   * Whom the operator tells about failovers, their end, and what blocks them. Omitted: nobody.
   */
  notifications?: NotificationsSpec;
  /**
   * Rehearsals. Omitted: only on request, with the annotation aurora-dr.io/drill.
   */
  drill?: DrillSpec;
  /**
   * How the operator treats Crossplane managed resources of the same clusters, which could undo a role change.
   */
  crossplane: CrossplaneSpec;
  /**
   * Whether the operator starts nothing by itself: no failover, failback or scheduled drill. Default false.
   * Detection, status and notifications go on, a person can still force an operation, and an operation in flight is
   * followed to its end. Set it during planned work on the database.
   */
  suspend: boolean;
}

/**
 * One region and its member of the global cluster.
 */
export interface RegionStatus {
  /**
   * AWS name of the region.
   */
  name: string;
  /**
   * Identifier of the DB cluster in this region.
   */
  clusterIdentifier: string;
  /**
   * ARN of the DB cluster. Absent until it has been observed.
   */
  clusterArn?: string;
  /**
   * Host name of the cluster's own endpoint. Absent until it has been observed.
   */
  endpoint?: string;
  /**
   * Primary: it holds the writer. Secondary: it receives changes. Missing: the global cluster has no such member.
   */
  role: RegionRole;
  /**
   * Whether the member can do its part; Unknown when it could not be observed.
   */
  health: RegionHealth;
  /**
   * Version of the database engine; a target must have the primary's patch level.
   */
  engineVersion?: string;
  /**
   * How AWS states the member's synchronisation, connected or pending-resync.
   */
  synchronizationStatus?: string;
  /**
   * Newest known replication lag of a secondary, in milliseconds. Absent when unknown, never zero for it.
   */
  replicationLagMilliseconds?: number;
  /**
   * End of the period of the sample that replicationLagMilliseconds comes from.
   */
  lagSampleTime?: string;
  /**
   * What RDS in the region calls the cluster, such as available or failing-over.
   */
  clusterStatus?: string;
  /**
   * TCP port of the cluster's endpoint.
   */
  port?: number;
  /**
   * When the operator's probe of this region's writer endpoint last succeeded. Absent when it never did; the probe
   * then is no condition for a failover's success.
   */
  endpointLastPassed?: string;
  /**
   * Whether the region could become the writer's now.
   */
  promotable: boolean;
  /**
   * Why the region is not promotable or not healthy, in one CamelCase word.
   */
  reason?: string;
}

/**
 * One signal.
 */
export interface SignalStatus {
  /**
   * Class of the signal, as in spec.detection.signals.
   */
  name: SignalName;
  /**
   * Where it looks from. direct: at the primary. secondary: from a surviving region. witness: from outside of both.
   */
  vantage: Vantage;
  /**
   * What it says of the primary. Unknown neither votes for a failover nor vetoes one.
   */
  state: SignalState;
  /**
   * When the signal entered this state.
   */
  since: string;
  /**
   * When it was last Passing for the primary and the configuration named below. It keeps the signal's vote for 24
   * hours across a restart of the operator.
   */
  lastPassed?: string;
  /**
   * Primary for which it passed, as region/cluster identifier.
   */
  primary?: string;
  /**
   * Digest of the settings that the signal's meaning depends on; a change ends its vote until it passes again.
   */
  configuration?: string;
  /**
   * Why it is in this state, in one CamelCase word.
   */
  reason?: string;
  /**
   * Why it is in this state, for people.
   */
  message?: string;
}

/**
 * The present suspicion. Absent while no round fails.
 */
export interface IncidentStatus {
  /**
   * Start of the first failing round. Evidence that is newer vetoes, lag samples that are newer do not count.
   */
  startedAt: string;
  /**
   * What keeps the operator from acting, or that it is about to, in one CamelCase word.
   */
  reason?: string;
  /**
   * The same for people.
   */
  message?: string;
}

/**
 * The operation in flight, recorded before AWS is called, so that a restarted operator goes on with it and never
 * calls twice. Absent when nothing is in flight.
 */
export interface OperationStatus {
  /**
   * Identifier of the operation; the annotations acknowledge and confirm-fenced name it.
   */
  id: string;
  /**
   * Failover: promotes without the old primary and may lose writes. Switchover: both take part and nothing is lost.
   */
  type: OperationType;
  /**
   * Who asked for it. Automatic: the operator, for a declared loss. Annotation: a person. Failback and Drill: the
   * operator or a person. External: somebody else called AWS, and the operator follows.
   */
  trigger: OperationTrigger;
  /**
   * Region of the old writer.
   */
  from: string;
  /**
   * Region of the new writer.
   */
  to: string;
  /**
   * How far it is. Accepted: recorded, AWS not called. Requested: AWS took the call. Unconfirmed: AWS was called and
   * its answer is not known. Promoting: AWS shows it in progress. Promoted: the target is the writer. Published: the
   * new address is out.
   */
  step: OperationStep;
  /**
   * Whether the loss of writes was permitted, by the policy or by a person.
   */
  dataLossAllowed: boolean;
  /**
   * When the operation was accepted.
   */
  startedAt: string;
  /**
   * When the loss was declared. Absent when nothing was lost.
   */
  detectedAt?: string;
  /**
   * When AWS was last called. Absent before.
   */
  calledAt?: string;
  /**
   * When the target was first seen as the writer. Absent before.
   */
  promotedAt?: string;
  /**
   * When the new address was published. Absent before, and where nothing is published.
   */
  publishedAt?: string;
  /**
   * Estimated loss, in milliseconds of writes. Absent when unknown.
   */
  estimatedDataLossMilliseconds?: number;
  /**
   * Estimated loss plus the age of the sample that it comes from, in milliseconds. Absent when unknown.
   */
  worstCaseDataLossMilliseconds?: number;
  /**
   * How often AWS was called.
   */
  attempts: number;
  /**
   * Whether AWS keeps the old storage from taking writes. Unknown: not reported. Succeeded: RDS event 0390, or
   * confirmed by a person. TimedOut: RDS event 0391.
   */
  fence: FenceState;
  /**
   * When fence was settled. Absent while Unknown.
   */
  fenceTime?: string;
  /**
   * AWS's id of the last call, for AWS support.
   */
  requestId?: string;
  /**
   * ARN of the old writer's cluster.
   */
  fromClusterArn?: string;
  /**
   * ARN of the cluster to be promoted.
   */
  targetClusterArn?: string;
  /**
   * Identity of the operator that accepted the operation.
   */
  acceptedBy?: string;
  /**
   * What is going on, for people.
   */
  message?: string;
  /**
   * Whether the operator started it by itself, for a failback or a scheduled drill. Absent when it did not, and for
   * an automatic failover, whose trigger says so.
   */
  automatic?: boolean;
}

/**
 * What became of the newest request by annotation.
 */
export interface LastRequest {
  /**
   * The annotation, without its prefix aurora-dr.io/.
   */
  action: RequestAction;
  /**
   * Value of the annotation, shortened to 256 characters.
   */
  value?: string;
  /**
   * Value of aurora-dr.io/force-type, shortened to 256 characters. Absent when it was not set.
   */
  forceType?: string;
  /**
   * Whether aurora-dr.io/accept-data-loss was "true" together with it.
   */
  acceptDataLoss?: boolean;
  /**
   * When the operator saw the request.
   */
  observedAt: string;
  /**
   * What the operator decided.
   */
  result: RequestResult;
  /**
   * Why, in one CamelCase word.
   */
  reason?: string;
  /**
   * Why, for people, and what to do instead.
   */
  message?: string;
  /**
   * Whether the annotations of this request are gone. While false, annotations that say the same are this request,
   * not a new one.
   */
  annotationsRemoved?: boolean;
  /**
   * The operation that the request started or concerned. Absent when there is none.
   */
  operationId?: string;
}

/**
 * How long the preferred region has been fit for an automatic failback without interruption. Absent while it is
 * not, while the writer is in it, and in mode Manual.
 */
export interface FailbackStatus {
  /**
   * The preferred region.
   */
  region: string;
  /**
   * Since when every round that could see found it fit.
   */
  healthySince: string;
  /**
   * The newest such round, as of when status was written.
   */
  observedUntil: string;
}

/**
 * The next scheduled drill. Absent without a schedule.
 */
export interface NextDrillStatus {
  /**
   * When it is due.
   */
  at: string;
  /**
   * The schedule and its time zone from which that was worked out.
   */
  schedule: string;
}

/**
 * A drill by switchover under way: there and back are two operations. Absent when there is none.
 */
export interface DrillStatus {
  /**
   * Identifier of the drill.
   */
  id: string;
  /**
   * Region of the writer before the drill, and after it.
   */
  home: string;
  /**
   * Region that the writer is moved to and back from.
   */
  away: string;
  /**
   * There: the switchover to away. Away: the writer is there, and its return is prepared. Back: the switchover home.
   */
  leg: DrillLeg;
  /**
   * When the drill began.
   */
  startedAt: string;
  /**
   * When the writer was proven to serve in away. Absent before.
   */
  arrivedAt?: string;
  /**
   * When it was due. Absent when a person asked for it.
   */
  scheduledFor?: string;
  /**
   * The newest operation of the drill.
   */
  operationId: string;
  /**
   * How long the switchover there took. Absent before its end.
   */
  thereMilliseconds?: number;
  /**
   * Switchovers home that were started.
   */
  returnAttempts?: number;
  /**
   * The return is not tried again before. Absent at first.
   */
  notBefore?: string;
}

/**
 * One check.
 */
export interface DrillCheckStatus {
  /**
   * What, in one CamelCase word.
   */
  name: string;
  /**
   * Whether it was found as a failover needs it.
   */
  passed: boolean;
  /**
   * What was found, for people.
   */
  message: string;
}

/**
 * The newest drill that ended, or that was missed.
 */
export interface LastDrillStatus {
  /**
   * Identifier of the drill.
   */
  id: string;
  /**
   * As in spec.drill.mode.
   */
  mode: DrilledMode;
  /**
   * Succeeded: everything that a failover would need was there; of a Switchover, also that the writer went there and
   * came home. Failed: message says what was missing, and where the writer is. Missed: it was due and could not
   * start in time.
   */
  result: DrillResult;
  /**
   * Why, in one CamelCase word.
   */
  reason?: string;
  /**
   * When it was due. Absent when a person asked for it.
   */
  scheduledFor?: string;
  /**
   * When it began. Absent when it was missed.
   */
  startedAt?: string;
  /**
   * When it ended.
   */
  completedAt: string;
  /**
   * Region of the writer before it. Absent when it was missed.
   */
  from?: string;
  /**
   * Region that the writer was moved to, or would have been. Absent when there was none.
   */
  to?: string;
  /**
   * How long the switchover there took, to the proven and published writer. Absent when it was not made.
   */
  thereMilliseconds?: number;
  /**
   * How long the switchover home took. Absent when it was not made.
   */
  backMilliseconds?: number;
  /**
   * When a drill succeeded last, this one or an earlier one. Absent when none ever did.
   */
  lastSucceededAt?: string;
  /**
   * What it found, for people.
   */
  message?: string;
  /**
   * What was checked. Absent when nothing was.
   *
   * Items: One check.
   */
  checks?: DrillCheckStatus[];
}

/**
 * What was last published. Absent before the first time.
 */
export interface PublishedStatus {
  /**
   * Name of the Service. Absent when none is configured.
   */
  service?: string;
  /**
   * Name of the ConfigMap. Absent when none is configured.
   */
  configMap?: string;
  /**
   * Published host name; fenced.invalid while fencing withholds the old writer.
   */
  writerEndpoint: string;
  /**
   * Region of the published writer. Absent while fenced.
   */
  primaryRegion?: string;
  /**
   * When it was published.
   */
  at: string;
}

/**
 * The old primary that has not re-joined since a failover and may still take writes. Absent when there is none.
 */
export interface SplitBrainStatus {
  /**
   * Region of the old primary.
   */
  region: string;
  /**
   * Identifier of the old primary's cluster.
   */
  clusterIdentifier: string;
  /**
   * When the failover was called.
   */
  since: string;
  /**
   * The failover's operation. Absent for one that was started elsewhere.
   */
  operationId?: string;
  /**
   * Whether the old primary was fenced, by RDS (events RDS-EVENT-0390 and RDS-EVENT-0391) or by somebody who
   * confirmed it.
   */
  fence?: FenceState;
  /**
   * What its own region says of it: nothing (NotObserved), that it is the writer (StillWriter), that it is a member
   * which is synchronized anew (Resynchronizing, "pending-resync" in AWS), or that it stands alone, outside the
   * global cluster, and takes writes (Detached).
   */
  state?: OldPrimaryState;
  /**
   * When its own region first showed it as a member that is synchronized anew.
   */
  returnedAt?: string;
  /**
   * What is known about it, for people.
   */
  message?: string;
}

/**
 * What is kept of one old primary.
 */
export interface RescueSnapshot {
  /**
   * The failover's operation.
   */
  operationId: string;
  /**
   * Region of the old primary, and of the snapshots.
   */
  region: string;
  /**
   * Identifier of the old primary's cluster.
   */
  clusterIdentifier: string;
  /**
   * Snapshots from before this time belong to an earlier failover.
   */
  since: string;
  /**
   * Awaited: Aurora has not completed one yet. Copying: the copy is under way. Kept: the copy is complete. Refused:
   * AWS refuses the copy, which is tried again; message says what to do. GivenUp: none appeared, or its region is
   * not looked at any more.
   */
  state: RescueState;
  /**
   * Aurora's own snapshot, which expires.
   */
  source?: string;
  /**
   * The manual copy.
   */
  snapshot?: string;
  /**
   * ARN of the manual copy.
   */
  snapshotArn?: string;
  /**
   * From when on a snapshot is not expected any more. Absent while the old primary is outstanding.
   */
  giveUpAt?: string;
  /**
   * What is known about it, for people.
   */
  message?: string;
}

/**
 * One finished operation or simulation.
 */
export interface HistoryEntry {
  /**
   * Identifier of the operation.
   */
  id: string;
  /**
   * Failover: promoted without the old primary. Switchover: both took part and nothing was lost. Simulation: the
   * newest drill that called nothing, and from and to say what a failover would have done.
   */
  type: HistoryType;
  /**
   * Who asked for it, as in status.operation.trigger.
   */
  trigger: OperationTrigger;
  /**
   * Region of the old writer.
   */
  from: string;
  /**
   * Region of the new writer.
   */
  to: string;
  /**
   * How it ended. Succeeded: the target is the writer, serves and is published. Failed: AWS refused or gave up.
   * TimedOut: not finished within failover.timeout. Cancelled: AWS or a person cancelled it.
   */
  outcome: Outcome;
  /**
   * Why it ended so, in one CamelCase word.
   */
  reason?: string;
  /**
   * When the loss was declared. Absent when nothing was lost.
   */
  detectedAt?: string;
  /**
   * When the operation was accepted.
   */
  startedAt: string;
  /**
   * When the target was first seen as the writer. Absent if it never was.
   */
  promotedAt?: string;
  /**
   * When the new address was published. Absent if it never was.
   */
  publishedAt?: string;
  /**
   * When it ended.
   */
  completedAt: string;
  /**
   * Time from the first failing round (from acceptance when nothing was lost) to the end, in milliseconds.
   */
  recoveryTimeMilliseconds?: number;
  /**
   * Estimated loss, in milliseconds of writes. Absent when unknown.
   */
  estimatedDataLossMilliseconds?: number;
  /**
   * Estimated loss plus the age of the sample that it comes from, in milliseconds. Absent when unknown.
   */
  worstCaseDataLossMilliseconds?: number;
  /**
   * Whether the operator started it by itself, as in status.operation.automatic.
   */
  automatic?: boolean;
  /**
   * AWS's id of the last call, for AWS support.
   */
  requestId?: string;
  /**
   * What happened, for people.
   */
  message?: string;
}

/**
 * One condition.
 */
export interface Condition {
  /**
   * Name of the condition.
   */
  type: string;
  /**
   * Whether it holds.
   */
  status: ConditionStatus;
  /**
   * Generation of the spec that it was worked out from.
   */
  observedGeneration?: number;
  /**
   * When status last changed.
   */
  lastTransitionTime: string;
  /**
   * Why, in one CamelCase word.
   */
  reason: string;
  /**
   * Why, for people.
   */
  message: string;
}

/**
 * What the operator observes and does. Written when something changes, otherwise at most every 5 minutes: current
 * figures are metrics.
 */
export interface DisasterRecoveryPolicyStatus {
  /**
   * Generation of the spec that this status was worked out from.
   */
  observedGeneration?: number;
  /**
   * Summary for people. Pending: not observed yet. Protected: a lost primary region would be failed over. Degraded:
   * it would be, but something is not as it should be. Suspect: signals are failing, and a decision is being
   * prepared or is held. FailingOver, SwitchingOver: an operation is in flight. Unprotected: a lost primary region
   * would not be failed over; the condition FailoverReady says why. Suspended: spec.suspend is set.
   */
  phase?: Phase;
  /**
   * Region of the writer as last observed.
   */
  primaryRegion?: string;
  /**
   * Host name of the present writer's endpoint.
   */
  writerEndpoint?: string;
  /**
   * Replication lag of the candidate that would be promoted now, such as 120ms, or unknown. For display only:
   * regions[].replicationLagMilliseconds is the figure to compute with.
   */
  lag?: string;
  /**
   * How long a real loss takes to be acted on with this configuration, a duration such as 40s.
   */
  detectionWindow?: string;
  /**
   * The configured regions as observed.
   *
   * Items: One region and its member of the global cluster.
   */
  regions?: RegionStatus[];
  /**
   * The listed signals as last evaluated.
   *
   * Items: One signal.
   */
  signals?: SignalStatus[];
  /**
   * The present suspicion. Absent while no round fails.
   */
  incident?: IncidentStatus;
  /**
   * True while the operation in flight, or a loss that no evidence contradicts, lasts longer than
   * objectives.recoveryTime. Absent otherwise.
   */
  recoveryTimeExceeded?: boolean;
  /**
   * The operation in flight, recorded before AWS is called, so that a restarted operator goes on with it and never
   * calls twice. Absent when nothing is in flight.
   */
  operation?: OperationStatus;
  /**
   * What became of the newest request by annotation.
   */
  lastRequest?: LastRequest;
  /**
   * How long the preferred region has been fit for an automatic failback without interruption. Absent while it is
   * not, while the writer is in it, and in mode Manual.
   */
  failback?: FailbackStatus;
  /**
   * The next scheduled drill. Absent without a schedule.
   */
  nextDrill?: NextDrillStatus;
  /**
   * A drill by switchover under way: there and back are two operations. Absent when there is none.
   */
  drill?: DrillStatus;
  /**
   * The newest drill that ended, or that was missed.
   */
  lastDrill?: LastDrillStatus;
  /**
   * What was last published. Absent before the first time.
   */
  published?: PublishedStatus;
  /**
   * The old primary that has not re-joined since a failover and may still take writes. Absent when there is none.
   */
  splitBrain?: SplitBrainStatus;
  /**
   * The volumes of old primaries, newest failover first. Aurora keeps what an old primary had when it re-joins as an
   * automated snapshot, which expires with the backup retention; the operator copies it to a manual one, so that
   * writes that a failover lost can be looked for. The copy is yours to delete.
   *
   * Items: What is kept of one old primary.
   */
  rescueSnapshots?: RescueSnapshot[];
  /**
   * Until when automation starts nothing. Absent when no cooldown is active.
   */
  cooldownUntil?: string;
  /**
   * The newest 10 finished operations and simulations, newest first.
   *
   * Items: One finished operation or simulation.
   */
  history?: HistoryEntry[];
  /**
   * Ready: the policy is observed and can be worked with. PrimaryHealthy: the writer serves. ReplicationHealthy: a
   * secondary receives changes within the recovery point. FailoverReady: a lost primary region would be failed over
   * automatically. Progressing: an operation is in flight. EndpointPublished: the present writer's address is
   * published. SplitBrainRisk: an old primary has not re-joined. ResourceDrift: declared and observed roles differ.
   * Suspended: spec.suspend is set.
   *
   * Items: One condition.
   */
  conditions?: Condition[];
}
