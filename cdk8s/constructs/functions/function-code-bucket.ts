import { Construct } from 'constructs';
import type { Names } from '../../configuration/names.ts';
import {
  Bucket,
  BucketPublicAccessBlock,
  BucketServerSideEncryptionConfiguration,
  BucketVersioning,
} from '../../imports/s3.ts';

export interface FunctionCodeBucketProps {
  readonly names: Names;
  readonly accountId: string;
  readonly region: string;
}

/**
 * Where Lambda takes the code of a region's functions from: a bucket of that region, which Lambda asks for. It is closed,
 * encrypted and versioned. What is in it is made of this repository, so that its deletion loses nothing.
 */
export class FunctionCodeBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { names, accountId, region }: FunctionCodeBucketProps) {
    super(scope, id);
    const name = names.of('functions-bucket', region, accountId);
    this.bucket = new Bucket(this, 'bucket', { name, forProvider: { region, forceDestroy: true } });
    const bucketRef = this.bucket.reference;
    new BucketPublicAccessBlock(this, 'closed', {
      name,
      forProvider: {
        region,
        bucketRef,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
    });
    new BucketServerSideEncryptionConfiguration(this, 'encryption', {
      name,
      forProvider: {
        region,
        bucketRef,
        // A key of S3's own: code is no secret, and with another key whoever deploys it would need the right to use that.
        rule: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }],
      },
    });
    new BucketVersioning(this, 'versioning', {
      name,
      forProvider: { region, bucketRef, versioningConfiguration: { status: 'Enabled' } },
    });
  }
}
