/** An error that AWS answers: its wire code, its HTTP status and who is to blame. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly httpStatus: number;

  constructor(code: string, httpStatus: number, message: string) {
    super(message);
    this.code = code;
    this.httpStatus = httpStatus;
  }

  /** `Sender` for the caller's fault, `Receiver` for the service's. */
  get type(): 'Sender' | 'Receiver' {
    return this.httpStatus < 500 ? 'Sender' : 'Receiver';
  }
}

/** The faults of the RDS model (codes and statuses from the service model of the SDK). */
export const rdsFaults = {
  globalClusterNotFound: (identifier: string) =>
    new AwsError('GlobalClusterNotFoundFault', 404, `Global cluster ${identifier} not found`),
  globalClusterExists: (identifier: string) =>
    new AwsError('GlobalClusterAlreadyExistsFault', 400, `Global cluster ${identifier} already exists`),
  clusterNotFound: (identifier: string) =>
    new AwsError('DBClusterNotFoundFault', 404, `DBCluster ${identifier} not found.`),
  clusterExists: (identifier: string) =>
    new AwsError('DBClusterAlreadyExistsFault', 400, `DB cluster ${identifier} already exists`),
  instanceNotFound: (identifier: string) =>
    new AwsError('DBInstanceNotFound', 404, `DBInstance ${identifier} not found.`),
  instanceExists: (identifier: string) =>
    new AwsError('DBInstanceAlreadyExists', 400, `DB instance ${identifier} already exists`),
  snapshotNotFound: (identifier: string) =>
    new AwsError('DBClusterSnapshotNotFoundFault', 404, `DBClusterSnapshot ${identifier} not found.`),
  snapshotExists: (identifier: string) =>
    new AwsError(
      'DBClusterSnapshotAlreadyExistsFault',
      400,
      `Cannot create the cluster snapshot because one with the identifier ${identifier} already exists.`,
    ),
  snapshotQuotaExceeded: () =>
    new AwsError('SnapshotQuotaExceeded', 400, 'Cannot create more than the allowed number of manual snapshots.'),
  invalidSnapshotState: (message: string) => new AwsError('InvalidDBClusterSnapshotStateFault', 400, message),
  invalidGlobalClusterState: (message: string) => new AwsError('InvalidGlobalClusterStateFault', 400, message),
  invalidClusterState: (message: string) => new AwsError('InvalidDBClusterStateFault', 400, message),
};

export function invalidParameterValue(message: string): AwsError {
  return new AwsError('InvalidParameterValue', 400, message);
}

export function invalidParameterCombination(message: string): AwsError {
  return new AwsError('InvalidParameterCombination', 400, message);
}
