import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureGoTool, type GoTool } from '../control-plane/go-tool.ts';
import { DatabaseRigError } from './database-rig-error.ts';

const INSTALL = 'apt-get install --yes --no-install-recommends mariadb-server';
/** Debian keeps servers there, which is not on everybody's PATH. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

const TOXIPROXY: GoTool = {
  name: 'toxiproxy',
  moduleDirectory: fileURLToPath(new URL('go/toxiproxy', import.meta.url)),
  module: 'github.com/Shopify/toxiproxy/v2',
  package: 'github.com/Shopify/toxiproxy/v2/cmd/server',
  firstBuild: 'about half a minute',
};

/** Paths of what the rig runs. */
export interface Programs {
  readonly mariadbd: string;
  readonly installDb: string;
  readonly dump: string;
  readonly toxiproxy: string;
}

/**
 * Finds or gets everything: MariaDB from Debian's packages, where this process may install them, toxiproxy from its Go
 * module, built once.
 *
 * @throws DatabaseRigError with the line that installs MariaDB, where this process may not
 */
export async function ensurePrograms(): Promise<Programs> {
  if (find('mariadbd') === undefined || find('mariadb-install-db') === undefined) install();
  const toxiproxy = await ensureGoTool(TOXIPROXY);
  return {
    mariadbd: found('mariadbd'),
    installDb: found('mariadb-install-db'),
    dump: found('mariadb-dump'),
    toxiproxy,
  };
}

function install(): void {
  const why = process.getuid?.() === 0 ? undefined : 'this process is not root';
  if (why !== undefined || find('apt-get') === undefined) {
    throw new DatabaseRigError(
      `cannot find mariadbd, and cannot install it: ${why ?? 'there is no apt-get'}; run: sudo ${INSTALL}`,
    );
  }
  process.stderr.write(`installing MariaDB: ${INSTALL}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const command of ['apt-get update', INSTALL]) {
    const [program = '', ...args] = command.split(' ');
    const { status, stderr } = spawnSync(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
    if (status !== 0) throw new DatabaseRigError(`cannot install MariaDB: ${stderr.trim()}; run: sudo ${INSTALL}`);
  }
}

function find(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SERVER_FOLDERS];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function found(program: string): string {
  const path = find(program);
  if (path === undefined) throw new DatabaseRigError(`cannot find ${program} beside mariadbd; run: sudo ${INSTALL}`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
