import { parseArgs } from 'node:util';
import { startControlPlane } from './control-plane.ts';
import { ensureControlPlaneBinaries, ensureKubectl } from './ensure-binaries.ts';

const USAGE = `Starts etcd and kube-apiserver on this machine and stops them on Ctrl-C.

usage: node test/control-plane/main.ts [--keep] [--build-only]

  --keep        keep data and logs after it has stopped
  --build-only  only make sure that the programs are there
`;

const { values } = parseArgs({
  options: { keep: { type: 'boolean' }, 'build-only': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});

if (values.help === true) {
  process.stdout.write(USAGE);
} else if (values['build-only'] === true) {
  const { etcd, kubeApiserver } = await ensureControlPlaneBinaries();
  process.stdout.write(
    `etcd            ${etcd}\nkube-apiserver  ${kubeApiserver}\nkubectl         ${await ensureKubectl()}\n`,
  );
} else {
  await runUntilSignalled(values.keep === true);
}

async function runUntilSignalled(keepFiles: boolean): Promise<void> {
  const startedAt = performance.now();
  await using plane = await startControlPlane({ keepFiles });
  process.stdout.write(
    [
      `The control plane is ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s at ${plane.url}`,
      `  kubectl --kubeconfig ${plane.kubeconfig} get namespaces`,
      `  export AURORA_DR_TEST_KUBECONFIG=${plane.kubeconfig}   # lets tests use it instead of starting their own`,
      plane.supportsRestart ? `Logs are in ${plane.directory}. Ctrl-C stops it.` : 'Ctrl-C leaves the cluster alone.',
      '',
    ].join('\n'),
  );
  // Not earlier: a Ctrl-C during the start just ends this process, and the control plane's watchdog cleans up.
  const signalled = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  // The children do not keep this process alive, a pending promise neither.
  const keepAlive = setInterval(() => undefined, 60_000);
  await signalled;
  clearInterval(keepAlive);
  if (keepFiles) process.stdout.write(`Files stay in ${plane.directory}\n`);
}
