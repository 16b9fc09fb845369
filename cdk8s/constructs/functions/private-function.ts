import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import { Group } from '../../imports/cloudwatchlogs.ts';
import { Role, RolePolicy } from '../../imports/iam.ts';
import { FunctionEventInvokeConfig, LambdaFunction } from '../../imports/lambda.ts';
import type { Bucket } from '../../imports/s3.ts';
import { S3Object } from '../../imports/s3.ts';
import type { Reference } from '../../managed/reference.ts';
import { policyDocument } from '../identity/policy-document.ts';
import { DeadLetters } from './dead-letters.ts';
import { FunctionAlarms } from './function-alarms.ts';
import type { FunctionAlarmsProps } from './function-alarms.ts';
import type { FunctionName } from './function-name.ts';
import { FunctionSchedule, scheduleArn } from './function-schedule.ts';
import { functionStatements } from './function-statements.ts';

/** What runs, and with what. */
export interface FunctionCode {
  readonly zipBase64: string;
  /** Of the zip, in hexadecimal digits. */
  readonly sha256: string;
  readonly runtime: string;
  readonly handler: string;
}

export interface PrivateFunctionProps {
  readonly names: Names;
  readonly accountId: string;
  readonly region: string;
  /** All regions of the global database. */
  readonly regions: readonly string[];
  readonly function: FunctionName;
  readonly description: string;
  readonly code: FunctionCode;
  readonly bucket: Bucket;
  readonly subnets: readonly Reference[];
  readonly securityGroup: Reference;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  readonly logRetentionDays: number;
  readonly deadLetterRetentionDays: number;
  readonly topicArn: string;
  readonly keyAlias: string;
  readonly metricNamespace: string;
  /**
   * For a function that runs by itself.
   * @default - people invoke it
   */
  readonly schedule?: NonNullable<FunctionAlarmsProps['schedule']>;
}

/** Digits of a hash that tell two bundles apart in the name of an object. */
const HASH_DIGITS = 12;
/** An event that is older is not worth a late run: the next round is due, or a person no longer waits. */
const OLDEST_EVENT_SECONDS = 60;

/**
 * A Lambda function in private subnets, with what belongs to it: its code, its role, its log, its dead letters and its alarms.
 *
 * The hash of its code is in the key of the object that holds it and in that object's name: Lambda takes code when the key
 * changes, and it takes it from an object that is there or not at all.
 *
 * It has no reserved concurrency: with one execution a second failover request would wait behind the first, unanswered,
 * and an account with few executions left could not create it.
 */
export class PrivateFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly #props: PrivateFunctionProps;

  constructor(scope: Construct, id: string, props: PrivateFunctionProps) {
    super(scope, id);
    this.#props = props;
    const { names, accountId, region, schedule } = props;
    const deadLetters = new DeadLetters(this, 'dead-letters', {
      names,
      accountId,
      region,
      function: props.function,
      retentionDays: props.deadLetterRetentionDays,
      ...(schedule === undefined ? {} : { ruleArn: scheduleArn(names, accountId, region, props.function) }),
    });
    const logGroup = this.#createLogGroup();
    const role = this.#createRole(deadLetters);
    this.lambda = this.#createFunction({ logGroup, role, deadLetters });
    this.#createInvokeConfig();
    if (schedule !== undefined) {
      const { minutes } = schedule;
      const { queueArn } = deadLetters;
      const { lambda } = this;
      new FunctionSchedule(this, 'schedule', {
        names,
        accountId,
        region,
        function: props.function,
        lambda,
        minutes,
        queueArn,
      });
    }
    new FunctionAlarms(this, 'alarms', {
      names,
      region,
      function: props.function,
      functionName: this.lambda.name,
      queueName: deadLetters.queue.name,
      topicArn: props.topicArn,
      ...(schedule === undefined ? {} : { schedule }),
    });
  }

  get #name(): string {
    return this.#props.names.of('function', this.#props.region, this.#props.function);
  }

  get #logGroupName(): string {
    return `/aws/lambda/${this.#props.names.of('function-log-group', this.#props.region, this.#props.function)}`;
  }

  #createLogGroup(): Group {
    const { names, region, logRetentionDays } = this.#props;
    return new Group(this, 'log-group', {
      name: names.of('function-log-group', region, this.#props.function),
      externalName: this.#logGroupName,
      forProvider: { region, retentionInDays: logRetentionDays },
    });
  }

  #createRole(deadLetters: DeadLetters): Role {
    const { names, region } = this.#props;
    const name = names.of('function-role', region, this.#props.function);
    const role = new Role(this, 'role', {
      name,
      forProvider: {
        description: `What ${this.#name} may do`,
        // Without a condition: Lambda states no source when it takes on a role, which only its own account can give to it.
        assumeRolePolicy: policyDocument([
          { sid: 'Lambda', actions: ['sts:AssumeRole'], principal: { Service: 'lambda.amazonaws.com' } },
        ]),
      },
    });
    new RolePolicy(this, 'policy', {
      name,
      forProvider: {
        roleRef: role.reference,
        policy: policyDocument(
          functionStatements({
            ...this.#props,
            functionName: this.#name,
            logGroupName: this.#logGroupName,
            queueName: deadLetters.queue.name,
          }),
        ),
      },
    });
    return role;
  }

  /** @returns the key of the code in the bucket */
  #createCode(): string {
    const { names, region, code, bucket } = this.#props;
    const key = `${this.#props.function}/${code.sha256}.zip`;
    new S3Object(this, 'code', {
      name: names.of('function-code', region, `${this.#props.function}-${code.sha256.slice(0, HASH_DIGITS)}`),
      forProvider: {
        region,
        bucketRef: bucket.reference,
        key,
        contentBase64: code.zipBase64,
        contentType: 'application/zip',
      },
    });
    return key;
  }

  #createFunction(parts: { logGroup: Group; role: Role; deadLetters: DeadLetters }): LambdaFunction {
    const { region, description, code, bucket, subnets, securityGroup, environment } = this.#props;
    return new LambdaFunction(this, 'function', {
      name: this.#name,
      forProvider: {
        region,
        description,
        packageType: 'Zip',
        s3BucketRef: bucket.reference,
        s3Key: this.#createCode(),
        runtime: code.runtime,
        handler: code.handler,
        architectures: ['arm64'],
        memorySize: this.#props.memoryMegabytes,
        timeout: this.#props.timeoutSeconds,
        roleRef: parts.role.reference,
        vpcConfig: { subnetIdRefs: subnets, securityGroupIdRefs: [securityGroup] },
        environment: { variables: environment },
        // The functions write JSON themselves.
        loggingConfig: { logFormat: 'Text', logGroupRef: parts.logGroup.reference },
        deadLetterConfig: { targetArnRef: parts.deadLetters.queue.reference },
      },
    });
  }

  #createInvokeConfig(): void {
    const { names, region } = this.#props;
    new FunctionEventInvokeConfig(this, 'invoke-config', {
      name: names.of('function', region, this.#props.function),
      forProvider: {
        region,
        // No field refers to a function: this is its name.
        functionName: this.#name,
        maximumEventAgeInSeconds: OLDEST_EVENT_SECONDS,
        // A schedule repeats by itself, and what a person asked for is theirs to repeat.
        maximumRetryAttempts: 0,
      },
    });
  }
}
