import type { FunctionCode } from '../constructs/functions/private-function.ts';
import type { FunctionName } from '../constructs/functions/function-name.ts';
import { bundleFunctionSync, FUNCTION_HANDLER, FUNCTION_RUNTIME } from '../../scripts/bundle-functions.ts';

/** The code does not change while a process runs. */
const bundled = new Map<FunctionName, FunctionCode>();

/** The code of a function, bundled from lambda/. */
export function functionCode(name: FunctionName): FunctionCode {
  const known = bundled.get(name);
  if (known !== undefined) return known;
  const { zipBase64, sha256 } = bundleFunctionSync(name);
  const code = { zipBase64, sha256, runtime: FUNCTION_RUNTIME, handler: FUNCTION_HANDLER };
  bundled.set(name, code);
  return code;
}
