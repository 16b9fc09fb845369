import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Configuration } from './configuration.ts';
import { createConfiguration } from './configuration.ts';
import { ConfigurationError } from './configuration-error.ts';
import type { EndpointNames } from './observed-endpoints.ts';
import type { ConfigurationInput } from './schema.ts';

/**
 * Reads a configuration from a file of YAML or JSON.
 *
 * @param observed names of endpoints, added to those of the file
 * @throws ConfigurationError if it cannot be read or used.
 */
export function loadConfiguration(file: string, observed: EndpointNames = {}): Configuration {
  let value: unknown;
  try {
    value = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError([{ path: '', message: `cannot read ${file}: ${why}` }], { cause: error });
  }
  // Whatever it is: the schema looks at it next.
  return createConfiguration(withEndpointNames(value as ConfigurationInput, observed));
}

/** Only an object can hold them: anything else goes to the schema as it is, which says what is wrong. */
function withEndpointNames(input: ConfigurationInput, observed: EndpointNames): ConfigurationInput {
  if (Object.keys(observed).length === 0 || typeof input !== 'object') return input;
  return { ...input, network: { ...input.network, endpointNames: { ...observed, ...input.network?.endpointNames } } };
}
