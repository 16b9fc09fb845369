import { createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** A certificate and its private key, as PEM. */
export interface CertificateAndKey {
  readonly certificate: string;
  readonly key: string;
}

/** Signs certificates that live as long as one control plane. */
export interface CertificateAuthority {
  /** The authority's own certificate, as PEM. */
  readonly certificate: string;
  /** A certificate for a server on 127.0.0.1 and localhost. */
  issueServer(): CertificateAndKey;
  /**
   * A certificate that Kubernetes takes for a user: the common name is the user, each organization a group
   * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates).
   */
  issueClient(user: string, groups: readonly string[]): CertificateAndKey;
}

const VALIDITY_MS = 365 * 24 * 60 * 60 * 1000;
/** Clocks of containers that share a disk differ a little. */
const BACKDATING_MS = 60 * 60 * 1000;

/**
 * A new authority with a key of its own (ECDSA on P-256), so that a certificate that it signed proves whose child a
 * server is. Node has no X.509 issuer, so this writes the few DER structures of RFC 5280 that are needed.
 */
export function createCertificateAuthority(commonName: string): CertificateAuthority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = distinguishedName(commonName, []);
  const issue = (subject: Buffer, extensions: readonly Buffer[]): CertificateAndKey => {
    const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return {
      certificate: encodeCertificate({
        issuer,
        subject,
        publicKey: leaf.publicKey,
        extensions,
        signer: keys.privateKey,
      }),
      key: toPem(leaf.privateKey),
    };
  };
  return {
    certificate: encodeCertificate({
      issuer,
      subject: issuer,
      publicKey: createPublicKey(keys.privateKey),
      extensions: [
        extension(OID.basicConstraints, true, sequence(BOOLEAN_TRUE)),
        // keyCertSign and cRLSign.
        extension(OID.keyUsage, true, tlv(TAG.bitString, Buffer.from([1, 0x06]))),
      ],
      signer: keys.privateKey,
    }),
    issueServer: () =>
      issue(distinguishedName('kube-apiserver', []), [
        ...leafExtensions(OID.serverAuth),
        extension(
          OID.subjectAltName,
          false,
          sequence(tlv(TAG.altNameDns, Buffer.from('localhost')), tlv(TAG.altNameIp, Buffer.from([127, 0, 0, 1]))),
        ),
      ]),
    issueClient: (user, groups) => issue(distinguishedName(user, groups), leafExtensions(OID.clientAuth)),
  };
}

/** A key pair for signing service account tokens and checking them, as PEM. */
export function createSigningKeys(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey: toPem(privateKey), publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
  /** [0] and [3] of TBSCertificate: version and extensions. */
  version: 0xa0,
  extensions: 0xa3,
  /** [2] and [7] of GeneralName. */
  altNameDns: 0x82,
  altNameIp: 0x87,
} as const;

const OID = {
  commonName: [2, 5, 4, 3],
  organization: [2, 5, 4, 10],
  keyUsage: [2, 5, 29, 15],
  subjectAltName: [2, 5, 29, 17],
  basicConstraints: [2, 5, 29, 19],
  extendedKeyUsage: [2, 5, 29, 37],
  serverAuth: [1, 3, 6, 1, 5, 5, 7, 3, 1],
  clientAuth: [1, 3, 6, 1, 5, 5, 7, 3, 2],
  ecdsaWithSha256: [1, 2, 840, 10045, 4, 3, 2],
} as const;

const BOOLEAN_TRUE = tlv(TAG.boolean, Buffer.from([0xff]));

interface CertificateFields {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly signer: KeyObject;
}

function encodeCertificate(fields: CertificateFields): string {
  const algorithm = sequence(objectIdentifier(OID.ecdsaWithSha256));
  const toBeSigned = sequence(
    tlv(TAG.version, tlv(TAG.integer, Buffer.from([2]))),
    tlv(TAG.integer, serialNumber()),
    algorithm,
    fields.issuer,
    sequence(utcTime(Date.now() - BACKDATING_MS), utcTime(Date.now() + VALIDITY_MS)),
    fields.subject,
    fields.publicKey.export({ type: 'spki', format: 'der' }),
    tlv(TAG.extensions, sequence(...fields.extensions)),
  );
  const signature = sign('sha256', toBeSigned, fields.signer);
  const der = sequence(toBeSigned, algorithm, bitString(signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function leafExtensions(usage: readonly number[]): Buffer[] {
  return [
    // digitalSignature.
    extension(OID.keyUsage, true, tlv(TAG.bitString, Buffer.from([7, 0x80]))),
    extension(OID.extendedKeyUsage, false, sequence(objectIdentifier(usage))),
  ];
}

function extension(oid: readonly number[], isCritical: boolean, value: Buffer): Buffer {
  return sequence(objectIdentifier(oid), ...(isCritical ? [BOOLEAN_TRUE] : []), tlv(TAG.octetString, value));
}

function distinguishedName(commonName: string, organizations: readonly string[]): Buffer {
  const attribute = (oid: readonly number[], value: string): Buffer =>
    tlv(TAG.set, sequence(objectIdentifier(oid), tlv(TAG.utf8String, Buffer.from(value))));
  return sequence(
    ...organizations.map((organization) => attribute(OID.organization, organization)),
    attribute(OID.commonName, commonName),
  );
}

/** Positive and without a leading zero octet, as DER wants an integer. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes;
}

/** UTCTime has two digits for the year, which RFC 5280 reads as 1950 to 2049. */
function utcTime(epochMs: number): Buffer {
  const digits = new Date(epochMs).toISOString().replace(/\D/g, '').slice(2, 14);
  return tlv(TAG.utcTime, Buffer.from(`${digits}Z`));
}

function objectIdentifier(arcs: readonly number[]): Buffer {
  const [first = 0, second = 0, ...rest] = arcs;
  return tlv(TAG.objectIdentifier, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const octets = [value & 0x7f];
  for (let remaining = value >> 7; remaining > 0; remaining >>= 7) octets.unshift((remaining & 0x7f) | 0x80);
  return octets;
}

function bitString(bytes: Buffer): Buffer {
  return tlv(TAG.bitString, Buffer.concat([Buffer.from([0]), bytes]));
}

function sequence(...items: readonly Buffer[]): Buffer {
  return tlv(TAG.sequence, Buffer.concat(items));
}

function tlv(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(content.length)]), content]);
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let remaining = length; remaining > 0; remaining >>= 8) octets.unshift(remaining & 0xff);
  return [0x80 | octets.length, ...octets];
}

function toPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
