import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startControlPlane } from './control-plane.ts';
import type { ControlPlane } from './control-plane.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import { isProcessAlive } from './go-tool.ts';
import { waitUntilServed } from './serve-crd.ts';

/** The first run builds the programs. */
const BUILD_TIMEOUT_MS = 20 * 60_000;
const START_TIMEOUT_MS = 120_000;

/** These tests prove a control plane of our own, also where other tests are given a cluster. */
const { AURORA_DR_TEST_KUBECONFIG: _notForUs, ...env } = process.env;

const WIDGET_CRD = JSON.stringify({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.test.example.com' },
  spec: {
    group: 'test.example.com',
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets', singular: 'widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer', maximum: 3 } } } },
          },
        },
      },
    ],
  },
});

function widget(name: string, size: number): string {
  return JSON.stringify({ apiVersion: 'test.example.com/v1', kind: 'Widget', metadata: { name }, spec: { size } });
}

async function applyWidgetCrd(plane: ControlPlane): Promise<void> {
  await plane.kubectl(['apply', '-f', '-'], { input: WIDGET_CRD });
  await waitUntilServed(plane, 'widgets.test.example.com');
}

async function waitUntilGone(pid: number): Promise<void> {
  while (isProcessAlive(pid)) await delay(20);
}

describe('Given two control planes started at once', () => {
  let planes: ControlPlane[] = [];
  let first: ControlPlane;
  let second: ControlPlane;

  beforeAll(async () => {
    planes = await Promise.all([startControlPlane({ env }), startControlPlane({ env })]);
    [first, second] = planes as [ControlPlane, ControlPlane];
    await applyWidgetCrd(first);
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    await Promise.all(planes.map((plane) => plane.stop()));
  });

  it('keeps them apart', async () => {
    expect(first.url).not.toBe(second.url);
    expect(first.directory).not.toBe(second.directory);
    await expect(first.kubectl(['get', 'crd', '-o', 'name'])).resolves.toContain('widgets.test.example.com');
    await expect(second.kubectl(['get', 'crd', '-o', 'name'])).resolves.toBe('');
    const withTheOthersToken = { authorization: `Bearer ${second.adminToken ?? ''}` };
    await expect(
      once(get(`${first.url}/readyz`, { headers: withTheOthersToken, agent: false }), 'response'),
    ).rejects.toThrow(/certificate/);
  });

  it('reports the pinned version', async () => {
    const version = JSON.parse(await first.kubectl(['get', '--raw', '/version'])) as Record<string, string>;
    expect(version).toMatchObject({ major: '1', gitVersion: expect.stringMatching(/^v1\.\d+\.\d+$/) });
  });

  it('validates custom resources against their schema', async () => {
    await first.kubectl(['apply', '-f', '-'], { input: widget('small', 1) });
    await expect(first.kubectl(['apply', '-f', '-'], { input: widget('large', 4) })).rejects.toThrow(
      /should be less than or equal to 3/,
    );
  });

  it('has a group that RBAC grants what it asks, and denies everybody else', async () => {
    const reader = await first.kubeconfigFor({ user: 'reader', groups: ['widget-readers', 'others'] });
    const stranger = await first.kubeconfigFor({ user: 'stranger' });
    await first.kubectl(['create', 'clusterrole', 'read-widgets', '--verb=get,list', '--resource=widgets']);
    await first.kubectl([
      'create',
      'clusterrolebinding',
      'read-widgets',
      '--clusterrole=read-widgets',
      '--group=widget-readers',
    ]);

    const list = ['get', 'widgets', '-o', 'name'];
    await expect(first.kubectl(list, { kubeconfig: reader })).resolves.toContain('small');
    await expect(first.kubectl(['delete', 'widget', 'small'], { kubeconfig: reader })).rejects.toThrow(/Forbidden/);
    await expect(first.kubectl(list, { kubeconfig: stranger })).rejects.toThrow(/Forbidden.*"stranger"/s);
  });

  it('gives service accounts tokens of their own', async () => {
    const kubeconfig = await first.kubeconfigFor({ serviceAccount: 'operator', namespace: 'default' });
    const again = await first.kubeconfigFor({ serviceAccount: 'operator', namespace: 'default' });

    expect(again).not.toBe(kubeconfig);
    const whoami = await first.kubectl(['auth', 'whoami', '-o', 'json'], { kubeconfig });
    expect(whoami).toContain('system:serviceaccount:default:operator');
    await expect(first.kubectl(['get', 'secrets'], { kubeconfig })).rejects.toThrow(/Forbidden/);
  });

  it('refuses a service account in a namespace that is missing', async () => {
    await expect(first.kubeconfigFor({ serviceAccount: 'operator', namespace: 'missing' })).rejects.toThrow(
      /namespaces "missing" not found/,
    );
  });
});

