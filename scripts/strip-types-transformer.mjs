import { createHash } from 'node:crypto';
import { stripTypeScriptTypes } from 'node:module';

// Jest runs exactly what Node runs: types are blanked out by Node itself, lines and columns stay where they are.
export default {
  process: (source) => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
  getCacheKey: (source, path, { instrument }) =>
    createHash('sha256').update(`${process.version} ${instrument} ${path} ${source}`).digest('hex'),
};
