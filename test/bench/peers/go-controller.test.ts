import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const directory = fileURLToPath(new URL('go-controller', import.meta.url));
/** Its packages may have to be compiled. */
const TEST_TIMEOUT = 600_000;

test(
  "the Go peer's own tests pass",
  async () => {
    const env = { ...process.env, GOWORK: 'off', CGO_ENABLED: '0' };
    const args = ['test', '-mod=readonly', '-trimpath', '-p', '2', './...'];
    const { stdout } = await promisify(execFile)('go', args, { cwd: directory, env });
    expect(stdout).toMatch(/^ok\s+\S+\/internal\/decide\b/m);
    expect(stdout).toMatch(/^ok\s+\S+\/internal\/observe\b/m);
  },
  TEST_TIMEOUT,
);