describe('Given a control plane whose API server fails', () => {
  let plane: ControlPlane;
  let url: string;

  beforeAll(async () => {
    plane = await startControlPlane({ env });
    url = plane.url;
    await applyWidgetCrd(plane);
  }, BUILD_TIMEOUT_MS);

  afterAll(() => plane.stop());

  it(
    'has its data and address after a kill and a restart',
    async () => {
      await plane.kubectl(['apply', '-f', '-'], { input: widget('kept', 2) });
      const kubeconfig = await plane.kubeconfigFor({ serviceAccount: 'operator', namespace: 'default' });
      const pid = plane.apiserverPid ?? 0;

      await plane.killApiServer();
      expect(isProcessAlive(pid)).toBe(false);
      expect(plane.apiserverPid).toBeUndefined();
      expect(() => {
        plane.pauseApiServer();
      }).toThrow(ControlPlaneError);
      await plane.startApiServer();

      expect(plane.url).toBe(url);
      expect(plane.apiserverPid).not.toBe(pid);
      await expect(plane.kubectl(['get', 'widget', 'kept', '-o', 'name'])).resolves.toContain('kept');
      await expect(plane.kubectl(['auth', 'whoami'], { kubeconfig })).resolves.toContain('operator');
      await expect(plane.startApiServer()).rejects.toThrow(/it runs/);
    },
    START_TIMEOUT_MS,
  );

  it(
    'comes back after an orderly stop, which ends watches in order too',
    async () => {
      const watch = get(`${url}/api/v1/namespaces?watch=true`, {
        ca: await readFile(plane.caFile ?? ''),
        headers: { authorization: `Bearer ${plane.adminToken ?? ''}` },
        agent: false,
      });
      const [response] = (await once(watch, 'response')) as [IncomingMessage];
      const ended = once(response.resume(), 'end');

      await plane.stopApiServer();
      await ended;
      await expect(plane.kubectl(['get', 'namespaces'])).rejects.toThrow(ControlPlaneError);
      await plane.startApiServer();
      await expect(plane.kubectl(['get', 'namespaces', '-o', 'name'])).resolves.toContain('default');
    },
    START_TIMEOUT_MS,
  );

  it('answers nothing while it is paused, and everything afterwards', async () => {
    plane.pauseApiServer();
    await expect(plane.kubectl(['get', '--raw', '/version', '--request-timeout=1s'])).rejects.toThrow(
      /timeout|deadline/i,
    );
    plane.resumeApiServer();
    await expect(plane.kubectl(['get', '--raw', '/version'])).resolves.toContain('gitVersion');
  });
});

describe('Given a control plane that has stopped', () => {
  it(
    'has left no process and no file, paused or not',
    async () => {
      let pids: (number | undefined)[];
      let directory: string;
      {
        await using plane = await startControlPlane({ env });
        pids = [plane.etcdPid, plane.apiserverPid];
        directory = plane.directory;
        expect(pids.every((pid) => pid !== undefined && isProcessAlive(pid))).toBe(true);
        plane.pauseApiServer();
      }
      expect(pids.some((pid) => pid !== undefined && isProcessAlive(pid))).toBe(false);
      await expect(access(directory)).rejects.toThrow(/ENOENT/);
    },
    START_TIMEOUT_MS,
  );

  it(
    'does not start its API server again, and bears a second stop',
    async () => {
      const plane = await startControlPlane({ env });
      await plane.stop();
      await plane.stop();
      await expect(plane.startApiServer()).rejects.toThrow(/was stopped/);
    },
    START_TIMEOUT_MS,
  );
});

