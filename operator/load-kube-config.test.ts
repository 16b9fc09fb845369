import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KubeConfigError, loadKubeConfig } from './load-kube-config.ts';

const KUBECONFIG = `apiVersion: v1
kind: Config
clusters: [{name: here, cluster: {server: https://127.0.0.1:6443}}]
contexts: [{name: here, context: {cluster: here, user: me, namespace: ours}}]
users: [{name: me, user: {token: none}}]
current-context: here
`;

describe('loadKubeConfig', () => {
  const before = { ...process.env };
  let directory: string;
  const file = (name: string, text: string): string => {
    const target = path.join(directory, name);
    writeFileSync(target, text);
    return target;
  };

  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'kube-config-'));
    delete process.env['KUBECONFIG'];
    delete process.env['KUBERNETES_SERVICE_HOST'];
    process.env['HOME'] = directory;
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
    process.env = { ...before };
  });

  it('given a file, when it is loaded, then its current cluster is used', () => {
    expect(loadKubeConfig(file('good', KUBECONFIG)).getCurrentCluster()?.server).toBe('https://127.0.0.1:6443');
  });

  it('given KUBECONFIG, when no file is named, then it is used', () => {
    process.env['KUBECONFIG'] = file('good', KUBECONFIG);
    expect(loadKubeConfig(undefined).getCurrentCluster()?.name).toBe('here');
  });

  it('given a context, when it is named, then it is used instead of the current one; one that is missing is refused', () => {
    const two = KUBECONFIG.replace(
      'contexts: [',
      'contexts: [{name: there, context: {cluster: far, user: me, namespace: theirs}}, ',
    ).replace('clusters: [', 'clusters: [{name: far, cluster: {server: https://127.0.0.2:6443}}, ');
    const chosen = loadKubeConfig(file('two', two), 'there');
    expect(chosen.getCurrentCluster()?.server).toBe('https://127.0.0.2:6443');
    expect(chosen.getContextObject(chosen.getCurrentContext())?.namespace).toBe('theirs');
    expect(() => loadKubeConfig(file('two', two), 'nowhere')).toThrow(/no such context; it has there, here/);
  });

  it.each<[string, () => string | undefined, RegExp]>([
    ['a file that is not there', () => path.join(directory, 'none'), /no such file.*; name a kubeconfig/],
    ['a file that is none', () => file('bad', 'apiVersion: [v1'), /cannot load the kubeconfig: /],
    [
      'a current context that is missing',
      () => file('other', KUBECONFIG.replace('current-context: here', 'current-context: there')),
      /names no cluster/,
    ],
    ['nothing at all', () => undefined, /there is no kubeconfig, and this is no Pod; name a kubeconfig/],
  ])('given %s, when it is loaded, then it is said what to do', (_name, given, message) => {
    const named = given();
    expect(() => loadKubeConfig(named)).toThrow(message);
    expect(() => loadKubeConfig(named)).toThrow(KubeConfigError);
  });
});
