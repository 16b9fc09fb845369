import { parseArn } from '../arn.ts';
import { AwsError } from '../aws-error.ts';
import type { World } from '../world.ts';
import type { Action, Input, Output } from './action.ts';
import { optionalNumber, optionalString, requiredString } from './input.ts';

export const assumeRole: Action = ({ world, now, caller }, input) => {
  const roleArn = requiredString(input, 'RoleArn');
  const role = world.sessions.role(roleArn);
  if (role?.externalId !== undefined && role.externalId !== optionalString(input, 'ExternalId')) {
    throw denied('sts:AssumeRole', roleArn);
  }
  return beginSession(world, input, now, { action: 'sts:AssumeRole', assumedBy: caller.accessKeyId });
};

/** What a Kubernetes service account is exchanged for. Not signed: the token alone says who asks. */
export const assumeRoleWithWebIdentity: Action = ({ world, now }, input) => {
  if (requiredString(input, 'WebIdentityToken').length < 4) {
    throw new AwsError('InvalidIdentityToken', 400, 'The web identity token could not be validated.');
  }
  return beginSession(world, input, now, { action: 'sts:AssumeRoleWithWebIdentity', assumedBy: undefined });
};

function beginSession(
  world: World,
  input: Input,
  now: number,
  { action, assumedBy }: { readonly action: string; readonly assumedBy: string | undefined },
): Output {
  const roleArn = requiredString(input, 'RoleArn');
  const sessionName = requiredString(input, 'RoleSessionName');
  const seconds = optionalNumber(input, 'DurationSeconds') ?? 3600;
  const arn = parseArn(roleArn);
  if (arn?.service !== 'iam' || !arn.resource.startsWith('role/')) {
    throw new AwsError('ValidationError', 400, `${roleArn} is invalid`);
  }
  if (seconds < 900 || seconds > 43_200) {
    throw new AwsError('ValidationError', 400, 'DurationSeconds must be between 900 and 43200.');
  }
  if (world.sessions.role(roleArn)?.isDenied === true) {
    throw denied(action, roleArn);
  }
  const number = world.nextNumber().toString(36).toUpperCase().padStart(16, 'A');
  const session = {
    accessKeyId: `ASIA${number}`,
    secretAccessKey: `secret-of-${number}`.padEnd(40, '0'),
    sessionToken: `token-of-${number}`,
    expiresAt: now + seconds * 1000,
    accountId: arn.accountId,
    roleArn,
    sessionName,
    assumedBy,
  };
  world.sessions.addSession(session);
  return {
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.sessionToken,
      Expiration: new Date(session.expiresAt),
    },
    AssumedRoleUser: {
      AssumedRoleId: `AROA${number}:${sessionName}`,
      Arn: assumedRoleArn(arn.accountId, roleArn, sessionName),
    },
  };
}

function denied(action: string, roleArn: string): AwsError {
  return new AwsError('AccessDenied', 403, `User is not authorized to perform: ${action} on resource: ${roleArn}`);
}

export const getCallerIdentity: Action = ({ caller }) => {
  const { accountId, session, accessKeyId } = caller;
  return session === undefined
    ? { UserId: accessKeyId, Account: accountId, Arn: `arn:aws:iam::${accountId}:user/local` }
    : {
        UserId: `AROA${session.accessKeyId.slice(4)}:${session.sessionName}`,
        Account: accountId,
        Arn: assumedRoleArn(accountId, session.roleArn, session.sessionName),
      };
};

function assumedRoleArn(accountId: string, roleArn: string, sessionName: string): string {
  return `arn:aws:sts::${accountId}:assumed-role/${roleArn.split('/').at(-1) ?? ''}/${sessionName}`;
}