describe('Given a control plane that cannot start', () => {
  it(
    'says why, with the end of the log',
    async () => {
      await expect(startControlPlane({ env, apiServerArguments: ['--no-such-flag'] })).rejects.toThrow(
        /cannot start kube-apiserver: it ended with 1; .*unknown flag: --no-such-flag/s,
      );
    },
    START_TIMEOUT_MS,
  );

  it(
    'gives up when its time is over',
    async () => {
      await expect(startControlPlane({ env, readyTimeoutMs: 1 })).rejects.toThrow(/not ready within 1 ms/);
    },
    START_TIMEOUT_MS,
  );
});

describe('Given an owner that is killed', () => {
  it(
    'leaves no process and no file',
    async () => {
      const program = `
        import { startControlPlane } from ${JSON.stringify(new URL('./control-plane.ts', import.meta.url).href)};
        const plane = await startControlPlane();
        console.log(JSON.stringify({ pids: [plane.etcdPid, plane.apiserverPid], directory: plane.directory }));
        setInterval(() => undefined, 1000);
      `;
      const owner = spawn(process.execPath, ['--input-type=module', '--eval', program], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = (await once(createInterface(owner.stdout), 'line')) as [string];
      const { pids, directory } = JSON.parse(line) as { pids: number[]; directory: string };
      expect(pids.every(isProcessAlive)).toBe(true);

      owner.kill('SIGKILL');
      await Promise.all(pids.map(waitUntilGone));
      for (;;) {
        try {
          await access(directory);
        } catch {
          break;
        }
        await delay(20);
      }
    },
    START_TIMEOUT_MS,
  );
});

describe('Given AURORA_DR_TEST_KUBECONFIG', () => {
  it(
    'uses that cluster, and neither stops nor restarts it',
    async () => {
      await using plane = await startControlPlane({ env });
      const given = { ...env, AURORA_DR_TEST_KUBECONFIG: plane.kubeconfig };

      const attached = await startControlPlane({ env: given });
      expect(attached).toMatchObject({
        kubeconfig: plane.kubeconfig,
        url: plane.url,
        adminToken: plane.adminToken,
        supportsRestart: false,
        etcdPid: undefined,
        apiserverPid: undefined,
      });
      await expect(attached.kubectl(['get', 'namespaces', '-o', 'name'])).resolves.toContain('default');
      const kubeconfig = await attached.kubeconfigFor({ serviceAccount: 'operator', namespace: 'default' });
      await expect(attached.kubectl(['auth', 'whoami'], { kubeconfig })).resolves.toContain('operator');
      await expect(attached.kubeconfigFor({ user: 'somebody' })).rejects.toThrow(ControlPlaneError);
      await expect(attached.stopApiServer()).rejects.toThrow(/supportsRestart is false/);
      await expect(attached.killApiServer()).rejects.toThrow(/supportsRestart is false/);
      await expect(attached.startApiServer()).rejects.toThrow(/supportsRestart is false/);
      expect(() => {
        attached.pauseApiServer();
      }).toThrow(/supportsRestart is false/);
      expect(() => {
        attached.resumeApiServer();
      }).toThrow(/supportsRestart is false/);

      await attached.stop();
      await expect(access(attached.directory)).rejects.toThrow(/ENOENT/);
      await expect(plane.kubectl(['get', '--raw', '/readyz'])).resolves.toBe('ok');
    },
    START_TIMEOUT_MS,
  );

  it('says what is wrong with a kubeconfig that is missing or leads nowhere', async () => {
    const missing = fileURLToPath(new URL('./no-such-kubeconfig', import.meta.url));
    await expect(startControlPlane({ env: { ...env, AURORA_DR_TEST_KUBECONFIG: missing } })).rejects.toThrow(
      /cannot use the cluster of AURORA_DR_TEST_KUBECONFIG=.*no-such-kubeconfig.*ENOENT/,
    );
  });
});
