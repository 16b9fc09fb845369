import { AwsError } from './aws-error.ts';

/** An IAM role that may be assumed. */
export interface Role {
  readonly arn: string;
  readonly externalId?: string;
  /** Refuse everybody, as a trust policy that does not name the caller does. */
  readonly isDenied?: boolean;
}

/** Temporary credentials and what they stand for. */
export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAt: number;
  readonly accountId: string;
  readonly roleArn: string;
  readonly sessionName: string;
  /** The access key that assumed the role; undefined where none did, but a token. */
  readonly assumedBy: string | undefined;
}

/** Who sends a request. */
export interface Caller {
  readonly accountId: string;
  readonly accessKeyId: string | undefined;
  readonly session: Session | undefined;
}

/** Access keys, roles and sessions. A key nobody told of belongs to the world's default account. */
export class SessionStore {
  private readonly defaultAccountId: string;
  private readonly accountsByKey = new Map<string, string>();
  private readonly roles = new Map<string, Role>();
  private readonly sessions = new Map<string, Session>();

  constructor(defaultAccountId: string) {
    this.defaultAccountId = defaultAccountId;
  }

  addAccessKey(accessKeyId: string, accountId: string): void {
    this.accountsByKey.set(accessKeyId, accountId);
  }

  addRole(role: Role): void {
    this.roles.set(role.arn, role);
  }

  role(arn: string): Role | undefined {
    return this.roles.get(arn);
  }

  session(accessKeyId: string): Session | undefined {
    return this.sessions.get(accessKeyId);
  }

  addSession(session: Session): void {
    this.sessions.set(session.accessKeyId, session);
  }

  /** Whose key this is; throws what AWS answers to an unknown, mismatched or expired session. */
  caller(accessKeyId: string | undefined, sessionToken: string | undefined, now: number): Caller {
    if (!accessKeyId?.startsWith('ASIA')) {
      const accountId = (accessKeyId && this.accountsByKey.get(accessKeyId)) ?? this.defaultAccountId;
      return { accountId, accessKeyId, session: undefined };
    }
    const session = this.sessions.get(accessKeyId);
    if (session === undefined || session.sessionToken !== sessionToken) {
      throw new AwsError('InvalidClientTokenId', 403, 'The security token included in the request is invalid.');
    }
    if (session.expiresAt <= now) {
      throw expiredToken();
    }
    return { accountId: session.accountId, accessKeyId, session };
  }
}

export function expiredToken(): AwsError {
  return new AwsError('ExpiredToken', 403, 'The security token included in the request is expired');
}
