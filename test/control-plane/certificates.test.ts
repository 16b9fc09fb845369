import { X509Certificate, createPrivateKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createCertificateAuthority, createSigningKeys } from './certificates.ts';

describe('createCertificateAuthority', () => {
  const authority = createCertificateAuthority('test-ca');
  const root = new X509Certificate(authority.certificate);

  it('signs itself and is an authority', () => {
    expect(root.ca).toBe(true);
    expect(root.subject).toBe('CN=test-ca');
    expect(root.verify(root.publicKey)).toBe(true);
  });

  it('issues server certificates for loopback only', () => {
    const { certificate, key } = authority.issueServer();
    const server = new X509Certificate(certificate);
    expect(server.ca).toBe(false);
    expect(server.checkIssued(root)).toBe(true);
    expect(server.verify(root.publicKey)).toBe(true);
    expect(server.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(server.checkHost('localhost')).toBe('localhost');
    expect(server.checkHost('example.com')).toBeUndefined();
  });

  it('issues client certificates with the user and every group', () => {
    const { certificate, key } = authority.issueClient('jane', ['readers', 'Grüße']);
    const client = new X509Certificate(certificate);
    expect(client.subject).toBe('O=readers\nO=Grüße\nCN=jane');
    expect(client.verify(root.publicKey)).toBe(true);
    expect(client.checkPrivateKey(createPrivateKey(key))).toBe(true);
    // The object identifier of client authentication (RFC 5280, 4.2.1.12).
    expect(client.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  });

  it('encodes long names', () => {
    const groups = Array.from({ length: 40 }, (_, index) => `group-${index}-${'x'.repeat(200)}`);
    const client = new X509Certificate(authority.issueClient('jane', groups).certificate);
    expect(client.subject.split('\n')).toHaveLength(41);
    expect(client.verify(root.publicKey)).toBe(true);
  });

  it('is not vouched for by another of the same name', () => {
    const other = new X509Certificate(createCertificateAuthority('test-ca').certificate);
    expect(new X509Certificate(authority.issueServer().certificate).verify(other.publicKey)).toBe(false);
  });

  it('gives each certificate a serial number of its own, valid from before now', () => {
    const [one, two] = [authority.issueServer(), authority.issueServer()].map(
      ({ certificate }) => new X509Certificate(certificate),
    );
    expect(one?.serialNumber).not.toBe(two?.serialNumber);
    expect(one?.validFromDate.getTime()).toBeLessThan(Date.now());
    expect(one?.validToDate.getTime()).toBeGreaterThan(Date.now());
  });
});

describe('createSigningKeys', () => {
  it('makes a pair', () => {
    const { privateKey, publicKey } = createSigningKeys();
    expect(privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----/);
  });
});
