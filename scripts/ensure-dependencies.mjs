// Runs before every npm script, possibly on an old Node and before node_modules exists: installs what the lockfile
// says, so that the script itself finds the pinned Node first on its PATH, then the bindings in cdk8s/imports/, which
// types, lint and tests need. Plain JavaScript without dependencies.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.installed-lockfile');
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  process.stderr.write('installing dependencies from package-lock.json (about half a minute the first time) ...\n');
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (result.status !== 0) {
    process.stderr.write(
      'cannot install the dependencies: npm ci failed as shown above; is the npm registry reachable?\n',
    );
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}

// The pinned Node runs TypeScript; the one that runs this file may not.
const bindings = spawnSync(join(root, 'node_modules', '.bin', 'node'), ['scripts/generate-bindings.ts'], {
  cwd: root,
  stdio: 'inherit',
});
if (bindings.status !== 0) {
  process.stderr.write(
    'cannot generate the bindings in cdk8s/imports/: scripts/generate-bindings.ts failed as shown above\n',
  );
  process.exit(1);
}
